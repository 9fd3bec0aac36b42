"""Which sessions of a campaign hold their items, and for how long nothing was heard of them."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import exists, func, update
from sqlmodel import Session, col, select

from db.tables import Campaign, Rating, RatingSession, SessionStatus


class Leases:
    """Queries over the sessions of campaigns within one transaction."""

    def __init__(self, session: Session) -> None:
        self.session = session

    def lock_campaign(self, session_id: str) -> Campaign | None:
        """The campaign of a session, nobody else's to lock until the commit; none if unknown."""
        query = (
            select(Campaign)
            .join(RatingSession, col(RatingSession.campaign_id) == col(Campaign.id))
            .where(RatingSession.id == session_id)
            # PostgreSQL's row lock; SQLite has one writer anyway.
            .with_for_update(key_share=True, of=Campaign)
        )
        return self.session.exec(query).first()

    def count_others(self, campaign_id: str, session_id: str) -> int:
        """How many other sessions hold their items and are under way or complete."""
        query = select(func.count()).where(
            RatingSession.campaign_id == campaign_id,
            col(RatingSession.status).in_([SessionStatus.STARTED, SessionStatus.COMPLETE]),
            col(RatingSession.released_at).is_(None),
            col(RatingSession.understood_at).is_not(None),
            RatingSession.id != session_id,
        )
        return self.session.exec(query).one()

    def is_other_under_way(self, campaign_id: str, session_id: str) -> bool:
        """Whether another session has its items and is not finished."""
        query = select(RatingSession.id).where(
            RatingSession.campaign_id == campaign_id,
            RatingSession.status == SessionStatus.STARTED,
            col(RatingSession.understood_at).is_not(None),
            RatingSession.id != session_id,
        )
        return self.session.exec(query.limit(1)).first() is not None

    def silent_since(self, campaign_id: str, moment: datetime, most: int) -> Sequence[str]:
        """Sessions under way in which nothing happened since that moment, oldest first.

        One that somebody is writing to just now is not silent, and is left out.
        """
        query = (
            select(RatingSession.id)
            .where(
                RatingSession.campaign_id == campaign_id,
                RatingSession.status == SessionStatus.STARTED,
                RatingSession.started_at < moment,
                col(RatingSession.released_at).is_(None),
                func.coalesce(RatingSession.understood_at, RatingSession.started_at) < moment,
                ~exists().where(
                    col(Rating.session_id) == col(RatingSession.id),
                    col(Rating.submitted_at) >= moment,
                ),
            )
            .order_by(col(RatingSession.started_at))
            .limit(most)
            .with_for_update(skip_locked=True)
        )
        return self.session.exec(query).all()

    def abandon(self, session_ids: Sequence[str], now: datetime) -> None:
        """Mark sessions as abandoned, with their items back in the pool."""
        self.session.exec(
            update(RatingSession)
            .where(col(RatingSession.id).in_(session_ids))
            .values(status=SessionStatus.ABANDONED, released_at=now)
        )

    def mark_released(self, session_id: str, now: datetime) -> bool:
        """Say that a session's items are back in the pool; false when they are already."""
        released = self.session.exec(
            update(RatingSession)
            .where(col(RatingSession.id) == session_id, col(RatingSession.released_at).is_(None))
            .values(released_at=now)
        )
        return released.rowcount == 1

    def mark_retained(self, session_id: str) -> bool:
        """Say that a session holds its items again; false when it holds them already."""
        retained = self.session.exec(
            update(RatingSession)
            .where(col(RatingSession.id) == session_id, col(RatingSession.released_at).is_not(None))
            .values(released_at=None)
        )
        return retained.rowcount == 1
