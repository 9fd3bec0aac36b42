"""Judges and their judgments."""

from collections.abc import Iterable, Sequence

from sqlalchemy import insert
from sqlmodel import Session, col, select

from db.tables import CallStatus, Judge, Judgment

JudgmentKey = tuple[str, str]
"""``(response_id, inputs_hash)``: one judgment of a judge."""


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

    def judges_of(self, response_ids: Sequence[str]) -> list[Judge]:
        """The judges that have judgments on any of those responses, by label."""
        judge_ids: set[str] = set()
        for start in range(0, len(response_ids), 500):
            some = col(Judgment.response_id).in_(response_ids[start : start + 500])
            judge_ids |= set(
                self.session.exec(select(Judgment.judge_id).where(some).distinct()).all()
            )
        query = select(Judge).where(col(Judge.id).in_(judge_ids)).order_by(Judge.label)
        return list(self.session.exec(query.order_by(col(Judge.created_at))).all())

    def of_judge(self, judge_id: str, response_ids: Iterable[str]) -> list[Judgment]:
        """The judge's judgments on those responses, oldest first."""
        wanted = set(response_ids)
        rows = self.session.exec(
            select(Judgment)
            .where(Judgment.judge_id == judge_id)
            .order_by(col(Judgment.created_at), col(Judgment.id))
        ).all()
        return [row for row in rows if row.response_id in wanted]

    def add_planned(self, judge_id: str, run_id: str, keys: Iterable[JudgmentKey]) -> None:
        """Store rows for judgments that are to be made."""
        rows = [
            Judgment(
                judge_id=judge_id, run_id=run_id, response_id=response_id, inputs_hash=inputs_hash
            ).model_dump()
            for response_id, inputs_hash in keys
        ]
        if rows:
            self.session.connection().execute(insert(Judgment), rows)

    def open_among(self, judgment_ids: Sequence[str]) -> list[Judgment]:
        """Those of the judgments that are not made yet."""
        return list(
            self.session.exec(
                select(Judgment).where(
                    col(Judgment.id).in_(judgment_ids), Judgment.status == CallStatus.PLANNED
                )
            ).all()
        )

    def get(self, judgment_id: str) -> Judgment:
        """The judgment of that id."""
        return self.session.get_one(Judgment, judgment_id)
