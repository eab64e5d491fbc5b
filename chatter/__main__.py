"""The command line: `python -m chatter`."""

import gc
import resource
import signal
import sys
from collections.abc import Sequence
from typing import Final

import trio

from chatter import logs, settings, upkeep
from chatter.actors.child import SupervisorError
from chatter.application import Application, complete
from chatter.errors import ChatterError
from chatter.settings import BadSetting, Settings
from chatter.stores.port import StoreUnreachable

CANT_START: Final = 2
STOPPING: Final = (signal.SIGTERM, signal.SIGINT)


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until SIGTERM or Ctrl-C. Exits 0 after a drain; 2, with one line on stderr, when it can't start."""
    given = sys.argv[1:] if arguments is None else arguments
    try:
        if given and given[0] in upkeep.COMMANDS:
            upkeep.main(given)
            return
        chosen = settings.read(given)
        logs.set_up()
        _be_roomy()
        failure = trio.run(_serve, chosen)
    except (BadSetting, StoreUnreachable) as error:
        _give_up(str(error))
    else:
        if failure is not None:
            _give_up(failure)


def _give_up(line: str) -> None:
    print(f"chatter: {line}", file=sys.stderr)
    sys.exit(CANT_START)


def _be_roomy() -> None:
    """As many sockets as the system lets us have; and no search for garbage among ten thousands of live sessions."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


async def _serve(chosen: Settings) -> str | None:
    """Run the application to its end; what is wrong when it could not start."""
    try:
        application = Application(await complete(chosen))
        application.bind()
    except OSError as error:
        return f"can't use port {chosen.port} on {chosen.host}: {error.strerror}"
    async with trio.open_nursery() as nursery:
        nursery.start_soon(_stop_on_signal, application)
        failure = await _run(application)
        nursery.cancel_scope.cancel()
    return failure


async def _run(application: Application) -> str | None:
    try:
        await application.run(lambda: print(f"Listening on {application.url}", flush=True))
    except SupervisorError as error:
        if isinstance(error.__cause__, ChatterError):
            return str(error.__cause__)
        raise
    return None


async def _stop_on_signal(application: Application) -> None:
    """The first signal drains. One more ends the process at once, as it would any: nothing acknowledged is lost."""
    with trio.open_signal_receiver(*STOPPING) as signals:
        async for _ in signals:
            application.stop()
            break
    for each in STOPPING:
        signal.signal(each, signal.SIG_DFL)


if __name__ == "__main__":
    main()
