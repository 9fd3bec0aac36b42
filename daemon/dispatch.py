"""From a requested run to chunks in the engine's queues, and back to the run's end."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby

from core.errors import SlamError
from core.hosting.acquisition import STRANDED_AFTER, waiting_pulls
from core.judges.base import LLMJudge
from core.judges.registry import judge_named
from core.judging.trials import waiting_trials
from core.providers.base import FailureKind
from core.providers.names import parse_model
from daemon.engine import (
    BATCH_QUEUE,
    PULL_QUEUE,
    SIMILARITY_QUEUE,
    TRIAL_QUEUE,
    Engine,
    Work,
)
from db.engine import Database
from db.repositories import journal
from db.repositories.journal import CallRow
from db.repositories.judgments import Judgments
from db.repositories.work import Work as WorkRepository
from db.tables import CallMode, Judgment, Response, Run, RunKind, RunStatus
from db.types import utc_now

BATCH_SIZE = 1_000
"""OpenAI takes 50,000; but a batch is journalled as a whole, and raters' answers wait meanwhile."""
SIMILARITY_CHUNK_SIZE = 500
"""Texts are embedded in batches, and measuring again costs nothing but time."""


SETTLED_AFTER = timedelta(seconds=5)
"""Queues are filled in much less than this."""


def dispatch(database: Database, engine: Engine) -> None:
    """Move every active run one step on; have waiting models pulled and waiting trials made."""
    _dispatch_pulls(database, engine)
    for trial_id in waiting_trials(database):
        engine.enqueue(TRIAL_QUEUE, f"trial:{trial_id}", Work.TRIAL, trial_id)
    with database.read() as session:
        runs = WorkRepository(session).runs_in(RunStatus.QUEUED, RunStatus.RUNNING)
    for run in runs:
        if run.cancel_requested_at is None:
            _move_on(database, engine, run)
        else:
            engine.cancel(run.id)
            if run.call_mode is CallMode.BATCH:
                # What is answered by now is paid, so it is fetched and kept.
                engine.enqueue(BATCH_QUEUE, f"cancel:{run.id}", Work.CANCEL_BATCHES, run.id)
            _close(database, run, RunStatus.CANCELLED)


def _move_on(database: Database, engine: Engine, run: Run) -> None:
    with database.read() as session:
        is_made = not WorkRepository(session).has_open_calls(run)
    if is_made:
        _close(database, run, RunStatus.FINISHED)
        return
    if run.status is RunStatus.RUNNING and engine.live_chunks(run.id):
        return
    if run.stop_reason is not None:
        # What could be made within its budget is made; the rest stays planned for another run.
        _close(database, run, RunStatus.CANCELLED)
        return
    now = utc_now()
    if run.dispatched_at is not None and now - run.dispatched_at < SETTLED_AFTER:
        # Whoever dispatched it, be it another daemon, may still be filling the queues.
        return
    with database.write() as session:
        if not WorkRepository(session).take_dispatch(run, now):
            return
        calls = WorkRepository(session).open_calls(run)
    # Open calls of an earlier round were stranded: its daemon died while it filled the queues.
    round_name = f"{now:%Y%m%dT%H%M%S%f}"
    for number, (route, row_ids) in enumerate(_chunks(database, engine, run, calls)):
        workflow_id = f"{run.id}:{round_name}:{number}"
        engine.enqueue(route.queue, workflow_id, route.kind, run.id, row_ids, route.mode)


def _dispatch_pulls(database: Database, engine: Engine) -> None:
    now = utc_now()
    # A pull that waits behind others is queued again now and then; only the first one does it.
    while_it_waits = int(now.timestamp() // STRANDED_AFTER.total_seconds())
    for pull_id in waiting_pulls(database, now):
        engine.enqueue(PULL_QUEUE, f"pull:{pull_id}:{while_it_waits}", Work.PULL, pull_id)


@dataclass(frozen=True, slots=True)
class _Route:
    """The way that the rows of one model or judge go."""

    queue: str
    kind: Work
    chunk_size: int
    mode: CallMode = CallMode.DIRECT


def _chunks(
    database: Database, engine: Engine, run: Run, calls: Sequence[tuple[str, str]]
) -> Iterator[tuple[_Route, list[str]]]:
    for group, rows in groupby(calls, key=lambda call: call[0]):
        row_ids = [row_id for _, row_id in rows]
        try:
            route = _route(database, engine, run, group)
        except SlamError as error:
            # Its provider or judge is not there any more, so nobody can ever make these.
            _give_up(database, run, row_ids, str(error))
            continue
        for start in range(0, len(row_ids), route.chunk_size):
            yield route, row_ids[start : start + route.chunk_size]


def _route(database: Database, engine: Engine, run: Run, group: str) -> _Route:
    model = group
    if run.kind is RunKind.JUDGING:
        with database.read() as session:
            judge = Judgments(session).judge(group)
        if not isinstance(judge_named(judge.name), LLMJudge):
            # A judge that needs a model's vectors waits for its answers, not for our processor.
            queue = parse_model(judge.model).provider if judge.model else SIMILARITY_QUEUE
            return _Route(queue, Work.SIMILARITY, SIMILARITY_CHUNK_SIZE)
        model = judge.model or ""
    provider = parse_model(model).provider
    if run.call_mode is not CallMode.BATCH:
        return _Route(provider, Work.CALLS, engine.chunk_size(provider), run.call_mode)
    if engine.takes_batches(provider):
        return _Route(BATCH_QUEUE, Work.BATCH, BATCH_SIZE, CallMode.BATCH)
    return _Route(provider, Work.CALLS, engine.chunk_size(provider))


def _give_up(database: Database, run: Run, row_ids: Sequence[str], sentence: str) -> None:
    table = Response if run.kind is RunKind.GENERATION else Judgment
    with database.write_bare() as connection:
        for row_id in row_ids:
            row = CallRow(table, row_id)
            journal.give_up(connection, row, run.id, FailureKind.UNKNOWN_MODEL.value, sentence)


def _close(database: Database, run: Run, status: RunStatus) -> None:
    with database.write() as session:
        work = WorkRepository(session)
        row = work.run(run.id)
        if row is not None:
            row.status, row.ended_at = status, utc_now()
            session.add(row)
            # Calls under way are broken off and nobody will end them; one that is answered in
            # the same second still ends as what it was.
            work.doubt_unanswered_of(row)
