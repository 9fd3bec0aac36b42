"""Fixtures that every test may use: a real SQLite file and a real PostgreSQL, each migrated."""

import os
import shutil
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import hypothesis
import pytest

from db.engine import Database, sqlite_url
from db.migrate import migrate
from tests.postgresql import PostgreSQL, empty, running_postgresql

# How long an example takes says nothing on a machine that does other things beside.
hypothesis.settings.register_profile("slam", deadline=None)
# Whoever changes something draws more examples than the last check of it, which has to be quick.
hypothesis.settings.register_profile("ci", deadline=None, max_examples=40)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "slam")


@pytest.fixture(scope="session")
def postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgreSQL]:
    """One PostgreSQL server for the whole run."""
    with running_postgresql() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database of each kind that is not set up yet."""
    if request.param == "sqlite":
        yield sqlite_url(tmp_path / "slam.sqlite3")
    else:
        server: PostgreSQL = request.getfixturevalue("postgresql")
        with server.new_database() as url:
            yield url


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty SQLite file to copy, since migrating costs more than most tests."""
    path = tmp_path_factory.mktemp("migrated") / "slam.sqlite3"
    _migrate(sqlite_url(path))
    return path


@pytest.fixture(scope="session")
def migrated_database(postgresql: PostgreSQL) -> Iterator[str]:
    """The URL of a migrated PostgreSQL database to empty: a copy of it costs five times as much."""
    with postgresql.new_database() as url:
        _migrate(url)
        yield url


@pytest.fixture(scope="session")
def own_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One name for the folder of each test in turn, so that all have the same database URL."""
    return tmp_path_factory.mktemp("own") / "folder"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path, own_folder: Path) -> str:
    """The URL of a migrated, empty database of each kind."""
    url: str
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("migrated_file"), tmp_path / "slam.sqlite3")
        own_folder.unlink(missing_ok=True)
        own_folder.symlink_to(tmp_path)
        url = sqlite_url(own_folder / "slam.sqlite3")
    else:
        url = request.getfixturevalue("migrated_database")
        empty(url)
    return url


@pytest.fixture(scope="session")
def database_of() -> Callable[[str], Database]:
    """The `Database` of a URL, one for all tests: its statements are compiled only once."""
    return cache(Database)


@pytest.fixture
def database(database_url: str, database_of: Callable[[str], Database]) -> Iterator[Database]:
    """A migrated, empty database of each kind."""
    database = database_of(database_url)
    yield database
    database.close()


def _migrate(url: str) -> None:
    database = Database(url)
    migrate(database)
    database.close()
