"""TLS on the one port, optional."""

import ssl


def server_context(certfile: str, keyfile: str | None = None) -> ssl.SSLContext:
    """For a PEM certificate chain and its key. `OSError` (`ssl.SSLError` is one) when they can't be used."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certfile, keyfile)
    context.set_alpn_protocols(["http/1.1"])
    return context
