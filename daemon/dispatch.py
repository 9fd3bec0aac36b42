"""From a requested run to chunks in the engine's queues, and back to the run's end."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import groupby

from core.judges.base import LLMJudge
from core.judges.registry import judge_named
from core.providers.names import parse_model
from daemon.engine import SIMILARITY_QUEUE, Engine, Work
from db.engine import Database
from db.repositories.judgments import Judgments
from db.repositories.work import Work as WorkRepository
from db.tables import Run, RunKind, RunStatus
from db.types import utc_now

CHUNK_SIZE = 50
"""Calls to a model in one workflow: one to two minutes of work."""
SIMILARITY_CHUNK_SIZE = 500
"""Texts are embedded in batches, and measuring again costs nothing but time."""


SETTLED_AFTER = timedelta(seconds=5)
"""Queues are filled in much less than this."""


def dispatch(database: Database, engine: Engine) -> None:
    """Move every active run one step on."""
    with database.read() as session:
        runs = WorkRepository(session).runs_in(RunStatus.QUEUED, RunStatus.RUNNING)
    for run in runs:
        if run.cancel_requested_at is not None:
            engine.cancel(run.id)
            _close(database, run, RunStatus.CANCELLED)
        else:
            _move_on(database, engine, run)


def _move_on(database: Database, engine: Engine, run: Run) -> None:
    with database.read() as session:
        is_made = not WorkRepository(session).has_open_calls(run)
    if is_made:
        _close(database, run, RunStatus.FINISHED)
        return
    if run.status is RunStatus.RUNNING and engine.live_chunks(run.id):
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
    for number, (queue, work, row_ids) in enumerate(_chunks(database, run, calls)):
        engine.enqueue(queue, f"{run.id}:{round_name}:{number}", work, run.id, row_ids)


def _chunks(
    database: Database, run: Run, calls: Sequence[tuple[str, str]]
) -> Iterator[tuple[str, Work, list[str]]]:
    for group, rows in groupby(calls, key=lambda call: call[0]):
        queue, work, size = _route(database, run, group)
        row_ids = [row_id for _, row_id in rows]
        for start in range(0, len(row_ids), size):
            yield queue, work, row_ids[start : start + size]


def _route(database: Database, run: Run, group: str) -> tuple[str, Work, int]:
    if run.kind is RunKind.GENERATION:
        return parse_model(group).provider, Work.CALLS, CHUNK_SIZE
    with database.read() as session:
        judge = Judgments(session).judge(group)
    if isinstance(judge_named(judge.name), LLMJudge):
        return parse_model(judge.model or "").provider, Work.CALLS, CHUNK_SIZE
    return SIMILARITY_QUEUE, Work.SIMILARITY, SIMILARITY_CHUNK_SIZE


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
