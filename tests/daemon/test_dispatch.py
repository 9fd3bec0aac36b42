"""What becomes of a run's attempts when the run is closed."""

from typing import cast

import pytest

from core.runs import cancel_run, newest_progress
from daemon.dispatch import dispatch
from daemon.engine import Engine
from db.engine import Database
from db.tables import Attempt, AttemptStatus, CallStatus, Response, RunKind, RunStatus
from tests.building import ACTOR, SMALL, attempts_at, make_study, request_generation, stored


class IdleEngine:
    """An engine with nothing at work."""

    def cancel(self, run_id: str) -> None:
        pass

    def live_chunks(self, run_id: str) -> list[str]:
        return []


@pytest.mark.parametrize(
    ("row_status", "status", "attempt_status"),
    [
        (CallStatus.PLANNED, RunStatus.CANCELLED, AttemptStatus.IN_DOUBT),
        (CallStatus.FAILED, RunStatus.FINISHED, AttemptStatus.IN_DOUBT),
        (CallStatus.OK, RunStatus.FINISHED, AttemptStatus.SENT),
    ],
)
def test_calls_that_a_closed_run_left_unanswered_are_shown_as_in_doubt(
    database: Database,
    row_status: CallStatus,
    status: RunStatus,
    attempt_status: AttemptStatus,
) -> None:
    content = make_study(database, candidates=[SMALL], reference=None, cases=1)
    run = request_generation(database, content.study.id, ACTOR)
    (row,) = stored(database, content)
    with database.write() as session:
        session.get_one(Response, row.id).status = row_status
        session.add(Attempt(run_id=run.id, number=1, response_id=row.id))
    if status is RunStatus.CANCELLED:
        cancel_run(database, run.id, ACTOR)
    dispatch(database, cast(Engine, IdleEngine()))

    progress = newest_progress(database, content.study.id, RunKind.GENERATION)
    assert progress is not None
    assert progress.run.status is status
    (attempt,) = attempts_at(database, response_id=row.id)
    assert attempt.status is attempt_status
    assert progress.counts.in_doubt == (attempt_status is AttemptStatus.IN_DOUBT)
