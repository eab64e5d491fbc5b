"""What can be set, from where, and that a bad value is one clear line."""

import os
import socket
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from chatter import settings
from chatter.settings import BadSetting, Settings


def read(*arguments: str, **environment: str) -> Settings:
    return settings.read(arguments, environment)


def test_everything_has_a_default() -> None:
    assert read() == Settings(
        host="127.0.0.1",
        port=4000,
        database="sqlite:///chatter.db",
        bus="local:",
        secret_key=None,
        message_rate=2.0,
        origins=(),
        node=f"{socket.gethostname()}-{os.getpid()}",
        certfile=None,
        keyfile=None,
    )


OPTIONS = [
    ("--host", "HOST", "0.0.0.0", {"host": "0.0.0.0"}),
    ("--port", "PORT", "0", {"port": 0}),
    ("--port", "PORT", "65535", {"port": 65535}),
    ("--database", "DATABASE_URL", "sqlite:////srv/chat.db", {"database": "sqlite:////srv/chat.db"}),
    ("--database", "DATABASE_URL", "postgresql://ann@db/chat", {"database": "postgresql://ann@db/chat"}),
    ("--bus", "CHATTER_BUS", "local:", {"bus": "local:"}),
    ("--bus", "CHATTER_BUS", "redis://10.0.0.1", {"bus": "redis://10.0.0.1"}),
    ("--bus", "CHATTER_BUS", "rediss://me:secret@[::1]:6380/2", {"bus": "rediss://me:secret@[::1]:6380/2"}),
    ("--bus", "CHATTER_BUS", "unix:///run/redis.sock", {"bus": "unix:///run/redis.sock"}),
    ("--secret-key", "SECRET_KEY_BASE", "k" * 16, {"secret_key": "k" * 16}),
    ("--message-rate", "CHATTER_MESSAGE_RATE", "0.5", {"message_rate": 0.5}),
    ("--message-rate", "CHATTER_MESSAGE_RATE", "0", {"message_rate": 0.0}),
    ("--pool-size", "CHATTER_POOL_SIZE", "20", {"pool_size": 20}),
    (
        "--origins",
        "CHATTER_ORIGINS",
        "https://a.example, https://b.example,",
        {"origins": ("https://a.example", "https://b.example")},
    ),
    ("--node", "CHATTER_NODE", "node-1@host.example", {"node": "node-1@host.example"}),
]


@pytest.mark.parametrize(("option", "variable", "value", "expected"), OPTIONS)
def test_each_can_be_set_by_an_option_or_by_the_environment(
    option: str, variable: str, value: str, expected: Mapping[str, Any]
) -> None:
    for given in (read(option, value), read(f"{option}={value}"), read(**{variable: value})):
        assert {name: getattr(given, name) for name in expected} == expected


@pytest.mark.parametrize(
    ("option", "variable", "name"),
    [("--host", "HOST", "host"), ("--node", "CHATTER_NODE", "node"), ("--database", "DATABASE_URL", "database")],
)
def test_an_option_wins_over_the_environment(option: str, variable: str, name: str) -> None:
    chosen, other = "sqlite:///chosen", "sqlite:///other"
    if name == "node":
        chosen, other = "chosen", "other"
    assert getattr(read(**{variable: other}), name) == other
    assert getattr(read(option, chosen, **{variable: other}), name) == chosen


def test_a_variable_that_is_empty_counts_as_not_set() -> None:
    assert read(PORT="", DATABASE_URL="", CHATTER_ORIGINS="").port == 4000


def test_tls_needs_both_files() -> None:
    assert read("--certfile", "c.pem", "--keyfile", "k.pem").certfile == "c.pem"


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (["--port", "eighty"], "--port"),
        (["--port", "-1"], "--port"),
        (["--port", "65536"], "--port"),
        (["--port", "80.5"], "--port"),
        (["--port", "8\n0"], "--port"),
        (["--pool-size", "1"], "--pool-size"),
        (["--pool-size", "many"], "--pool-size"),
        (["--message-rate", "fast"], "--message-rate"),
        (["--message-rate", "-1"], "--message-rate"),
        (["--message-rate", "nan"], "--message-rate"),
        (["--message-rate", "inf"], "--message-rate"),
        (["--database", "mysql://localhost/chat"], "--database"),
        (["--database", "chatter.db"], "--database"),
        (["--database", "sqlite:///"], "--database"),
        (["--database", "mysql\n://user:secret@host"], "--database"),
        (["--bus", "carrier-pigeon:"], "--bus"),
        (["--bus", "a\nb:"], "--bus"),
        (["--bus", "redis://"], "--bus"),
        (["--secret-key", "short"], "--secret-key"),
        (["--node", "two words"], "--node"),
        (["--node", "a\n"], "--node"),
        (["--certfile", "c.pem"], "--keyfile"),
        (["--keyfile", "k.pem"], "--certfile"),
        (["--colour", "red"], "--colour"),
        (["--colour\nred"], "--colour"),
        (["--port"], "--port"),
        (["surplus"], "surplus"),
    ],
)
def test_a_bad_value_is_one_clear_line_that_names_the_setting(arguments: list[str], hint: str) -> None:
    with pytest.raises(BadSetting) as caught:
        read(*arguments)
    assert hint in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_a_bad_value_in_the_environment_is_named_too() -> None:
    with pytest.raises(BadSetting, match="--port"):
        read(PORT="eighty")


