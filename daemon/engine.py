"""The work engine: chunks of calls as durable workflows of DBOS Transact, in a store of its own.

Our own tables are the truth; the engine only drives. A chunk is one step that first looks which of
its rows are made, so running anything again is safe. ``APPLICATION_VERSION`` rises only when the
steps of a workflow change, so that pending work of an earlier start is taken up.
"""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from dbos import DBOS
from sqlalchemy.engine import make_url

from core.batching import Batching
from core.chunks import Maker
from core.hosting.pulling import make_pull
from core.judging.measuring import measure_chunk
from core.judging.trying import make_trial
from core.models import Models, call_modes
from core.preparing import Preparing
from core.providers.registry import configured_limits, provider_names
from core.settings import Settings
from db.engine import Database
from db.tables import CallMode
from db.together import WritingTogether

APPLICATION_VERSION = "2"
SIMILARITY_QUEUE = "similarity"
BATCH_QUEUE = "batches"
PULL_QUEUE = "pulls"
TRIAL_QUEUE = "trials"
CHUNKS_AT_ONCE = 2
"""A second chunk keeps the provider busy while the first one's last calls end."""
SMALLEST_CHUNK = 50
ROUNDS_A_CHUNK = 4
BATCHES_AT_ONCE = 50
"""Batches only wait, up to a day each."""
PULLS_AT_ONCE = 2
TRIALS_AT_ONCE = 4
"""Somebody waits for each; they queue at the provider's gate like all calls."""
UNHURRIED_S = 1.0
"""How often queues are looked at whose work takes minutes; each look costs as much as a call."""
_LIVE = ["PENDING", "ENQUEUED", "DELAYED"]


class Work(StrEnum):
    """What a workflow does."""

    CALLS = "calls"
    BATCH = "batch"
    CANCEL_BATCHES = "cancel_batches"
    SIMILARITY = "similarity"
    PULL = "pull"
    TRIAL = "trial"


@dataclass(frozen=True, slots=True)
class _Hands:
    """What workflows work with."""

    settings: Settings
    maker: Maker
    batching: Batching


_hands: list[_Hands] = []
"""DBOS finds workflows by name, so they are module functions and find their hands here."""


async def _calls(run_id: str, row_ids: list[str], mode: str) -> None:
    await _hands[-1].maker.make_chunk(run_id, row_ids, CallMode(mode))


async def _batch(run_id: str, row_ids: list[str], mode: str) -> None:
    await _hands[-1].batching.make(run_id, row_ids)


async def _cancel_batches(run_id: str, row_ids: list[str], mode: str) -> None:
    await _hands[-1].batching.cancel(run_id)


async def _similarity(run_id: str, row_ids: list[str], mode: str) -> None:
    hands = _hands[-1]
    await measure_chunk(hands.maker.store, hands.maker.models, hands.settings, run_id, row_ids)


async def _pull(pull_id: str, row_ids: list[str], mode: str) -> None:
    hands = _hands[-1]
    await make_pull(hands.maker.store.database, hands.maker.models, hands.settings, pull_id)


async def _trial(trial_id: str, row_ids: list[str], mode: str) -> None:
    hands = _hands[-1]
    await make_trial(hands.maker.store, hands.maker.models, hands.settings, trial_id)


_DOES = {
    Work.CALLS: _calls,
    Work.BATCH: _batch,
    Work.CANCEL_BATCHES: _cancel_batches,
    Work.SIMILARITY: _similarity,
    Work.PULL: _pull,
    Work.TRIAL: _trial,
}


@DBOS.workflow(name="work", max_recovery_attempts=100)
async def work(kind: str, subject_id: str, row_ids: list[str], mode: str) -> None:
    """Do a piece of work in one step, which is broken off when the workflow is cancelled."""
    does = _DOES[Work(kind)]
    await DBOS.run_step_async({"name": kind, "preemptible": True}, does, subject_id, row_ids, mode)


class Engine:
    """Starts DBOS, enqueues chunks, cancels them, and says what is still going on."""

    def __init__(self, settings: Settings, database: Database) -> None:
        models = Models(settings, database)
        store = WritingTogether(database)
        self._hands = _Hands(
            settings,
            Maker(store, models, Preparing(database, models, settings.warm_up_requests)),
            Batching(store, models, settings.batch_poll_interval_s),
        )
        self._modes: dict[str, tuple[CallMode, ...]] = {}
        _hands.append(self._hands)
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
        _register(BATCH_QUEUE, BATCHES_AT_ONCE, UNHURRIED_S)
        _register(PULL_QUEUE, PULLS_AT_ONCE, UNHURRIED_S)
        _register(TRIAL_QUEUE, TRIALS_AT_ONCE)

    def stop(self, patience_s: int = 2) -> None:
        """Let running steps end for a moment, then stop; the next start takes up the rest."""
        DBOS.destroy(workflow_completion_timeout_sec=patience_s)
        _hands.pop().maker.store.close()

    def enqueue(
        self,
        queue: str,
        workflow_id: str,
        kind: Work,
        subject_id: str,
        row_ids: Sequence[str] = (),
        mode: CallMode = CallMode.DIRECT,
    ) -> None:
        """Queue one piece of work; the same ``workflow_id`` twice is the same piece."""
        DBOS.enqueue_workflow_with_options(
            {"queue_name": queue, "workflow_name": "work", "workflow_id": workflow_id},
            kind.value,
            subject_id,
            list(row_ids),
            mode.value,
        )

    def takes_batches(self, provider: str) -> bool:
        """Whether calls can be handed to the provider in bulk."""
        if provider not in self._modes:
            self._modes[provider] = call_modes(provider, self._hands.settings)
        return CallMode.BATCH in self._modes[provider]

    def chunk_size(self, provider: str) -> int:
        """How many calls to one of the provider's models go into one workflow.

        Enough for a minute or two; and where many are made at a time, so many that those that wait
        fill every place while the next chunk is fetched.
        """
        at_once = configured_limits(provider, self._hands.settings).concurrent_requests
        return max(SMALLEST_CHUNK, ROUNDS_A_CHUNK * at_once)

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


def _register(queue: str, chunks_at_once: int, looked_at_every_s: float = 0.2) -> None:
    DBOS.register_queue(
        queue, worker_concurrency=chunks_at_once, polling_interval_sec=looked_at_every_s
    )


def _prepare(work_engine_url: str) -> str:
    url = make_url(work_engine_url)
    if url.get_backend_name() != "sqlite":
        return url.set(drivername="postgresql").render_as_string(hide_password=False)
    # DBOS leaves SQLite's journal as it is; write-ahead logging is a property of the file.
    connection = sqlite3.connect(url.database or "")
    connection.execute("PRAGMA journal_mode=WAL")
    connection.close()
    return work_engine_url
