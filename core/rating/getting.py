"""A campaign by its id, for the staff's services."""

from sqlmodel import Session

from core.errors import NotFoundError
from db.repositories.rating import Campaigns
from db.tables import Campaign


def campaign_of(session: Session, campaign_id: str) -> Campaign:
    """The campaign of that id, inside the caller's transaction.

    Raises:
        NotFoundError: there is no such campaign.
    """
    campaign = Campaigns(session).get(campaign_id)
    if campaign is None:
        raise NotFoundError(f"There is no campaign {campaign_id!r}; pick one from the list.")
    return campaign
