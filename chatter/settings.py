"""What can be set, from where: an option of the command line wins over the environment, that over the default.

The only reader of environment variables. A bad value is one clear line (`BadSetting`), before anything starts.
"""

import argparse
import os
import re
import secrets
import socket
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, unquote, urlsplit

import attrs

from chatter import __version__

SQLITE: Final = "sqlite:///"
POSTGRES: Final = ("postgresql://", "postgres://")
SQLITE_DEFAULT: Final = "sqlite:///chatter.db"
LOCAL: Final = "local:"

_HOSTS: Final = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^\[\]:,@]*)(:\d{1,5})?")
_BUS: Final = re.compile(r"(rediss?://([^/@\s]*@)?(\[[0-9A-Fa-f:.]+\]|[^\[\]:,@/\s]+)(:\d{1,5})?(/\d*)?|unix:///\S+)")


class BadSetting(ValueError):
    """A setting that can't be used; `str()` is the line to show, one line whatever was given."""

    def __init__(self, message: str) -> None:
        super().__init__(" ".join(message.split()))


def _node_name() -> str:
    return f"{socket.gethostname()}-{os.getpid()}"


@attrs.frozen(kw_only=True)
class Settings:
    """Everything that can be set. `secret_key`, passwords and the paths of TLS files are never shown."""

    host: str = "127.0.0.1"
    port: int = attrs.field(default=4000)
    database: str = attrs.field(default=SQLITE_DEFAULT, repr=lambda database: repr(without_password(database)))
    bus: str = attrs.field(default=LOCAL, repr=lambda bus: repr(without_password(bus)))
    secret_key: str | None = attrs.field(default=None, repr=False)
    message_rate: float = 2.0
    origins: tuple[str, ...] = ()
    node: str = attrs.Factory(_node_name)
    certfile: str | None = attrs.field(default=None, repr=False)
    keyfile: str | None = attrs.field(default=None, repr=False)
    pool_size: int = 5

    def __attrs_post_init__(self) -> None:
        if not 0 <= self.port <= 65535:
            raise BadSetting(f"--port must be 0 to 65535, not {self.port}")
        if not self.message_rate >= 0 or self.message_rate == float("inf"):
            raise BadSetting(f"--message-rate must be a number, 0 or more, not {self.message_rate}")
        if self.secret_key is not None and len(self.secret_key) < 16:
            raise BadSetting("--secret-key must have 16 characters at least")
        if (self.certfile is None) != (self.keyfile is None):
            raise BadSetting("--certfile and --keyfile go together")
        if not 2 <= self.pool_size <= 1000:
            raise BadSetting(f"--pool-size must be 2 to 1000, not {self.pool_size}")
        _check_bus(self.bus)
        if not re.fullmatch(r"[A-Za-z0-9._@-]{1,200}", self.node):
            raise BadSetting("--node has 1 to 200 letters, digits, dots, dashes, underscores and @")
        check_database(self.database, "--database")

    @property
    def on_sqlite(self) -> bool:
        return self.database.startswith(SQLITE)

    @property
    def database_path(self) -> Path:
        """The SQLite file: `sqlite:///` and a path, relative to the current folder unless it begins with a slash."""
        return sqlite_path(self.database)

    def secret(self) -> str:
        """The key that signs tokens: as set, or made once and kept beside the database, readable by the owner.

        With PostgreSQL it is kept in the database, and whoever builds an application has asked for it before.
        """
        if self.secret_key is not None:
            return self.secret_key
        if not self.on_sqlite:
            raise BadSetting("--secret-key is missing")
        path = self.database_path.with_suffix(".secret")
        try:
            return _kept_secret(path)
        except OSError as error:
            raise BadSetting(f"the secret key can't be kept in {path}: {error.strerror}") from error


def _check_bus(bus: str) -> None:
    """Shows no password."""
    scheme = bus.partition(":")[0]
    if bus != LOCAL and not _BUS.fullmatch(bus):
        raise BadSetting(f"--bus must be {LOCAL} or redis://[USER:PASSWORD@]HOST[:PORT][/NUMBER], not {scheme}:…")


def check_database(database: str, name: str) -> None:
    """`BadSetting`, which names the setting and shows no password, unless it is the address of one."""
    if database.startswith(POSTGRES):
        _check_postgres(database, name)
    elif not database.startswith(SQLITE) or len(database) == len(SQLITE):
        scheme = database.partition(":")[0]
        raise BadSetting(f"{name} must be sqlite:///PATH or postgresql://USER:PASSWORD@HOST/NAME, not {scheme}:…")


