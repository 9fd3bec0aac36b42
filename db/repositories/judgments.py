"""Judges, their set-ups and their judgments."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import RowMapping, bindparam, insert, update
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select

from db.tables import (
    CallStatus,
    Candidate,
    Judge,
    JudgeSetup,
    Judgment,
    JudgmentPurpose,
    Response,
    TestCase,
)
from db.types import new_id


class JudgmentKey(NamedTuple):
    """One judgment of a judge."""

    response_id: str
    inputs_hash: str
    repeat_index: int


class StoredJudgment(NamedTuple):
    """How a stored judgment stands."""

    id: str
    key: JudgmentKey
    status: CallStatus
    error_kind: str | None


_OF_JUDGMENT = (
    "judge_id",
    "response_id",
    "shown_response_ids",
    "chosen_response_id",
    "criterion",
    "purpose",
    "repeat_index",
    "status",
    "score",
    "raw_score",
    "reasoning",
    "raw_reply",
    "details",
    "error_kind",
    "error_message",
    "prompt_tokens",
    "completion_tokens",
    "cost_usd",
    "duration_ns",
    "inputs_hash",
    "created_at",
    "completed_at",
)


class MadeJudgment(NamedTuple):
    """What a judgment says, under the names of its columns."""

    response_id: str
    inputs_hash: str
    repeat_index: int
    criterion: str | None
    shown_response_ids: list[str]
    chosen_response_id: str | None
    score: float | None
    raw_score: float | None


class Judgments:
    """Queries over judges and judgments within one transaction."""

    def __init__(self, session: Session) -> None:
        self.session = session

    def judge_by_identity(self, identity: str) -> Judge | None:
        """The stored judge with that identity."""
        return self.session.exec(select(Judge).where(Judge.identity == identity)).first()

    def judge(self, judge_id: str) -> Judge:
        """The judge of that id."""
        return self.session.get_one(Judge, judge_id)

    def judges_of(self, study_id: str) -> list[Judge]:
        """The judges that have judgments on the study's responses, by label, oldest first."""
        asked = (
            select(Judgment.judge_id)
            .join(Response, col(Response.id) == col(Judgment.response_id))
            .where(Response.study_id == study_id)
            .distinct()
        )
        query = select(Judge).where(col(Judge.id).in_(asked)).order_by(Judge.label)
        return list(self.session.exec(query.order_by(col(Judge.created_at), col(Judge.id))).all())

    def standing(
        self, judge_id: str, study_id: str, purpose: JudgmentPurpose = JudgmentPurpose.SCORE
    ) -> list[StoredJudgment]:
        """How the judge's judgments on the study's responses stand, oldest first."""
        rows = self.session.connection().execute(
            select_columns(
                col(Judgment.id),
                col(Judgment.response_id),
                col(Judgment.inputs_hash),
                col(Judgment.repeat_index),
                col(Judgment.status),
                col(Judgment.error_kind),
            )
            .join(Response, col(Response.id) == col(Judgment.response_id))
            .where(
                col(Judgment.judge_id) == judge_id,
                col(Judgment.purpose) == purpose,
                col(Response.study_id) == study_id,
            )
            .order_by(col(Judgment.created_at), col(Judgment.id))
        )
        return [
            StoredJudgment(row_id, JudgmentKey(response_id, seen, repeat), status, kind)
            for row_id, response_id, seen, repeat, status, kind in rows
        ]

    def made(self, judge_id: str, study_id: str) -> list[MadeJudgment]:
        """The judge's scores and choices on the study's responses, oldest first."""
        columns = [col(getattr(Judgment, name)) for name in MadeJudgment._fields]
        rows = self.session.connection().execute(
            select_columns(*columns)
            .join(Response, col(Response.id) == col(Judgment.response_id))
            .where(
                col(Judgment.judge_id) == judge_id,
                col(Judgment.purpose) == JudgmentPurpose.SCORE,
                col(Judgment.status) == CallStatus.OK,
                col(Response.study_id) == study_id,
            )
            .order_by(col(Judgment.created_at), col(Judgment.id))
        )
        return [MadeJudgment(*row) for row in rows]

    def evidence(self, study_id: str, judge_id: str | None = None) -> Sequence[RowMapping]:
        """All that is stored of judgments on the study's responses, of one judge or of all.

        Of every purpose and status, oldest first.
        """
        query = (
            select_columns(
                *(col(getattr(Judgment, name)) for name in _OF_JUDGMENT),
                col(Judgment.id).label("judgment_id"),
                col(Judge.name).label("method"),
                col(Judge.label).label("label"),
                col(Judge.model).label("judge_model"),
                col(Judge.scale_min),
                col(Judge.scale_max),
                col(Response.test_case_id),
                col(Response.sample_index),
                col(TestCase.name).label("test_case"),
                col(Candidate.model).label("model"),
            )
            .join(Judge, col(Judge.id) == col(Judgment.judge_id))
            .join(Response, col(Response.id) == col(Judgment.response_id))
            .join(TestCase, col(TestCase.id) == col(Response.test_case_id))
            .join(Candidate, col(Candidate.id) == col(Response.candidate_id))
            .where(col(Response.study_id) == study_id)
            .order_by(col(Judgment.created_at), col(Judgment.id))
        )
        if judge_id is not None:
            query = query.where(col(Judgment.judge_id) == judge_id)
        return self.session.connection().execute(query).mappings().all()

    def models_of(self, study_id: str) -> dict[str, str]:
        """``response id -> provider/model`` of the study's responses."""
        rows = self.session.connection().execute(
            select_columns(col(Response.id), col(Candidate.model))
            .join(Candidate, col(Candidate.id) == col(Response.candidate_id))
            .where(col(Response.study_id) == study_id)
        )
        return {row.id: row.model for row in rows}

    def add(self, judge_id: str, run_id: str, rows: Iterable[dict[str, Any]]) -> None:
        """Store new rows; each gives the columns that differ from the table's defaults."""
        defaults = Judgment(judge_id=judge_id, run_id=run_id, response_id="", inputs_hash="")
        blank = defaults.model_dump()
        # One row's defaults serve all: making thousands of objects would take seconds.
        stored = [{**blank, "id": new_id(), **row} for row in rows]
        if stored:
            self.session.connection().execute(insert(Judgment), stored)

    def open_among(self, judgment_ids: Sequence[str]) -> list[Judgment]:
        """Those of the judgments that are not made yet."""
        return list(
            self.session.exec(
                select(Judgment).where(
                    col(Judgment.id).in_(judgment_ids), Judgment.status == CallStatus.PLANNED
                )
            ).all()
        )

    def store(self, run_id: str, results: Mapping[str, dict[str, Any]]) -> None:
        """Put results into rows that are still the run's to make: ``judgment id -> columns``."""
        by_columns: dict[tuple[str, ...], list[dict[str, Any]]] = defaultdict(list)
        for judgment_id, values in results.items():
            columns = tuple(sorted(values))
            named = {f"new_{column}": values[column] for column in columns}
            by_columns[columns].append({"judgment": judgment_id, "run": run_id, **named})
        table = Judgment.__table__  # type: ignore[attr-defined]  # SQLModel does not declare it
        for columns, rows in by_columns.items():
            statement = (
                update(table)
                .where(
                    table.c.id == bindparam("judgment"),
                    table.c.run_id == bindparam("run"),
                    table.c.status == CallStatus.PLANNED,
                )
                .values({column: bindparam(f"new_{column}") for column in columns})
            )
            self.session.connection().execute(statement, rows)

    def setups(self, study_id: str, judge_name: str | None = None) -> list[JudgeSetup]:
        """The study's set-ups of judges (or of one), newest first."""
        query = select(JudgeSetup).where(JudgeSetup.study_id == study_id)
        if judge_name is not None:
            query = query.where(JudgeSetup.judge_name == judge_name)
        return list(self.session.exec(query.order_by(col(JudgeSetup.number).desc())).all())
