"""Runs of work: responses and judgments to make, the attempts at them, and how far a run is."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, case, func, or_, update
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select

from db.tables import (
    Attempt,
    AttemptStatus,
    CallStatus,
    Candidate,
    Judge,
    Judgment,
    Response,
    Run,
    RunKind,
    RunStatus,
)
from db.types import utc_now


@dataclass(frozen=True, slots=True)
class CallCounts:
    """How far a run is, counted over its rows.

    The others are over the attempts that the run itself made: ``cost_usd`` sums the priced ones,
    ``unpriced_by_model`` counts successful ones of unknown cost, and ``in_doubt`` those
    that may have been paid without an answer of use, for ``in_doubt_usd`` at most.
    """

    planned: int
    ok: int
    failed: int
    cost_usd: float
    unpriced_by_model: dict[str, int]
    in_doubt: int
    in_doubt_usd: float


@dataclass(frozen=True, slots=True)
class Failure:
    """A stored failure, as a page lists it."""

    model: str
    kind: str
    message: str
    calls: int


class Work:
    """Queries over runs, calls and attempts within one transaction."""

    def __init__(self, session: Session) -> None:
        self.session = session

    def run(self, run_id: str) -> Run | None:
        """The run of that id."""
        return self.session.get(Run, run_id)

    def runs(self, version_ids: Sequence[str], kind: RunKind) -> Sequence[Run]:
        """The runs of those study versions, newest first."""
        query = select(Run).where(col(Run.study_version_id).in_(version_ids), Run.kind == kind)
        return self.session.exec(query.order_by(col(Run.requested_at).desc())).all()

    def runs_in(self, *statuses: RunStatus) -> Sequence[Run]:
        """All runs in one of the statuses, oldest first."""
        query = select(Run).where(col(Run.status).in_(statuses))
        return self.session.exec(query.order_by(col(Run.requested_at))).all()

    def take_dispatch(self, run: Run, at: datetime) -> bool:
        """Take it on oneself to dispatch the run; false when another daemon was quicker."""
        result = self.session.connection().execute(
            update(Run)
            .where(
                col(Run.id) == run.id,
                col(Run.dispatched_at).is_not_distinct_from(run.dispatched_at),
            )
            .values(
                dispatched_at=at,
                status=RunStatus.RUNNING,
                started_at=func.coalesce(Run.started_at, at),
            )
        )
        return result.rowcount == 1

    def has_open_calls(self, run: Run) -> bool:
        """Whether any of the run's rows is still to be made."""
        table: type[Response] | type[Judgment] = (
            Response if run.kind is RunKind.GENERATION else Judgment
        )
        query = select(table.id).where(table.run_id == run.id, table.status == CallStatus.PLANNED)
        return self.session.exec(query.limit(1)).first() is not None

    def open_calls(self, run: Run) -> Sequence[tuple[str, str]]:
        """``(group, id)`` of the run's rows that are not made yet, in the order of the plan.

        The group is the candidate's model for responses and the judge's id for judgments: calls of
        a group go to one model, so that a GPU loads it once.
        """
        if run.kind is RunKind.GENERATION:
            rows = self.session.exec(
                select(Candidate.model, Response.id)
                .join(Candidate, col(Candidate.id) == col(Response.candidate_id))
                .where(Response.run_id == run.id, Response.status == CallStatus.PLANNED)
                .order_by(
                    Candidate.model,
                    col(Response.candidate_id),
                    col(Response.sample_index),
                    col(Response.test_case_id),
                )
            ).all()
            return [(model, row_id) for model, row_id in rows]
        ids = self.session.exec(
            select(Judgment.id)
            .join(Response, col(Response.id) == col(Judgment.response_id))
            .where(Judgment.run_id == run.id, Judgment.status == CallStatus.PLANNED)
            # What belongs to one test case is measured together.
            .order_by(col(Response.test_case_id), col(Judgment.response_id), col(Judgment.id))
        ).all()
        return [(run.judge_id or "", row_id) for row_id in ids]

    def counts(self, run: Run) -> CallCounts:
        """How far the run is."""
        table: type[Response] | type[Judgment] = (
            Response if run.kind is RunKind.GENERATION else Judgment
        )
        by_status = dict(
            self.session.exec(
                select(table.status, func.count())
                .where(table.run_id == run.id)
                .group_by(col(table.status))
            ).all()
        )
        # Rows move to the run that retries them; attempts stay with the run that paid them.
        doubtful = or_(
            col(Attempt.status) == AttemptStatus.IN_DOUBT,
            and_(
                col(Attempt.status) == AttemptStatus.FAILED, col(Attempt.reserved_usd).is_not(None)
            ),
        )
        unpriced = and_(col(Attempt.status) == AttemptStatus.OK, col(Attempt.cost_usd).is_(None))
        by_model = (
            self.session.connection()
            .execute(
                select_columns(
                    col(Attempt.model),
                    func.sum(col(Attempt.cost_usd)),
                    func.sum(case((unpriced, 1), else_=0)),
                    func.sum(case((doubtful, 1), else_=0)),
                    func.sum(case((doubtful, col(Attempt.reserved_usd)), else_=None)),
                )
                .where(col(Attempt.run_id) == run.id)
                .group_by(col(Attempt.model))
            )
            .all()
        )
        return CallCounts(
            planned=by_status.get(CallStatus.PLANNED, 0),
            ok=by_status.get(CallStatus.OK, 0),
            failed=by_status.get(CallStatus.FAILED, 0),
            cost_usd=sum(cost or 0.0 for _, cost, _, _, _ in by_model),
            unpriced_by_model={model or "": calls for model, _, calls, _, _ in by_model if calls},
            in_doubt=sum(calls for _, _, _, calls, _ in by_model),
            in_doubt_usd=sum(usd or 0.0 for _, _, _, _, usd in by_model),
        )

    def failures(self, run: Run) -> list[Failure]:
        """The run's failures, grouped by model and cause, most frequent first."""
        if run.kind is RunKind.GENERATION:
            query = (
                select(Candidate.model, Response.error_kind, Response.error_message, func.count())
                .join(Candidate, col(Candidate.id) == col(Response.candidate_id))
                .where(Response.run_id == run.id, Response.status == CallStatus.FAILED)
                .group_by(Candidate.model, col(Response.error_kind), col(Response.error_message))
            )
        else:
            query = (
                select(Judge.label, Judgment.error_kind, Judgment.error_message, func.count())
                .join(Judge, col(Judge.id) == col(Judgment.judge_id))
                .where(Judgment.run_id == run.id, Judgment.status == CallStatus.FAILED)
                .group_by(Judge.label, col(Judgment.error_kind), col(Judgment.error_message))
            )
        rows = self.session.exec(query.order_by(func.count().desc())).all()
        return [Failure(model, kind or "", text or "", calls) for model, kind, text, calls in rows]

    def claim_rows(self, run: Run, row_ids: Sequence[str]) -> int:
        """Make rows that are not ``ok`` the run's own, to be made (again); says how many."""
        table: type[Response] | type[Judgment] = (
            Response if run.kind is RunKind.GENERATION else Judgment
        )
        claimed = 0
        for start in range(0, len(row_ids), 500):
            result = self.session.connection().execute(
                update(table)
                .where(
                    col(table.id).in_(row_ids[start : start + 500]),
                    col(table.status) != CallStatus.OK,
                )
                .values(run_id=run.id, status=CallStatus.PLANNED)
            )
            claimed += result.rowcount
        return claimed

    def doubt_unanswered_of(self, run: Run) -> None:
        """Mark the run's unended attempts as in doubt, unless their row was made after all."""
        responses = select(Response.id).where(Response.status != CallStatus.OK)
        judgments = select(Judgment.id).where(Judgment.status != CallStatus.OK)
        self.session.connection().execute(
            update(Attempt)
            .where(
                col(Attempt.run_id) == run.id,
                col(Attempt.status) == AttemptStatus.SENT,
                or_(
                    col(Attempt.response_id).in_(responses),
                    col(Attempt.judgment_id).in_(judgments),
                ),
            )
            .values(status=AttemptStatus.IN_DOUBT, ended_at=utc_now())
        )