def test_secrets_are_not_shown() -> None:
    shown = repr(read("--secret-key", "s" * 40, "--certfile", "cert.pem", "--keyfile", "key.pem"))
    assert "127.0.0.1" in shown
    assert not any(secret in shown for secret in ("s" * 40, "cert.pem", "key.pem"))


def test_a_bad_address_of_a_database_does_not_show_its_password() -> None:
    with pytest.raises(BadSetting) as caught:
        read("--database", "mysql://ann:hunter2@host/chat")
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    "database",
    [
        "postgresql://db/chat",
        "postgres://ann:pass%40word@db:5432/chat",
        "postgresql://ann@[::1]:5432/chat",
        "postgresql://one:5432,two:5433/chat?target_session_attrs=read-write",
        "postgresql:///chat?host=/run/postgresql&user=ann",
        "postgresql://",
    ],
)
def test_an_address_of_postgresql_is_what_its_manual_calls_a_connection_uri(database: str) -> None:
    assert read("--database", database).database == database
    assert not read("--database", database).on_sqlite


@pytest.mark.parametrize(
    "database",
    [
        "postgresql://ann:hunter2@word@db/chat",
        "postgresql://ann:hunter2/word@db/chat",
        "postgresql://ann:hunter2#word@db/chat",
        "postgresql://ann:hunter2?word@db/chat",
        "postgresql://ann:hunter2 word@db/chat",
        "postgresql://ann:hunter2@db:port/chat",
        "postgresql://ann:hunter2@[db/chat",
        "postgresql://ann:hunter2@db/chat?nonsense",
    ],
)
def test_a_password_that_breaks_its_address_is_refused_and_not_shown(database: str) -> None:
    with pytest.raises(BadSetting, match="--database is not a usable address") as caught:
        read(DATABASE_URL=database)
    assert "hunter2" not in str(caught.value)
    assert "word@" not in str(caught.value)


@pytest.mark.parametrize(
    "database",
    [
        "postgresql://ann:hunter2@db/chat",
        "postgresql:///chat?user=ann&password=hunter2&host=db",
        "postgresql://ann@db/chat?password=hunter2",
    ],
)
def test_the_password_of_a_database_is_not_shown(database: str) -> None:
    shown = repr(read("--database", database))
    assert "db" in shown
    assert "hunter2" not in shown


def test_an_argument_in_the_wrong_place_does_not_show_its_password() -> None:
    with pytest.raises(BadSetting, match="db/chat") as caught:
        read("postgresql://ann:hunter2@db/chat")
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("database", "path"),
    [
        ("sqlite:///chatter.db", "chatter.db"),
        ("sqlite:////srv/chat.db", "/srv/chat.db"),
        ("sqlite:///with%20space.db", "with space.db"),
    ],
)
def test_the_database_is_a_path_below_here_or_an_absolute_one(database: str, path: str) -> None:
    assert read("--database", database).database_path == Path(path)


# -- the secret key


@pytest.fixture
def kept(tmp_path: Path) -> Settings:
    return Settings(database=f"sqlite:///{tmp_path}/chat.db")


def test_a_key_that_is_set_is_used_and_kept_nowhere(tmp_path: Path) -> None:
    assert Settings(database=f"sqlite:///{tmp_path}/chat.db", secret_key="k" * 16).secret() == "k" * 16
    assert list(tmp_path.iterdir()) == []


def test_a_key_is_made_once_kept_beside_the_database_and_used_again(kept: Settings, tmp_path: Path) -> None:
    secret = kept.secret()
    assert len(secret) >= 48
    assert kept.secret() == secret
    assert (tmp_path / "chat.secret").read_text() == secret


def test_the_key_is_readable_by_its_owner_alone(kept: Settings, tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        kept.secret()
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "chat.secret").stat().st_mode) == 0o600


def test_the_key_of_a_shared_database_is_kept_there_and_not_here() -> None:
    with pytest.raises(BadSetting, match="--secret-key"):
        Settings(database="postgresql://db/chat").secret()


def test_each_database_has_a_key_of_its_own(tmp_path: Path) -> None:
    one, two = (Settings(database=f"sqlite:///{tmp_path}/{name}.db").secret() for name in ("one", "two"))
    assert one != two


@pytest.mark.parametrize("content", [b"", b"short", b" \n" * 30, b"\xff" * 40])
def test_a_key_file_without_a_usable_key_is_one_clear_line(kept: Settings, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "chat.secret").write_bytes(content)
    with pytest.raises(BadSetting, match="no usable key") as caught:
        kept.secret()
    assert len(str(caught.value).splitlines()) == 1


def test_a_folder_that_is_not_there_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match="can't be kept") as caught:
        Settings(database=f"sqlite:///{tmp_path}/nowhere/chat.db").secret()
    assert len(str(caught.value).splitlines()) == 1
