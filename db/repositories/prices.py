"""Prices that people entered, and the models that need one."""

from collections.abc import Sequence

from sqlmodel import Session, col, select

from db.tables import Candidate, Judge, Price


class Prices:
    """Queries over prices within one transaction."""

    def __init__(self, session: Session) -> None:
        self.session = session

    def all(self) -> Sequence[Price]:
        """Every entry, the oldest first."""
        query = select(Price).order_by(col(Price.created_at), col(Price.id))
        return self.session.exec(query).all()

    def models_in_use(self) -> list[str]:
        """The models of all candidates and judges, by name."""
        candidates = self.session.exec(select(Candidate.model).distinct()).all()
        judges = self.session.exec(select(Judge.model).distinct()).all()
        return sorted({*candidates, *(model for model in judges if model is not None)})