def _check_postgres(database: str, name: str) -> None:
    """A password with a character that means something in a URL would be taken for a host, and be shown."""
    try:
        parts = urlsplit(database)
        parse_qs(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query))
        who, _, hosts = parts.netloc.rpartition("@")
        fine = "@" not in who + parts.path and not parts.fragment
        fine = fine and all(_HOSTS.fullmatch(host) for host in hosts.split(","))
    except ValueError:
        fine = False
    if not fine or any(c.isspace() for c in database):
        raise BadSetting(
            f"{name} is not a usable address, postgresql://USER:PASSWORD@HOST:PORT/NAME; "
            "in a password, characters that are not letters or digits are written as %XX"
        )


def sqlite_path(database: str) -> Path:
    return Path(unquote(database[len(SQLITE) :]))


def without_password(database: str) -> str:
    """The address as it may be shown."""
    return re.sub(r"(password=)[^&]*", r"\1…", re.sub(r"//.*@", "//…@", database, count=1))


def _kept_secret(path: Path) -> str:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        secret = path.read_text("utf-8", errors="ignore").strip()
        if len(secret) < 16:
            raise BadSetting(f"{path} holds no usable key: delete it to have a new one made") from None
        return secret
    with os.fdopen(descriptor, "w") as file:
        file.write(secret := secrets.token_urlsafe(48))
    return secret


_OPTIONS: Final[tuple[tuple[str, str, str], ...]] = (
    ("host", "HOST", "the address to listen on (127.0.0.1)"),
    ("port", "PORT", "the port; 0 takes any that is free (4000)"),
    ("database", "DATABASE_URL", "sqlite:///PATH (sqlite:///chatter.db, in the current folder) or postgresql://…"),
    ("bus", "CHATTER_BUS", "what connects several nodes: redis://HOST (local:, for one node)"),
    ("secret-key", "SECRET_KEY_BASE", "signs tokens (made once and kept beside the database)"),
    ("message-rate", "CHATTER_MESSAGE_RATE", "messages a second that one user may sustain, 0 for no limit (2)"),
    ("origins", "CHATTER_ORIGINS", "further web origins that may connect, separated by commas"),
    ("node", "CHATTER_NODE", "this node's name (host name and process id)"),
    ("certfile", "CHATTER_CERTFILE", "serve TLS with this certificate chain (PEM)"),
    ("keyfile", "CHATTER_KEYFILE", "the certificate's private key (PEM)"),
    ("pool-size", "CHATTER_POOL_SIZE", "connections to PostgreSQL at most, beside one for the health check (5)"),
)


COMMANDS: Final = (
    "Beside serving: 'migrate [up|down|status]' brings the database's schema up to date (as each start does), takes "
    "one step back, or tells how it stands; 'copy --from sqlite:///PATH --to postgresql://…' moves to PostgreSQL; "
    "'token NAME --moderator' prints a token for a moderator."
)


def read(arguments: Sequence[str], environment: Mapping[str, str] = os.environ) -> Settings:
    """Settings from a command line and an environment; `BadSetting`. `--help` and `--version` print and exit."""
    parser = Parser(prog="chatter", description="A real-time chat server.", epilog=COMMANDS)
    parser.add_argument("--version", action="version", version=f"chatter {__version__}")
    for option, variable, help in _OPTIONS:
        parser.add_argument(f"--{option}", metavar=variable, help=help)
    options = vars(parser.parse_args(list(arguments)))
    given = {name: value for name, value in options.items() if value is not None}
    for option, variable, _ in _OPTIONS:
        name = option.replace("-", "_")
        if name not in given and environment.get(variable):
            given[name] = environment[variable]
    return Settings(**{name: _converted(name, value) for name, value in given.items()})


def read_database(given: str | None, environment: Mapping[str, str] = os.environ) -> str:
    """The database alone, for what is done to it beside serving; `BadSetting`."""
    database = given or environment.get("DATABASE_URL") or SQLITE_DEFAULT
    check_database(database, "--database")
    return database


def _converted(name: str, value: str) -> Any:
    try:
        match name:
            case "port" | "pool_size":
                return int(value)
            case "message_rate":
                return float(value)
            case "origins":
                return tuple(origin.strip() for origin in value.split(",") if origin.strip())
    except ValueError:
        raise BadSetting(f"--{name.replace('_', '-')} must be a number, not {value!r}") from None
    return value


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one line, by `BadSetting`."""

    def error(self, message: str) -> Any:
        raise BadSetting(without_password(message))
