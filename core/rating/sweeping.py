"""Give back what silent sessions hold, also where nobody starts any more and so notices them."""

from datetime import datetime

from core.rating.design import design_of
from core.rating.reserving import release_abandoned
from db.engine import Database
from db.repositories.rating import Campaigns
from db.repositories.under_way import campaigns_under_way

_AT_A_TIME = 10


def release_all_abandoned(database: Database, now: datetime) -> int:
    """Mark the sessions of every campaign as abandoned whose lease is over; says how many.

    Campaigns that are paused or closed too: their sessions go on, and end so. A few at a time, as
    raters' answers must not wait for hundreds. A session that was imported stays what it was.
    """
    with database.read() as session:
        campaign_ids = campaigns_under_way(session)
    return sum(_release(database, one, now) for one in campaign_ids)


def _release(database: Database, campaign_id: str, now: datetime) -> int:
    released = 0
    while some := _release_some(database, campaign_id, now):
        released += some
    return released


def _release_some(database: Database, campaign_id: str, now: datetime) -> int:
    with database.write() as session:
        campaign = Campaigns(session).locked(campaign_id)
        if campaign is None:
            return 0
        return release_abandoned(session, campaign_id, design_of(campaign.design), now, _AT_A_TIME)
