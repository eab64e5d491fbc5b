"""What every part of the tests may ask for: a real PostgreSQL server, started when first wanted, once a session."""

from collections.abc import Iterator

import pytest

from tests.postgres_server import PostgresServer


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """For tests that leave it running. Each takes a database of its own."""
    with PostgresServer() as server:
        yield server
