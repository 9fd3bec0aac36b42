"""What screening reads of a campaign: who answered what, when, and what was shown."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime

from sqlalchemy import func
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select

from db.repositories.responses import ResponseInContext, Responses
from db.tables import (
    AnswerStatus,
    Campaign,
    Control,
    Exclusion,
    Item,
    Preference,
    Rater,
    Rating,
    RatingSession,
    SessionStatus,
    StudyVersion,
)


@dataclass(frozen=True, slots=True)
class GivenRating:
    """What screening needs of a `Rating`; whole rows of thousands would be slow to make."""

    item_id: str
    criterion: str
    value: int | None
    preference: Preference | None
    status: AnswerStatus
    comment: str | None
    active_ms: int | None
    shown_to_saved_ms: int | None
    reported_ms: int | None


@dataclass(frozen=True, slots=True)
class CampaignAnswers:
    """All that a campaign's complete sessions hold.

    ``items`` are by session in their order, ``ratings`` by item, the others by their id.
    """

    sessions: Sequence[tuple[RatingSession, Rater]]
    items: dict[str, list[Item]]
    ratings: dict[str, list[GivenRating]]
    responses: dict[str, ResponseInContext]
    controls: dict[str, Control]


def answers_of(session: Session, campaign_id: str) -> CampaignAnswers:
    """Everything that the campaign's complete sessions hold, oldest session first."""
    is_complete = (
        col(RatingSession.campaign_id) == campaign_id,
        col(RatingSession.status) == SessionStatus.COMPLETE,
    )
    sessions = session.exec(
        select(RatingSession, Rater)
        .join(Rater, col(Rater.id) == col(RatingSession.rater_id))
        .where(*is_complete)
        .order_by(col(RatingSession.started_at), col(RatingSession.id))
    ).all()
    items: dict[str, list[Item]] = {}
    response_ids: set[str] = set()
    for item in session.exec(
        select(Item)
        .join(RatingSession, col(RatingSession.id) == col(Item.session_id))
        .where(*is_complete)
        .order_by(col(Item.session_id), col(Item.position))
    ):
        items.setdefault(item.session_id, []).append(item)
        response_ids.update(filter(None, (item.response_id, item.second_response_id)))
    ratings: dict[str, list[GivenRating]] = {}
    rows = session.connection().execute(
        select_columns(*(col(getattr(Rating, one.name)) for one in fields(GivenRating)))
        .join(RatingSession, col(RatingSession.id) == col(Rating.session_id))
        .where(*is_complete)
        .order_by(col(Rating.criterion))
    )
    for row in rows:
        rating = GivenRating(*row)
        ratings.setdefault(rating.item_id, []).append(rating)
    controls = session.exec(select(Control).where(Control.campaign_id == campaign_id)).all()
    return CampaignAnswers(
        sessions=sessions,
        items=items,
        ratings=ratings,
        responses={one.response.id: one for one in Responses(session).by_ids(sorted(response_ids))},
        controls={one.id: one for one in controls},
    )


def newest_of_study(session: Session, study_id: str) -> tuple[int, datetime | None, str | None]:
    """``(complete sessions, when the newest was completed, newest decision's id)``.

    The decision is the newest about anything, of whatever study.
    """
    complete, completed_at = session.exec(
        select(func.count(), func.max(col(RatingSession.completed_at)))
        .select_from(RatingSession)
        .join(Campaign, col(Campaign.id) == col(RatingSession.campaign_id))
        .join(StudyVersion, col(StudyVersion.id) == col(Campaign.study_version_id))
        .where(
            StudyVersion.study_id == study_id,
            RatingSession.status == SessionStatus.COMPLETE,
        )
    ).one()
    newest = select(Exclusion.id).order_by(
        col(Exclusion.created_at).desc(), col(Exclusion.id).desc()
    )
    return complete, completed_at, session.exec(newest.limit(1)).first()


def people_of_study(
    session: Session, study_id: str
) -> Sequence[tuple[RatingSession, Rater, Campaign]]:
    """Everybody who began a session of the study and answered something, the first one first."""
    query = (
        select(RatingSession, Rater, Campaign)
        .join(Rater, col(Rater.id) == col(RatingSession.rater_id))
        .join(Campaign, col(Campaign.id) == col(RatingSession.campaign_id))
        .join(StudyVersion, col(StudyVersion.id) == col(Campaign.study_version_id))
        .where(
            StudyVersion.study_id == study_id,
            col(RatingSession.id).in_(select(Rating.session_id)),
        )
    )
    return session.exec(query.order_by(col(RatingSession.started_at), col(RatingSession.id))).all()


def comments_of_study(session: Session, study_id: str) -> Sequence[tuple[str, str]]:
    """``(session id, comment)`` of all comments of the study."""
    query = (
        select(Rating.session_id, Rating.comment)
        .join(RatingSession, col(RatingSession.id) == col(Rating.session_id))
        .join(Campaign, col(Campaign.id) == col(RatingSession.campaign_id))
        .join(StudyVersion, col(StudyVersion.id) == col(Campaign.study_version_id))
        .where(StudyVersion.study_id == study_id, col(Rating.comment).is_not(None))
    )
    return [(session_id, comment) for session_id, comment in session.exec(query) if comment]
