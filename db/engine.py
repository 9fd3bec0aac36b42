"""The database: one object per process that hands out reading and writing transactions.

SQLite is set up so that no committed answer is lost and no writer starves: WAL,
``synchronous=FULL``, a 30 s busy time-out, ``BEGIN IMMEDIATE`` for every writing transaction and
one lock around the writes of a process. PostgreSQL needs none of this.
"""

import logging
import re
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from pathlib import Path
from sqlite3 import Connection as SqliteConnection
from sqlite3 import Cursor
from sqlite3 import OperationalError as SqliteOperationalError
from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import (
    ArgumentError,
    NoSuchModuleError,
    OperationalError,
    ProgrammingError,
)
from sqlmodel import Session, create_engine

from db.errors import StoreError

_log = logging.getLogger("slam.store")
_BEGIN_IMMEDIATE = "slam_begin_immediate"
_PASSWORD = re.compile(r"(?<=:)[^:/@]*(?=@)")
_UNDEFINED_TABLE = "42P01"
"""PostgreSQL's SQLSTATE for a table that is not there."""
_NOT_SET_UP = "The database has not been set up; run: slam migrate."
_NO_ANSWER = "The database did not answer; try again."
"""All that a person is told of other causes, which can name hosts and ports. It does not say that
nothing was stored: a connection that is lost while committing leaves that open."""
_SENTENCES = {
    "database is locked": (
        "The database is busy with another writer and nothing was stored; try again."
    ),
    "database table is locked": (
        "The database is busy with another writer and nothing was stored; try again."
    ),
    "database or disk is full": (
        "The database's disk is full and nothing was stored; free space, then try again."
    ),
    "readonly database": (
        "The database is read-only and nothing was stored; make its file writable."
    ),
    "no such table": _NOT_SET_UP,
}
"""What SQLite says, and what that means. PostgreSQL's words can come from anywhere."""


def sqlite_url(path: Path) -> str:
    """The URL of a SQLite file."""
    return f"sqlite:///{path}"


class Database:
    """Reading and writing transactions on one database.

    Args:
        url: an SQLAlchemy URL, ``sqlite:///file`` or ``postgresql+psycopg://…``.
        busy_timeout_ms: how long a SQLite statement waits for another process's lock.

    Raises:
        StoreError: the URL cannot be read, or its driver is not installed.
    """

    def __init__(self, url: str, *, busy_timeout_ms: int = 30_000) -> None:
        self.url = _parse(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self._write_lock: AbstractContextManager[Any] = (
            threading.Lock() if self.is_sqlite else nullcontext()
        )
        self.engine = _make_engine(self.url, self.is_sqlite, busy_timeout_ms)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A transaction for reading; what it holds is detached and stays readable afterwards.

        Raises:
            StoreError: the database is locked or unreachable.
        """
        with _as_store_error(), Session(self.engine, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A transaction for writing, committed once when the block ends without an error.

        Raises:
            StoreError: the database is locked, full or unreachable. Nothing of the block is stored,
                unless the connection was lost in the middle of the commit.
        """
        with (
            self._write_lock,
            _as_store_error(),
            self.engine.connect() as connection,
            Session(
                connection.execution_options(**{_BEGIN_IMMEDIATE: True}), expire_on_commit=False
            ) as session,
        ):
            yield session
            session.commit()

    @contextmanager
    def read_bare(self) -> Iterator[Connection]:
        """A reading transaction without the object-relational layer.

        Raises:
            StoreError: the database is locked or unreachable.
        """
        with _as_store_error(), self.engine.connect() as connection:
            yield connection

    @contextmanager
    def write_bare(self) -> Iterator[Connection]:
        """A writing transaction without the object-relational layer; otherwise as `write`.

        Raises:
            StoreError: the database is locked, full or unreachable; nothing of the block is stored.
        """
        with self._write_lock, _as_store_error(), self.engine.connect() as connection:
            connection.execution_options(**{_BEGIN_IMMEDIATE: True})
            with connection.begin():
                yield connection

    def close(self) -> None:
        """Give all connections back."""
        self.engine.dispose()


def _parse(url: str) -> URL:
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError) as error:  # a port that is no number is a ValueError
        raise StoreError(
            f"DATABASE_URL {_PASSWORD.sub('***', url)!r} is no database address; write for example "
            "postgresql+psycopg://user@host/name, or leave it unset for the SQLite file."
        ) from error
    if parsed.drivername in ("postgres", "postgresql"):
        raise StoreError(
            f"DATABASE_URL begins with {parsed.drivername}://, which leaves the driver open; "
            "begin it with postgresql+psycopg:// and keep the rest."
        )
    return parsed


def _make_engine(url: URL, is_sqlite: bool, busy_timeout_ms: int) -> Engine:
    try:
        if not is_sqlite:
            return create_engine(url, pool_pre_ping=True)
        engine = create_engine(
            url, connect_args={"check_same_thread": False, "isolation_level": None}
        )
    except (NoSuchModuleError, ModuleNotFoundError) as error:
        raise StoreError(
            f"No driver for {url.drivername!r} is installed; "
            "for PostgreSQL run: .venv/bin/pip install -e '.[postgres]'."
        ) from error

    @event.listens_for(engine, "do_connect")
    def make_private(*_arguments: object) -> None:
        # SQLite would make the file readable by everybody; its journals take over its mode. A file
        # that is there keeps the mode that somebody gave it.
        path = Path(url.database) if url.database and url.database != ":memory:" else None
        if path is not None and path.parent.is_dir():
            with suppress(OSError):  # SQLite itself then says what is wrong
                path.touch(mode=0o600)

    @event.listens_for(engine, "connect")
    def prepare(connection: SqliteConnection, _record: object) -> None:
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout={busy_timeout_ms}")
        _enter_wal(cursor, busy_timeout_ms / 1000)
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        immediate = connection.get_execution_options().get(_BEGIN_IMMEDIATE, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")

    return engine


def _enter_wal(cursor: Cursor, patience_s: float) -> None:
    """Switch a new file to WAL, which SQLite refuses at once while another process does the same.

    The busy time-out does not cover that switch; a file that is in WAL already has no wait.
    """
    deadline = time.monotonic() + patience_s
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
        except SqliteOperationalError as error:
            if "locked" not in str(error) or time.monotonic() >= deadline:
                raise
            time.sleep(0.01)
        else:
            return


@contextmanager
def _as_store_error() -> Iterator[None]:
    try:
        yield
    except OperationalError as error:
        cause = str(error.orig).strip().splitlines()[0] if error.orig else str(error)
        raise StoreError(_explain(cause)) from error
    except ProgrammingError as error:
        if getattr(error.orig, "sqlstate", None) != _UNDEFINED_TABLE:
            raise
        raise StoreError(_NOT_SET_UP) from error


def _explain(cause: str) -> str:
    for words, sentence in _SENTENCES.items():
        if words in cause:
            return sentence
    _log.warning("The database did not answer: %s", cause)
    return _NO_ANSWER
