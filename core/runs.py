"""Runs of work: start one, follow one, cancel one. The daemon does the work itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session

from core.errors import InvalidInputError, NotFoundError
from core.terms import Terms
from db.engine import Database
from db.repositories import audits
from db.repositories.heartbeats import last_beat
from db.repositories.studies import Studies, VersionContent
from db.repositories.work import CallCounts, Failure, Work
from db.tables import Run, RunKind, RunStatus
from db.types import utc_now

ACTIVE = (RunStatus.QUEUED, RunStatus.RUNNING)
SILENT_AFTER = timedelta(seconds=15)
"""A daemon that has not beaten for so long is taken for stopped."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is, as a page shows it.

    ``calls_per_minute`` is measured since the run started; ``time_left`` follows from it, and both
    are ``None`` until something is finished or once nothing is left.
    """

    run: Run
    counts: CallCounts
    failures: tuple[Failure, ...]
    calls_per_minute: float | None
    time_left: timedelta | None

    @property
    def done(self) -> int:
        """Calls that ended, well or not."""
        return self.counts.ok + self.counts.failed

    @property
    def is_active(self) -> bool:
        """Whether the daemon still has to do with it."""
        return self.run.status in ACTIVE


def claim_run(
    session: Session,
    kind: RunKind,
    content: VersionContent,
    *,
    planned_calls: int,
    actor: str,
    row_ids: Sequence[str],
    terms: Terms,
    judge_id: str | None = None,
) -> Run:
    """Store a queued run and make the rows ``row_ids`` its own, in the caller's transaction.

    The caller has checked the terms (`core.terms.require_terms`).

    Raises:
        InvalidInputError: a run of the same kind (and judge) for this study is still going on.
    """
    work = Work(session)
    version_ids = [version.id for version in Studies(session).versions(content.study.id)]
    for run in work.runs(version_ids, kind):
        if run.status in ACTIVE and run.judge_id == judge_id:
            raise InvalidInputError(
                f"A run for {content.study.name!r} is still going on; wait for it or cancel it."
            )
    run = Run(
        kind=kind,
        study_version_id=content.version.id,
        judge_id=judge_id,
        call_mode=terms.mode,
        planned_calls=planned_calls,
        estimated_cost_usd=terms.confirmation.most_usd if terms.confirmation else None,
        budget_usd=terms.confirmation.budget_usd if terms.confirmation else None,
        requested_by=actor,
    )
    session.add(run)
    session.flush()
    work.claim_rows(run, row_ids)
    audits.record(
        session,
        actor=actor,
        action="request",
        subject="run",
        subject_id=run.id,
        after={
            "kind": kind.value,
            "calls": planned_calls,
            "call_mode": run.call_mode.value,
            "estimated_cost_usd": run.estimated_cost_usd,
            "budget_usd": run.budget_usd,
            "unpriced": list(terms.confirmation.unpriced) if terms.confirmation else [],
        },
    )
    return run


def newest_progress(
    database: Database,
    study_id: str,
    kind: RunKind,
    *,
    judge_id: str | None = None,
    now: datetime | None = None,
) -> Progress | None:
    """The progress of the study's newest run of that kind (and judge); none if there was none."""
    with database.read() as session:
        work = Work(session)
        version_ids = [version.id for version in Studies(session).versions(study_id)]
        for run in work.runs(version_ids, kind):
            if judge_id is None or run.judge_id == judge_id:
                counts = work.counts(run)
                return _progress(run, counts, work.failures(run), now or utc_now())
    return None


def cancel_run(database: Database, run_id: str, actor: str) -> None:
    """Ask the daemon to stop a run; what is stored stays, what is not made can be made later.

    Raises:
        NotFoundError: there is no such run.
    """
    with database.write() as session:
        run = Work(session).run(run_id)
        if run is None:
            raise NotFoundError(f"There is no run {run_id!r}; it may belong to another database.")
        if run.status not in ACTIVE:
            return
        run.cancel_requested_at = utc_now()
        session.add(run)
        audits.record(session, actor=actor, action="cancel", subject="run", subject_id=run.id)


def daemon_is_alive(database: Database, now: datetime | None = None) -> bool:
    """Whether some daemon gave a sign of life a moment ago."""
    with database.read() as session:
        beat = last_beat(session)
    return beat is not None and (now or utc_now()) - beat < SILENT_AFTER


def _progress(run: Run, counts: CallCounts, failures: list[Failure], now: datetime) -> Progress:
    done = counts.ok + counts.failed
    rate = None
    time_left = None
    if run.started_at and done:
        end = run.ended_at or now
        seconds = max((end - run.started_at).total_seconds(), 0.001)
        rate = done / seconds * 60
        if counts.planned and run.status in ACTIVE:
            time_left = timedelta(seconds=counts.planned / rate * 60)
    return Progress(run, counts, tuple(failures), rate, time_left)
