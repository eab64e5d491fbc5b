"""What is done to a database beside serving: `python -m chatter migrate`, `python -m chatter copy`."""

from collections.abc import Callable, Sequence
from typing import Final

import trio

from chatter.application import copy, schema
from chatter.settings import POSTGRES, SQLITE, BadSetting, Parser, check_database, read_database
from chatter.stores.migrations import Step


def main(arguments: Sequence[str]) -> None:
    """Do it, and tell on stdout what was done. `BadSetting`, `StoreUnreachable`."""
    name, *rest = arguments
    COMMANDS[name](rest)


def _migrate(arguments: Sequence[str]) -> None:
    parser = Parser(
        prog="chatter migrate",
        description="Brings the database's schema up to date (each start does, too), takes the newest step back with "
        "the data that only it could hold, or tells how it stands.",
    )
    parser.add_argument("way", nargs="?", choices=("up", "down", "status"), default="up")
    parser.add_argument("--database", metavar="DATABASE_URL", help="sqlite:///PATH or postgresql://…")
    options = parser.parse_args(list(arguments))
    wanted = schema(read_database(options.database))
    match options.way:
        case "up":
            _tell("up", trio.run(wanted.up))
        case "down":
            step = trio.run(wanted.down)
            _tell("down", [] if step is None else [step])
        case _:
            for step in trio.run(wanted.status):
                print(f"{step.number:04} {step.name:<12} {step.applied_at or 'waits'}")


def _tell(way: str, steps: Sequence[Step]) -> None:
    for step in steps:
        print(f"{way} {step.number:04} {step.name}")
    if not steps:
        print("nothing to do")


def _copy(arguments: Sequence[str]) -> None:
    parser = Parser(
        prog="chatter copy",
        description="Copies all that a SQLite file holds into an empty PostgreSQL database: everything, counted "
        "afterwards, or nothing. Stop the server first: what it stores in the file after the copy is only there.",
    )
    parser.add_argument("--from", required=True, dest="source", metavar="sqlite:///PATH")
    parser.add_argument("--to", required=True, dest="target", metavar="postgresql://…")
    options = parser.parse_args(list(arguments))
    for name, database, schemes in (("--from", options.source, SQLITE), ("--to", options.target, POSTGRES)):
        check_database(database, name)
        if not database.startswith(schemes):
            raise BadSetting("a copy goes --from sqlite:///PATH --to postgresql://…")
    copied = trio.run(copy, options.source, options.target)
    print("copied", ", ".join(f"{count} {table}" for table, count in copied.rows.items()))
    if copied.secret:
        print("copied the key that signs tokens, so they stay valid")


COMMANDS: Final[dict[str, Callable[[Sequence[str]], None]]] = {"migrate": _migrate, "copy": _copy}
