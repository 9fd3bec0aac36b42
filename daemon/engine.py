"""The work engine: chunks of calls as durable workflows of DBOS Transact, in a store of its own.

Our own tables are the truth; the engine only drives. A chunk is one step that first looks which of
its rows are made, so running anything again is safe. ``APPLICATION_VERSION`` rises only when the
steps of a workflow change, so that pending work of an earlier start is taken up.
"""

import asyncio
import sqlite3
from collections.abc import Sequence
from enum import StrEnum

from dbos import DBOS
from sqlalchemy.engine import make_url

from core.chunks import Maker
from core.judging.making import measure_similarity
from core.models import Models
from core.preparing import Preparing
from core.providers.registry import provider_names
from core.settings import Settings
from db.engine import Database
from db.together import WritingTogether

APPLICATION_VERSION = "2"
SIMILARITY_QUEUE = "similarity"
CHUNKS_AT_ONCE = 2
"""A second chunk keeps the provider busy while the first one's last calls end."""
_LIVE = ["PENDING", "ENQUEUED", "DELAYED"]


class Work(StrEnum):
    """What a chunk holds."""

    CALLS = "calls"
    SIMILARITY = "similarity"


_makers: list[Maker] = []
"""What workflows work with. DBOS finds workflows by name, so they are module functions."""


async def _make(run_id: str, row_ids: list[str]) -> None:
    await _makers[-1].make_chunk(run_id, row_ids)


async def _measure(run_id: str, row_ids: list[str]) -> int:
    database = _makers[-1].store.database
    return await asyncio.to_thread(measure_similarity, database, run_id, row_ids)


@DBOS.workflow(name="make_chunk", max_recovery_attempts=100)
async def make_rows(work: str, run_id: str, row_ids: list[str]) -> None:
    """Make every row of the chunk that is not made; failures are stored with their rows."""
    if work == Work.SIMILARITY:
        await DBOS.run_step_async({"name": "measure"}, _measure, run_id, row_ids)
    else:
        await DBOS.run_step_async({"name": "make", "preemptible": True}, _make, run_id, row_ids)


class Engine:
    """Starts DBOS, enqueues chunks, cancels them, and says what is still going on."""

    def __init__(self, settings: Settings, database: Database) -> None:
        models = Models(settings, database)
        preparing = Preparing(database, models, settings.warm_up_requests)
        _makers.append(Maker(WritingTogether(database), models, preparing))
        url = _prepare(settings.work_engine_url)
        DBOS(
            config={
                "name": "slam",
                "system_database_url": url,
                "executor_id": settings.daemon_name,
                "application_version": APPLICATION_VERSION,
                "log_level": "WARNING",
            }
        )

    def start(self) -> None:
        """Take up what an earlier start left, and listen for work."""
        DBOS.launch()
        for provider in provider_names():
            _register(provider, CHUNKS_AT_ONCE)
        _register(SIMILARITY_QUEUE, 1)

    def stop(self, patience_s: int = 2) -> None:
        """Let running steps end for a moment, then stop; the next start takes up the rest."""
        DBOS.destroy(workflow_completion_timeout_sec=patience_s)
        _makers.pop().store.close()

    def enqueue(
        self, queue: str, workflow_id: str, work: Work, run_id: str, row_ids: Sequence[str]
    ) -> None:
        """Queue one chunk; the same ``workflow_id`` twice is the same chunk."""
        DBOS.enqueue_workflow_with_options(
            {"queue_name": queue, "workflow_name": "make_chunk", "workflow_id": workflow_id},
            work.value,
            run_id,
            list(row_ids),
        )

    def live_chunks(self, run_id: str) -> list[str]:
        """The ids of the run's chunks that wait or are at work."""
        found = DBOS.list_workflows(
            workflow_id_prefix=f"{run_id}:", status=_LIVE, load_input=False, load_output=False
        )
        return [workflow.workflow_id for workflow in found]

    def cancel(self, run_id: str) -> None:
        """Stop the run's chunks; steps at work are cancelled within about a second."""
        live = self.live_chunks(run_id)
        if live:
            DBOS.cancel_workflows(live)

    def take_over(self, executor_id: str) -> int:
        """Take up what a dead daemon left; says how many chunks.

        DBOS offers this only by its paid service or by this private call, hence the pinned
        version and a test with two daemons.
        """
        return len(DBOS._recover_pending_workflows([executor_id]))


def _register(queue: str, chunks_at_once: int) -> None:
    DBOS.register_queue(queue, worker_concurrency=chunks_at_once, polling_interval_sec=0.2)


def _prepare(work_engine_url: str) -> str:
    url = make_url(work_engine_url)
    if url.get_backend_name() != "sqlite":
        return url.set(drivername="postgresql").render_as_string(hide_password=False)
    # DBOS leaves SQLite's journal as it is; write-ahead logging is a property of the file.
    connection = sqlite3.connect(url.database or "")
    connection.execute("PRAGMA journal_mode=WAL")
    connection.close()
    return work_engine_url
