"""The database hands out transactions that lose nothing and explain themselves in a sentence."""

import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError
from sqlmodel import select

from db.engine import Database, sqlite_url
from db.errors import StoreError
from db.migrate import migrate
from db.tables import PromptTemplate, Study
from tests.postgresql import PostgreSQL

_NO_ANSWER = r"^The database did not answer; try again\.$"
_HOLD = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("locked", flush=True)
sys.stdin.readline()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "slam.sqlite3"


@pytest.fixture
def sqlite(path: Path) -> Iterator[Database]:
    database = Database(sqlite_url(path), busy_timeout_ms=100)
    migrate(database)
    yield database
    database.close()


@contextmanager
def locked_by_another_process(path: Path) -> Iterator[None]:
    holder = subprocess.Popen(
        [sys.executable, "-c", _HOLD, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "locked\n"
        yield
    finally:
        holder.communicate("release\n", timeout=10)


def add_study(database: Database, name: str) -> None:
    with database.write() as session:
        session.add(Study(name=name, created_by="tester"))


def names(database: Database) -> list[str]:
    with database.read() as session:
        return sorted(session.exec(select(Study.name)).all())


def pragma(database: Database, statement: str) -> object:
    """Run a PRAGMA on the pool's only connection; the next transaction gets the same one."""
    with database.engine.connect() as connection:
        result = connection.exec_driver_sql(f"PRAGMA {statement}")
        return result.scalar() if result.returns_rows else None


@pytest.mark.parametrize(
    ("setting", "value"),
    [("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1), ("busy_timeout", 100)],
)
def test_every_sqlite_connection_is_set_up_to_lose_nothing(
    sqlite: Database, setting: str, value: object
) -> None:
    assert pragma(sqlite, setting) == value


def test_a_row_that_points_at_nothing_is_refused_and_not_stored(database: Database) -> None:
    orphan = PromptTemplate(study_id="nobody", text="Hello", text_hash="0" * 64)
    with pytest.raises(IntegrityError), database.write() as session:
        session.add(orphan)
    with database.read() as session:
        assert session.exec(select(PromptTemplate)).all() == []


def test_what_was_written_can_be_read_after_the_transaction_is_over(database: Database) -> None:
    add_study(database, "briefing")
    with database.read() as session:
        study = session.exec(select(Study)).one()
    assert study.name == "briefing"
    assert study.created_at.utcoffset() is not None


def test_a_transaction_that_raises_stores_nothing(database: Database) -> None:
    add_study(database, "kept")

    def give_up_halfway() -> None:
        with database.write() as session:
            session.add(Study(name="dropped", created_by="tester"))
            session.flush()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        give_up_halfway()
    assert names(database) == ["kept"]
    add_study(database, "later")
    assert names(database) == ["kept", "later"]


def test_a_reading_transaction_keeps_no_changes(database: Database) -> None:
    with database.read() as session:
        session.add(Study(name="dropped", created_by="tester"))
        session.flush()
    assert names(database) == []


def test_two_threads_that_write_at_once_both_succeed(database: Database) -> None:
    errors: list[Exception] = []
    together = threading.Barrier(2)

    def write(thread: int) -> None:
        try:
            together.wait()
            for number in range(10):
                add_study(database, f"{thread}-{number}")
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=write, args=(thread,)) for thread in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert len(names(database)) == 20


def test_a_new_file_may_be_opened_by_several_at_once(tmp_path: Path) -> None:
    errors: list[Exception] = []
    together = threading.Barrier(4)

    def open_and_write() -> None:
        for number in range(40):
            database = Database(sqlite_url(tmp_path / f"{number}.sqlite3"))
            together.wait()
            try:
                with database.write() as session:
                    session.connection().exec_driver_sql("CREATE TABLE IF NOT EXISTS a (b)")
            except StoreError as error:
                errors.append(error)
            database.close()

    threads = [threading.Thread(target=open_and_write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []


def test_two_databases_on_one_file_take_turns_at_writing(sqlite: Database, path: Path) -> None:
    other = Database(sqlite_url(path))
    try:
        for number in range(3):
            add_study(sqlite, f"one-{number}")
            add_study(other, f"other-{number}")
    finally:
        other.close()
    assert len(names(sqlite)) == 6


def test_a_writer_behind_another_process_is_told_so_and_nothing_is_stored(
    sqlite: Database, path: Path
) -> None:
    add_study(sqlite, "earlier")
    sentence = r"^The database is busy with another writer and nothing was stored; try again\.$"
    with locked_by_another_process(path):
        with pytest.raises(StoreError, match=sentence):
            add_study(sqlite, "blocked")
        assert names(sqlite) == ["earlier"], "reading goes on beside a writer"
    add_study(sqlite, "afterwards")
    assert names(sqlite) == ["afterwards", "earlier"]


def test_a_full_disk_is_told_and_keeps_what_was_there(sqlite: Database) -> None:
    add_study(sqlite, "earlier")
    pages = pragma(sqlite, "page_count")
    pragma(sqlite, f"max_page_count={pages}")
    sentence = r"^The database's disk is full and nothing was stored; free space, then try again\.$"
    with pytest.raises(StoreError, match=sentence):
        add_study(sqlite, "x" * 1_000_000)
    pragma(sqlite, "max_page_count=1000000")
    assert names(sqlite) == ["earlier"]
    add_study(sqlite, "afterwards")
    assert names(sqlite) == ["afterwards", "earlier"]


def test_a_database_that_may_not_be_written_is_told(sqlite: Database) -> None:
    pragma(sqlite, "query_only=ON")
    with pytest.raises(StoreError, match="read-only and nothing was stored; make its file"):
        add_study(sqlite, "refused")


def test_a_file_that_cannot_be_opened_is_told(tmp_path: Path) -> None:
    database = Database(sqlite_url(tmp_path / "no-such-folder" / "slam.sqlite3"))
    with pytest.raises(StoreError, match=_NO_ANSWER):
        names(database)


def test_reading_before_migrating_says_what_to_run(empty_database_url: str) -> None:
    database = Database(empty_database_url)
    try:
        with pytest.raises(
            StoreError, match=r"^The database has not been set up; run: slam migrate\.$"
        ):
            names(database)
    finally:
        database.close()


def test_a_server_that_is_not_there_is_told_and_its_address_only_to_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    database = Database("postgresql+psycopg://slam@127.0.0.1:1/locked-and-full")
    with pytest.raises(StoreError, match=_NO_ANSWER):
        names(database)
    (record,) = caplog.records
    assert (record.name, record.levelname) == ("slam.store", "WARNING")
    assert "127.0.0.1" in record.getMessage()


def test_a_connection_lost_at_the_commit_claims_nothing_of_what_was_stored(
    postgresql: PostgreSQL,
) -> None:
    with postgresql.new_database() as url:
        database = Database(url)

        def write_and_lose_the_connection() -> None:
            with database.write() as session:
                raw = session.connection().connection.dbapi_connection
                assert raw is not None
                raw.close()

        with pytest.raises(StoreError, match=_NO_ANSWER):
            write_and_lose_the_connection()
        database.close()


@pytest.mark.parametrize("scheme", ["postgres", "postgresql"])
def test_an_address_without_a_driver_is_told_what_to_begin_with(scheme: str) -> None:
    with pytest.raises(StoreError, match=rf"begins with {scheme}://.*postgresql\+psycopg://"):
        Database(f"{scheme}://slam@host/name")


def test_a_new_file_and_its_journal_are_readable_by_their_owner_alone(path: Path) -> None:
    database = Database(sqlite_url(path))
    migrate(database)
    add_study(database, "private")
    modes = {one.name: stat.S_IMODE(one.stat().st_mode) for one in path.parent.iterdir()}
    database.close()
    assert path.name in modes
    assert set(modes.values()) == {0o600}, modes


def test_a_file_that_is_there_keeps_its_mode(path: Path) -> None:
    path.touch()
    path.chmod(0o640)
    database = Database(sqlite_url(path))
    migrate(database)
    database.close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


@pytest.mark.parametrize("url", ["nonsense", "", "sqlite", "postgresql://host:port/name"])
def test_an_address_that_is_none_is_refused_in_a_sentence(url: str) -> None:
    with pytest.raises(StoreError, match="is no database address; write for example"):
        Database(url)


def test_a_refused_address_is_told_without_its_password() -> None:
    with pytest.raises(StoreError) as raised:
        Database("postgres//slam:hunter2@host/name")
    assert "hunter2" not in str(raised.value)
    assert "slam:***@host" in str(raised.value)


@pytest.mark.parametrize("url", ["nosuchdatabase://host/name", "postgresql+nosuchdriver://host/n"])
def test_a_driver_that_is_not_installed_is_named(url: str) -> None:
    driver = url.partition(":")[0].replace("+", r"\+")
    with pytest.raises(StoreError, match=f"No driver for '{driver}' is installed"):
        Database(url)
