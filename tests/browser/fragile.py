"""The product, except that a session crashes over each typing push the first time that it meets it.

Each crash adds a line to the file `crashes` in the current folder, so that a test can prove its premise.
"""

from collections.abc import Awaitable
from pathlib import Path

from chatter.__main__ import main
from chatter.actors.connection import Frame
from chatter.actors.session import Session

handle = Session._handle_frame
met: set[bytes] = set()


def handle_or_crash(self: Session, frame: Frame) -> Awaitable[None] | None:
    data = bytes(frame.data)
    if b'"typing":true' in data and data not in met:
        met.add(data)
        with Path("crashes").open("a") as crashes:
            crashes.write("crash\n")
        raise RuntimeError("crashed on purpose")
    return handle(self, frame)


if __name__ == "__main__":
    Session._handle_frame = handle_or_crash  # type: ignore[method-assign]
    main()
