"""Which campaigns somebody is at work in."""

from collections.abc import Sequence

from sqlmodel import Session, col, select

from db.tables import Campaign, Origin, RatingSession, SessionStatus


def campaigns_under_way(session: Session) -> Sequence[str]:
    """The campaigns, whatever their status, with unfinished sessions that were begun here."""
    begun = select(RatingSession.campaign_id).where(
        RatingSession.status == SessionStatus.STARTED,
        RatingSession.origin == Origin.COLLECTED,
    )
    query = select(Campaign.id).where(col(Campaign.id).in_(begun))
    return session.exec(query.order_by(col(Campaign.opened_at))).all()
