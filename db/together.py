"""Small writes of many tasks, committed together.

A commit waits for the disk, and SQLite commits one transaction at a time. What many tasks want to
write in the same moment therefore shares a transaction: each still waits until its own write is on
the disk. Writes that arrive while one transaction commits make up the next.
"""

import asyncio
import threading
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection

from db.engine import Database

Result = TypeVar("Result")
MOST_AT_ONCE = 64


@dataclass(frozen=True, slots=True)
class _Job(Generic[Result]):
    """One write; whoever waits for it is in a thread, or a task of an event loop."""

    write: Callable[[Connection], Result]
    done: Future[Result] | asyncio.Future[Result]
    loop: asyncio.AbstractEventLoop | None = None

    @property
    def is_wanted(self) -> bool:
        """Whether somebody still waits for it, now that it begins."""
        if isinstance(self.done, Future):
            return self.done.set_running_or_notify_cancel()
        return not self.done.cancelled()


@dataclass(frozen=True, slots=True)
class _Outcome:
    job: _Job[Any]
    result: Any = None
    error: BaseException | None = None

    def tell(self) -> None:
        """Tell whoever waits; a task is told in its own loop."""
        if self.job.done.done():
            return
        if self.error is not None:
            self.job.done.set_exception(self.error)
        else:
            self.job.done.set_result(self.result)


class WritingTogether:
    """Runs writes in a thread of its own, those that wait at the same time in one transaction.

    A write that fails takes nobody along: the others are run again, each in a transaction of its
    own. So a write must be fit to run again after a rollback.
    """

    def __init__(self, database: Database) -> None:
        self.database = database
        self._jobs: SimpleQueue[_Job[Any] | None] = SimpleQueue()
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None

    def submit(self, write: Callable[[Connection], Result]) -> Future[Result]:
        """Have ``write`` run in a transaction; the future ends once that is committed.

        The future raises what the write raised, or a `StoreError`; then nothing of it is stored,
        unless the connection was lost in the middle of the commit.
        """
        done: Future[Result] = Future()
        self._put(_Job(write, done))
        return done

    async def write(self, write: Callable[[Connection], Result]) -> Result:
        """`submit` for tasks; a whole transaction's tasks are woken at once.

        Raises:
            Exception: what the future of `submit` raises.
        """
        loop = asyncio.get_running_loop()
        done: asyncio.Future[Result] = loop.create_future()
        self._put(_Job(write, done, loop))
        return await done

    def close(self) -> None:
        """End the thread after what was submitted is written."""
        with self._starting:
            thread, self._thread = self._thread, None
            if thread is not None:
                self._jobs.put(None)
                thread.join()

    def _put(self, job: _Job[Any]) -> None:
        self._jobs.put(job)
        if self._thread is None:
            self._start()

    def _start(self) -> None:
        with self._starting:
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._run, name="writing together", daemon=True
                )
                self._thread.start()

    def _run(self) -> None:
        while True:
            first = self._jobs.get()
            if first is None:
                return
            jobs = [first]
            ends = False
            while len(jobs) < MOST_AT_ONCE and not self._jobs.empty():
                job = self._jobs.get()
                if job is None:
                    ends = True
                    break
                jobs.append(job)
            wanted = [job for job in jobs if job.is_wanted]
            if wanted:
                self._write(wanted)
            if ends:
                return

    def _write(self, jobs: list[_Job[Any]]) -> None:
        try:
            with self.database.write_bare() as connection:
                results = [job.write(connection) for job in jobs]
        except BaseException as error:  # whatever it was belongs to a caller, not to this thread
            if len(jobs) == 1:
                _tell([_Outcome(jobs[0], error=error)])
            else:
                for job in jobs:
                    self._write([job])
            return
        _tell([_Outcome(job, result) for job, result in zip(jobs, results, strict=True)])


def _tell(outcomes: Sequence[_Outcome]) -> None:
    by_loop: dict[asyncio.AbstractEventLoop | None, list[_Outcome]] = defaultdict(list)
    for outcome in outcomes:
        by_loop[outcome.job.loop].append(outcome)
    for loop, told in by_loop.items():
        if loop is None:
            _tell_all(told)
        else:
            with suppress(RuntimeError):  # the loop is closed, so that nobody waits any more
                loop.call_soon_threadsafe(_tell_all, told)


def _tell_all(outcomes: Sequence[_Outcome]) -> None:
    for outcome in outcomes:
        outcome.tell()
