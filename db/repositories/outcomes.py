"""How each session of a campaign ended: who it was and the code."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, func
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select

from db.tables import Rater, Rating, RatingSession, SessionStatus


@dataclass(frozen=True, slots=True)
class SessionRow:
    """One session with its person and what was answered; null where nothing tells."""

    session: RatingSession
    rater: Rater
    items_answered: int
    active_ms: int | None


@dataclass(frozen=True, slots=True)
class CodeRow:
    """A session's own code; ``was_finished`` holds also after the answers were taken back."""

    code: str
    status: SessionStatus
    pseudonym: str
    was_finished: bool


class Outcomes:
    """Queries over one campaign's sessions within one transaction."""

    def __init__(self, session: Session, campaign_id: str) -> None:
        self.session = session
        self.campaign_id = campaign_id

    def sessions(self) -> list[SessionRow]:
        """Every session of the campaign, oldest first."""
        items = (
            select_columns(
                col(Rating.session_id).label("session_id"),
                func.max(col(Rating.active_ms)).label("active_ms"),
            )
            .join(RatingSession, col(RatingSession.id) == col(Rating.session_id))
            .where(self._ours())
            .group_by(col(Rating.session_id), col(Rating.item_id))
            .subquery()
        )
        sums = (
            select_columns(
                items.c.session_id,
                func.count().label("answered"),
                func.sum(items.c.active_ms).label("active_ms"),
            )
            .group_by(items.c.session_id)
            .subquery()
        )
        rows = self.session.exec(
            select(RatingSession, Rater, sums.c.answered, sums.c.active_ms)
            .join(Rater, col(Rater.id) == col(RatingSession.rater_id))
            .outerjoin(sums, sums.c.session_id == col(RatingSession.id))
            .where(self._ours())
            .order_by(col(RatingSession.started_at), col(RatingSession.id))
        ).all()
        return [
            SessionRow(one, rater, answered or 0, None if active is None else int(active))
            for one, rater, answered, active in rows
        ]

    def codes(self) -> list[CodeRow]:
        """The own code of every session."""
        query = (
            select(
                RatingSession.completion_code,
                RatingSession.status,
                Rater.pseudonym,
                RatingSession.completed_at,
            )
            .join(Rater, col(Rater.id) == col(RatingSession.rater_id))
            .where(self._ours())
        )
        return [
            CodeRow(code, SessionStatus(status), name, completed_at is not None)
            for code, status, name, completed_at in self.session.exec(query)
        ]

    def _ours(self) -> ColumnElement[bool]:
        return col(RatingSession.campaign_id) == self.campaign_id
