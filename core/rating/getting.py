"""A campaign by its id, for the staff's services."""

from sqlmodel import Session

from core.errors import NotFoundError
from db.repositories.rating import Campaigns
from db.repositories.studies import Studies, VersionContent
from db.tables import Campaign, StudyVersion


def campaign_of(session: Session, campaign_id: str, *, lock: bool = False) -> Campaign:
    """The campaign of that id, inside the caller's transaction.

    A locked one is nobody else's to lock until the commit.

    Raises:
        NotFoundError: there is no such campaign.
    """
    campaigns = Campaigns(session)
    campaign = campaigns.locked(campaign_id) if lock else campaigns.get(campaign_id)
    if campaign is None:
        raise NotFoundError(f"There is no campaign {campaign_id!r}; pick one from the list.")
    return campaign


def version_of_campaign(session: Session, campaign: Campaign) -> VersionContent:
    """The version whose responses the campaign shows, inside the caller's transaction."""
    return Studies(session).content(session.get_one(StudyVersion, campaign.study_version_id))
