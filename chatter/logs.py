"""The log, on stderr: what an operator must know, from telemetry's events. Never what people say, never a token."""

import logging
import sys

from chatter.actors.child import ChildEnded, GaveUp
from chatter.bus.port import BusConnected, BusLost
from chatter.stores.port import DatabaseFound, DatabaseLost
from chatter.telemetry import Telemetry

log = logging.getLogger("chatter")


def set_up(level: int = logging.INFO) -> None:
    """Send chatter's log to stderr, one line an entry; a crash brings its traceback."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    log.handlers[:] = [handler]
    log.setLevel(level)
    log.propagate = False


def listen(telemetry: Telemetry) -> None:
    telemetry.subscribe(ChildEnded, _child_ended)
    telemetry.subscribe(GaveUp, _gave_up)
    telemetry.subscribe(BusConnected, _bus_connected)
    telemetry.subscribe(BusLost, _bus_lost)
    telemetry.subscribe(DatabaseLost, _database_lost)
    telemetry.subscribe(DatabaseFound, _database_found)


def _child_ended(event: ChildEnded) -> None:
    if not event.exit.abnormal:
        return
    after = "not restarted" if event.restarting_in is None else f"restarted in {event.restarting_in:g} s"
    log.error("%s/%s crashed, %s", event.supervisor, event.child, after, exc_info=event.exit.error)


def _gave_up(event: GaveUp) -> None:
    log.critical("%s gives %s up: it crashed too often", event.supervisor, event.child)


def _database_lost(event: DatabaseLost) -> None:
    log.error("the database is lost, trying to find it again: %s: %s", event.database, event.why)


def _database_found(event: DatabaseFound) -> None:
    log.warning("the database is found again after %.1f s: %s", event.seconds, event.database)


def _bus_connected(event: BusConnected) -> None:
    log.info("bus %s: connected to the other nodes", event.where)


def _bus_lost(event: BusLost) -> None:
    log.warning("bus %s: the other nodes can't be reached (%s); trying again", event.where, event.why)
