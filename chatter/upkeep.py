"""What operators do beside serving: `python -m chatter migrate`, `copy` and `token`."""

from collections.abc import Callable, Sequence
from typing import Final

import trio

from chatter.application import copy, mint, schema
from chatter.core.model import User, new_id
from chatter.core.policy import checked_user_name
from chatter.errors import Refused
from chatter.settings import POSTGRES, SQLITE, BadSetting, Parser, check_database, read, read_database
from chatter.stores.migrations import Step
from chatter.tokens import MAX_AGE


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


def _token(arguments: Sequence[str]) -> None:
    parser = Parser(
        prog="chatter token",
        description="Prints a token for somebody new, signed with the key that the server of this database uses "
        "(--database and --secret-key, as the server has them). It says who they are, whoever has it, for "
        f"{MAX_AGE // (24 * 3600)} days.",
    )
    parser.add_argument("name")
    parser.add_argument(
        "--moderator",
        action="store_true",
        help="may change and delete what others say, close rooms and disconnect users",
    )
    options, rest = parser.parse_known_args(list(arguments))
    try:
        user = User(new_id(), checked_user_name(options.name), moderator=options.moderator)
    except Refused as refusal:
        raise BadSetting(str(refusal)) from refusal
    print(trio.run(mint, read(rest), user))


COMMANDS: Final[dict[str, Callable[[Sequence[str]], None]]] = {
    "migrate": _migrate,
    "copy": _copy,
    "token": _token,
}
