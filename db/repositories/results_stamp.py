"""Something that is another whenever a study's results can be."""

from sqlalchemy import func, select
from sqlmodel import Session, col

from db.tables import (
    Campaign,
    Exclusion,
    Judge,
    JudgeSetup,
    Judgment,
    Rating,
    RatingSession,
    Response,
    StudyVersion,
)

Stamp = tuple[tuple[object, ...], ...]


def results_stamp(session: Session, study_id: str) -> Stamp:
    """How many rows of each kind the study's results are read from, and their newest moments.

    Rows are only added, ended or deleted, so one of these figures moves with any change. Exclusions
    are those of all studies.
    """
    in_study = col(StudyVersion.study_id) == study_id
    sessions = (
        select(
            func.count(),
            func.count(col(RatingSession.completed_at)),
            func.max(RatingSession.completed_at),
            func.count(col(RatingSession.ended_at)),
            func.max(RatingSession.ended_at),
        )
        .join(Campaign, col(Campaign.id) == col(RatingSession.campaign_id))
        .join(StudyVersion, col(StudyVersion.id) == col(Campaign.study_version_id))
        .where(in_study)
    )
    ratings = (
        select(func.count(), func.max(Rating.submitted_at))
        .join(RatingSession, col(RatingSession.id) == col(Rating.session_id))
        .join(Campaign, col(Campaign.id) == col(RatingSession.campaign_id))
        .join(StudyVersion, col(StudyVersion.id) == col(Campaign.study_version_id))
        .where(in_study)
    )
    judgments = (
        select(func.count(), func.count(col(Judgment.score)), func.max(Judgment.completed_at))
        .join(Response, col(Response.id) == col(Judgment.response_id))
        .where(col(Response.study_id) == study_id)
    )
    queries = (
        select(func.count(), func.max(StudyVersion.created_at)).where(in_study),
        select(func.count(), func.max(Response.completed_at)).where(
            col(Response.study_id) == study_id
        ),
        sessions,
        ratings,
        judgments,
        select(func.count()).select_from(Judge),
        select(func.count()).where(col(JudgeSetup.study_id) == study_id),
        select(func.count(), func.max(Exclusion.created_at)),
    )
    connection = session.connection()
    return tuple(tuple(connection.execute(query).one()) for query in queries)
