"""What an export of people's answers is made of: every rating with all it refers to."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Label, RowMapping, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from db.tables import (
    Campaign,
    Candidate,
    Control,
    Item,
    Rater,
    Rating,
    RatingSession,
    Response,
    StudyVersion,
)


def exported_ratings(session: Session, study_id: str) -> Sequence[RowMapping]:
    """Every rating of the study's campaigns, of whatever session, in the order it was asked for."""
    second, second_candidate = aliased(Response), aliased(Candidate)
    control, second_control = aliased(Control), aliased(Control)
    columns: list[Label[Any]] = [
        col(Rating.id).label("rating_id"),
        col(RatingSession.id).label("session_id"),
        col(RatingSession.status).label("session_status"),
        col(RatingSession.origin).label("origin"),
        col(Campaign.id).label("campaign_id"),
        col(StudyVersion.number).label("rubric_version"),
        col(Rater.id).label("rater_row_id"),
        col(Rater.pseudonym).label("pseudonym"),
        col(Rater.external_id).label("external_id"),
        col(Item.id).label("item_id"),
        col(Item.position).label("position"),
        col(Response.test_case_id).label("prompt_id"),
        col(Response.id).label("response_id"),
        col(Candidate.id).label("candidate_id"),
        col(Candidate.model).label("model"),
        col(second.id).label("second_response_id"),
        col(second_candidate.id).label("second_candidate_id"),
        col(second_candidate.model).label("second_model"),
        col(control.kind).label("control_kind"),
        col(second_control.kind).label("second_control_kind"),
        col(Rating.criterion).label("criterion"),
        col(Rating.value).label("value"),
        col(Rating.preference).label("preference"),
        col(Rating.status).label("status"),
        col(Rating.comment).label("comment"),
        col(Rating.shown_at).label("shown_at"),
        col(Rating.submitted_at).label("submitted_at"),
        col(Rating.active_ms).label("active_ms"),
        col(Rating.hidden_ms).label("hidden_ms"),
        col(Rating.blur_count).label("blur_count"),
        col(Rating.shown_to_saved_ms).label("shown_to_saved_ms"),
        col(Rating.reported_ms).label("reported_ms"),
    ]
    query = (
        select(*columns)
        .select_from(Rating)
        .join(Item, col(Item.id) == col(Rating.item_id))
        .join(RatingSession, col(RatingSession.id) == col(Rating.session_id))
        .join(Rater, col(Rater.id) == col(RatingSession.rater_id))
        .join(Campaign, col(Campaign.id) == col(RatingSession.campaign_id))
        .join(StudyVersion, col(StudyVersion.id) == col(Campaign.study_version_id))
        .join(Response, col(Response.id) == col(Item.response_id))
        .join(Candidate, col(Candidate.id) == col(Response.candidate_id))
        .outerjoin(second, col(second.id) == col(Item.second_response_id))
        .outerjoin(second_candidate, col(second_candidate.id) == col(second.candidate_id))
        .outerjoin(control, col(control.id) == col(Item.control_id))
        .outerjoin(second_control, col(second_control.id) == col(Item.second_control_id))
        .where(col(StudyVersion.study_id) == study_id)
        .order_by(
            col(RatingSession.started_at),
            col(RatingSession.id),
            col(Item.position),
            col(Rating.criterion),
        )
    )
    return session.connection().execute(query).mappings().all()
