"""What earlier calls took: tokens, durations and loads, to estimate later ones by."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Float, Select, SQLColumnExpression, cast, func
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select

from db.tables import (
    CallStatus,
    Candidate,
    Judge,
    Judgment,
    Response,
    WarmUp,
    WarmUpStatus,
)


@dataclass(frozen=True, slots=True)
class CountedCalls:
    """Tokens of the finished calls of one caller (a candidate, or a judge) for one test case.

    ``calls`` are those whose answer was counted; means and maxima are ``None`` where none was.
    """

    caller_id: str
    prompt_template_id: str
    test_case_id: str
    calls: int
    prompt_tokens: float | None
    most_prompt_tokens: int | None
    completion_tokens: float | None
    most_completion_tokens: int | None


class Measured:
    """Queries over what earlier calls took, within one transaction."""

    def __init__(self, session: Session) -> None:
        self.session = session

    def prompts_of(self, response_ids: Sequence[str]) -> Counter[tuple[str, str]]:
        """How many of those responses there are of each ``(candidate_id, test_case_id)``."""
        found: Counter[tuple[str, str]] = Counter()
        for start in range(0, len(response_ids), 500):
            some = col(Response.id).in_(response_ids[start : start + 500])
            rows = self.session.exec(
                select(Response.candidate_id, Response.test_case_id).where(some)
            )
            found.update(rows.all())
        return found

    def test_cases_of(self, response_ids: Collection[str]) -> dict[str, str]:
        """``response id -> test case id`` of those responses."""
        wanted = sorted(set(response_ids))
        found: dict[str, str] = {}
        for start in range(0, len(wanted), 500):
            some = col(Response.id).in_(wanted[start : start + 500])
            rows = self.session.exec(select(Response.id, Response.test_case_id).where(some))
            found.update(rows.all())
        return found

    def responses(self, study_id: str) -> list[CountedCalls]:
        """The tokens of the study's responses, by candidate, template and test case."""
        counted = _counted(Response, col(Response.candidate_id)).where(
            col(Response.study_id) == study_id
        )
        return self._counted_calls(counted)

    def judgments(self, study_id: str, judge_name: str) -> list[CountedCalls]:
        """The tokens of the study's judgments by judges of that name, of whatever model."""
        counted = (
            _counted(Judgment, col(Judgment.judge_id))
            .join(Response, col(Response.id) == col(Judgment.response_id))
            .join(Judge, col(Judge.id) == col(Judgment.judge_id))
            .where(col(Response.study_id) == study_id, col(Judge.name) == judge_name)
        )
        return self._counted_calls(counted)

    def candidates(self, candidate_ids: Collection[str]) -> dict[str, Candidate]:
        """Those candidates by id."""
        rows = self.session.exec(
            select(Candidate).where(col(Candidate.id).in_(candidate_ids))
        ).all()
        return {row.id: row for row in rows}

    def response_durations_ns(self, models: Collection[str]) -> dict[str, float]:
        """``model -> median duration`` of all its finished responses, without loading the model."""
        duration = col(Response.duration_ns) - func.coalesce(col(Response.load_duration_ns), 0)
        timed = (
            _timed(Response, col(Candidate.model), duration)
            .join(Candidate, col(Candidate.id) == col(Response.candidate_id))
            .where(col(Candidate.model).in_(models))
        )
        return self._medians(timed)

    def judgment_durations_ns(self, judge_name: str, model: str) -> dict[str, float]:
        """``model -> median duration`` of its finished judgments for judges of that name."""
        timed = (
            _timed(Judgment, col(Judge.model), col(Judgment.duration_ns))
            .join(Judge, col(Judge.id) == col(Judgment.judge_id))
            .where(col(Judge.name) == judge_name, col(Judge.model) == model)
        )
        return self._medians(timed)

    def load_durations_ns(self, models: Collection[str]) -> dict[str, int]:
        """``model -> duration`` of the last time that it was brought into memory."""
        rows = self.session.exec(
            select(WarmUp.model, WarmUp.load_duration_ns, WarmUp.duration_ns)
            .where(
                col(WarmUp.model).in_(models), WarmUp.number == 0, WarmUp.status == WarmUpStatus.OK
            )
            .order_by(col(WarmUp.sent_at))
        ).all()
        loads = {model: told or measured for model, told, measured in rows}
        return {model: load for model, load in loads.items() if load is not None}

    def _counted_calls(self, counted: Select[Any]) -> list[CountedCalls]:
        rows = self.session.connection().execute(counted).all()
        return [
            CountedCalls(
                caller_id=row.caller_id,
                prompt_template_id=row.prompt_template_id,
                test_case_id=row.test_case_id,
                calls=row.calls,
                prompt_tokens=_float(row.prompt_tokens),
                most_prompt_tokens=row.most_prompt_tokens,
                completion_tokens=_float(row.completion_tokens),
                most_completion_tokens=row.most_completion_tokens,
            )
            for row in rows
        ]

    def _medians(self, timed: Select[Any]) -> dict[str, float]:
        ranked = timed.subquery()
        # The middle one of an odd number, the two middle ones of an even number.
        middle = (2 * ranked.c.place).between(ranked.c.among, ranked.c.among + 2)
        rows = self.session.connection().execute(
            select_columns(ranked.c.model, func.avg(cast(ranked.c.duration_ns, Float)))
            .where(middle)
            .group_by(ranked.c.model)
        )
        return {model: float(duration) for model, duration in rows}


def _counted(
    table: type[Response] | type[Judgment], caller_id: SQLColumnExpression[str]
) -> Select[Any]:
    return (
        select_columns(
            caller_id.label("caller_id"),
            col(Response.prompt_template_id),
            col(Response.test_case_id),
            func.count(col(table.completion_tokens)).label("calls"),
            func.avg(cast(col(table.prompt_tokens), Float)).label("prompt_tokens"),
            func.max(col(table.prompt_tokens)).label("most_prompt_tokens"),
            func.avg(cast(col(table.completion_tokens), Float)).label("completion_tokens"),
            func.max(col(table.completion_tokens)).label("most_completion_tokens"),
        )
        .select_from(table)
        .where(col(table.status) == CallStatus.OK)
        .group_by(caller_id, col(Response.prompt_template_id), col(Response.test_case_id))
    )


def _timed(
    table: type[Response] | type[Judgment],
    model: SQLColumnExpression[Any],
    duration_ns: SQLColumnExpression[Any],
) -> Select[Any]:
    return (
        select_columns(
            model.label("model"),
            duration_ns.label("duration_ns"),
            func.row_number().over(partition_by=model, order_by=duration_ns).label("place"),
            func.count().over(partition_by=model).label("among"),
        )
        .select_from(table)
        .where(col(table.status) == CallStatus.OK, col(table.duration_ns).is_not(None))
    )


def _float(value: Any) -> float | None:
    return None if value is None else float(value)
