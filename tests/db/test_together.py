"""Writes of many tasks share a transaction, and each knows what became of its own."""

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import Future

import pytest
from sqlalchemy import Connection, text

from db.engine import Database
from db.together import WritingTogether


@pytest.fixture
def store(database: Database) -> Iterator[WritingTogether]:
    with database.write_bare() as connection:
        connection.execute(text("CREATE TABLE note (number INTEGER PRIMARY KEY)"))
    together = WritingTogether(database)
    yield together
    together.close()
    with database.write_bare() as connection:
        connection.execute(text("DROP TABLE note"))


class Note:
    """Writes a number, and notes in whose company."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.connection: Connection | None = None

    def __call__(self, connection: Connection) -> int:
        self.connection = connection
        connection.execute(text("INSERT INTO note VALUES (:number)"), {"number": self.number})
        return self.number


def numbers(database: Database) -> list[int]:
    with database.read_bare() as connection:
        return list(connection.execute(text("SELECT number FROM note ORDER BY number")).scalars())


def occupied(store: WritingTogether) -> tuple[threading.Event, "Future[None]"]:
    """Keep the writing thread busy until the event is set, so that writes gather behind it."""
    begun, go_on = threading.Event(), threading.Event()

    def wait(_: Connection) -> None:
        begun.set()
        go_on.wait(10)

    done = store.submit(wait)
    begun.wait(10)
    return go_on, done


def test_tasks_that_write_in_the_same_moment_share_a_transaction(
    database: Database, store: WritingTogether
) -> None:
    notes = [Note(number) for number in range(20)]

    async def write_all() -> list[int]:
        go_on, _ = occupied(store)
        writing = [asyncio.ensure_future(store.write(note)) for note in notes]
        await asyncio.sleep(0)
        go_on.set()
        return await asyncio.gather(*writing)

    assert asyncio.run(write_all()) == numbers(database) == list(range(20))
    assert len({id(note.connection) for note in notes}) == 1


def test_a_write_that_fails_takes_nobody_along(database: Database, store: WritingTogether) -> None:
    def refuse(_: Connection) -> int:
        raise ValueError("not this one")

    async def write_all() -> list[int | BaseException]:
        go_on, _ = occupied(store)
        writing = [asyncio.ensure_future(store.write(one)) for one in (Note(1), refuse, Note(2))]
        in_a_thread = store.submit(Note(3))
        await asyncio.sleep(0)
        go_on.set()
        told = await asyncio.gather(*writing, return_exceptions=True)
        return [*told, in_a_thread.result(10)]

    first, refused, second, third = asyncio.run(write_all())
    assert (first, second, third) == (1, 2, 3)
    assert isinstance(refused, ValueError)
    assert numbers(database) == [1, 2, 3]


def test_what_nobody_waits_for_any_more_is_not_written(
    database: Database, store: WritingTogether
) -> None:
    async def write_both() -> None:
        go_on, _ = occupied(store)
        unwanted, wanted = (asyncio.ensure_future(store.write(Note(n))) for n in (1, 2))
        await asyncio.sleep(0)
        unwanted.cancel()
        await asyncio.sleep(0)
        go_on.set()
        await wanted
        assert unwanted.cancelled()

    asyncio.run(write_both())
    assert numbers(database) == [2]


def test_a_loop_that_ends_meanwhile_does_not_stop_the_others_writes(
    database: Database, store: WritingTogether
) -> None:
    async def begin() -> threading.Event:
        go_on, _ = occupied(store)
        writing = asyncio.ensure_future(store.write(Note(1)))
        await asyncio.sleep(0)
        go_on.set()
        # The write has begun, so that the end of the loop comes too late to take it back.
        while not writing.done() and not numbers(database):
            await asyncio.sleep(0.005)
        return go_on

    asyncio.run(begin())
    assert store.submit(Note(2)).result(10) == 2
    assert numbers(database) == [1, 2]
