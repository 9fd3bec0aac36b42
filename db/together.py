"""Small writes of many tasks, committed together.

A commit waits for the disk, and SQLite commits one transaction at a time. What many tasks want to
write in the same moment therefore shares a transaction: each still waits until its own write is on
the disk. Writes that arrive while one transaction commits make up the next.
"""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection

from db.engine import Database

Result = TypeVar("Result")
MOST_AT_ONCE = 64


@dataclass(frozen=True, slots=True)
class _Job(Generic[Result]):
    write: Callable[[Connection], Result]
    done: Future[Result]


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
        job = _Job(write, Future())
        self._jobs.put(job)
        if self._thread is None:
            self._start()
        return job.done

    def close(self) -> None:
        """End the thread after what was submitted is written."""
        with self._starting:
            thread, self._thread = self._thread, None
            if thread is not None:
                self._jobs.put(None)
                thread.join()

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
            self._write(jobs)
            if ends:
                return

    def _write(self, jobs: list[_Job[Any]]) -> None:
        wanted = [job for job in jobs if job.done.set_running_or_notify_cancel()]
        if not wanted:
            return
        try:
            with self.database.write_bare() as connection:
                results = [job.write(connection) for job in wanted]
        except BaseException as error:  # whatever it was belongs to a caller, not to this thread
            if len(wanted) == 1:
                wanted[0].done.set_exception(error)
            else:
                for job in wanted:
                    self._write_alone(job)
            return
        for job, result in zip(wanted, results, strict=True):
            job.done.set_result(result)

    def _write_alone(self, job: _Job[Any]) -> None:
        try:
            with self.database.write_bare() as connection:
                result = job.write(connection)
        except BaseException as error:  # whatever it was belongs to its caller
            job.done.set_exception(error)
        else:
            job.done.set_result(result)
