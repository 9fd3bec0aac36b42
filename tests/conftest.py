"""Fixtures that every test may use: a real SQLite file and a real PostgreSQL, each migrated."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from db.engine import Database, sqlite_url
from db.migrate import migrate
from tests.postgresql import PostgreSQL, running_postgresql


@pytest.fixture(scope="session")
def postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgreSQL]:
    """One PostgreSQL server for the whole run."""
    with running_postgresql() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(
    request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[str]:
    """The URL of an empty database of each kind."""
    if request.param == "sqlite":
        yield sqlite_url(tmp_path / "slam.sqlite3")
    else:
        server: PostgreSQL = request.getfixturevalue("postgresql")
        with server.new_database() as url:
            yield url


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A migrated, empty database of each kind."""
    database = Database(database_url)
    migrate(database)
    yield database
    database.close()
