"""Counts that results need, besides the answers themselves."""

from collections.abc import Container, Sequence

from sqlmodel import Session, col, select

from db.tables import Item, RatingSession, SessionStatus


def started_sessions(
    session: Session, campaign_ids: Sequence[str], response_ids: Container[str]
) -> int:
    """How many sessions of the campaigns are not complete and hold one of the responses."""
    rows = session.exec(
        select(RatingSession.id, Item.response_id)
        .join(Item, col(Item.session_id) == col(RatingSession.id))
        .where(
            col(RatingSession.campaign_id).in_(campaign_ids),
            RatingSession.status != SessionStatus.COMPLETE,
        )
    ).all()
    return len({session_id for session_id, response_id in rows if response_id in response_ids})
