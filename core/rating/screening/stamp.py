"""Whether a screening that was made before still holds."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from core.rating.getting import campaign_of
from db.engine import Database
from db.repositories.behaviour import newest_of_study
from db.tables import StudyVersion


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a screening was made of; while it is the same, so is the screening.

    It is of the whole study, since rules look for the same person in its other campaigns. What a
    session under way adds to that shows with the next complete one.
    """

    complete_sessions: int
    newest_completion: datetime | None
    newest_decision_id: str | None


def screening_stamp(database: Database, campaign_id: str) -> Stamp:
    """The stamp that a screening of the campaign would have now.

    Raises:
        NotFoundError: there is no such campaign.
    """
    with database.read() as session:
        return Stamp(*newest_of_study(session, _study_of(session, campaign_id)))


def _study_of(session: Session, campaign_id: str) -> str:
    campaign = campaign_of(session, campaign_id)
    return session.get_one(StudyVersion, campaign.study_version_id).study_id
