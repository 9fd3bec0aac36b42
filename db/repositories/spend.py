"""What calls cost, summed over every attempt, whatever came of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Select, and_, case, func, or_
from sqlalchemy import select as select_columns
from sqlmodel import Session, col

from db.tables import (
    Attempt,
    AttemptStatus,
    Candidate,
    Judge,
    JudgeTrial,
    Judgment,
    Response,
    Study,
)

_ANSWERED = (AttemptStatus.OK, AttemptStatus.FAILED)


@dataclass(frozen=True, slots=True)
class SpendRow:
    """The attempts of one study, model, judge and day (UTC).

    ``judge`` is ``None`` for generation. ``without_cost`` are calls that gave an answer, or tokens,
    and whose cost is unknown; ``in_doubt`` are those of which nobody knows whether they were paid:
    cut off, or failed with the money still set aside. ``in_doubt_usd`` is the most they may have
    cost, ``None`` where nothing was set aside for any of them.
    """

    study: str
    model: str
    judge: str | None
    day: date
    calls: int
    failed: int
    prompt_tokens: int
    completion_tokens: int
    cost_usd: float | None
    without_cost: int
    in_doubt: int
    in_doubt_usd: float | None


class Spend:
    """Sums over attempts within one transaction."""

    def __init__(self, session: Session) -> None:
        self.session = session

    def rows(self) -> list[SpendRow]:
        """Everything that was called, by study, model, judge and day."""
        kinds = (self._of_responses(), self._of_judgments(), self._of_trials())
        return [row for kind in kinds for row in self._read(kind)]

    def _of_responses(self) -> Select[Any]:
        model = func.coalesce(col(Attempt.model), col(Candidate.model))
        return (
            self._summed(model, judge=None)
            .join(Response, col(Response.id) == col(Attempt.response_id))
            .join(Candidate, col(Candidate.id) == col(Response.candidate_id))
            .join(Study, col(Study.id) == col(Response.study_id))
        )

    def _of_judgments(self) -> Select[Any]:
        model = func.coalesce(col(Attempt.model), col(Judge.model))
        return (
            self._summed(model, judge=col(Judge.label))
            .join(Judgment, col(Judgment.id) == col(Attempt.judgment_id))
            .join(Judge, col(Judge.id) == col(Judgment.judge_id))
            .join(Response, col(Response.id) == col(Judgment.response_id))
            .join(Study, col(Study.id) == col(Response.study_id))
        )

    def _of_trials(self) -> Select[Any]:
        model = func.coalesce(col(Attempt.model), col(JudgeTrial.model))
        return (
            self._summed(model, judge=col(JudgeTrial.judge_label))
            .join(JudgeTrial, col(JudgeTrial.id) == col(Attempt.judge_trial_id))
            .join(Study, col(Study.id) == col(JudgeTrial.study_id))
        )

    def _summed(self, model: Any, *, judge: Any) -> Select[Any]:
        day = self._day()
        groups = [col(Study.name), model, *([] if judge is None else [judge]), day]
        status, cost = col(Attempt.status), col(Attempt.cost_usd)
        reserved = col(Attempt.reserved_usd)
        counted = or_(
            status == AttemptStatus.OK,
            col(Attempt.prompt_tokens).is_not(None),
            col(Attempt.completion_tokens).is_not(None),
        )
        in_doubt = or_(
            status == AttemptStatus.IN_DOUBT,
            and_(status == AttemptStatus.FAILED, reserved.is_not(None), cost.is_(None)),
        )
        columns = [
            col(Study.name).label("study"),
            model.label("model"),
            *([] if judge is None else [judge.label("judge")]),
            day.label("day"),
            func.count().label("calls"),
            _count(status == AttemptStatus.FAILED).label("failed"),
            func.coalesce(func.sum(col(Attempt.prompt_tokens)), 0).label("prompt_tokens"),
            func.coalesce(func.sum(col(Attempt.completion_tokens)), 0).label("completion_tokens"),
            func.sum(cost).label("cost_usd"),
            _count(and_(status.in_(_ANSWERED), counted, cost.is_(None))).label("without_cost"),
            _count(in_doubt).label("in_doubt"),
            func.sum(case((in_doubt, reserved))).label("in_doubt_usd"),
        ]
        return select_columns(*columns).select_from(Attempt).group_by(*groups)

    def _day(self) -> Any:
        """The day of an attempt in UTC, whatever the zone of the connection."""
        if self.session.connection().dialect.name == "sqlite":
            return func.date(col(Attempt.sent_at))
        return func.date(func.timezone("UTC", col(Attempt.sent_at)))

    def _read(self, summed: Select[Any]) -> Iterator[SpendRow]:
        for row in self.session.connection().execute(summed):
            values = dict(row._mapping)
            day = values.pop("day")
            yield SpendRow(
                judge=values.pop("judge", None),
                day=day if isinstance(day, date) else date.fromisoformat(day),
                **values,
            )


def _count(condition: Any) -> Any:
    return func.sum(case((condition, 1), else_=0))
