"""TLS on the one port, optional."""

import ssl

import trio
from trio.abc import HalfCloseableStream, Stream


def server_context(certfile: str, keyfile: str | None = None) -> ssl.SSLContext:
    """For a PEM certificate chain and its key. `OSError` (`ssl.SSLError` is one) when they can't be used."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certfile, keyfile)
    context.set_alpn_protocols(["http/1.1"])
    return context


def half_closeable(stream: Stream) -> HalfCloseableStream | None:
    """What of `stream` can say that nothing more comes, while we read on.

    TLS can't, but the socket beneath it can: whoever has understood our last words does not miss TLS' own goodbye.
    """
    if isinstance(stream, trio.SSLStream):
        stream = stream.transport_stream
    return stream if isinstance(stream, HalfCloseableStream) else None
