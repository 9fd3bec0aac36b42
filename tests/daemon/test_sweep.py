"""The daemon gives back what silent sessions hold, without anybody who starts."""

from datetime import timedelta

from core.rating.campaigns import close_campaign
from core.rating.design import CampaignDesign
from db.engine import Database
from db.tables import RatingSession, SessionStatus
from db.types import utc_now
from tests.building import ACTOR
from tests.core.rating.reservations import campaign_on, content_of, start
from tests.daemon.running import Daemons, wait_until


def test_a_silent_session_of_a_closed_campaign_is_soon_abandoned(
    database: Database, daemons: Daemons
) -> None:
    campaign = campaign_on(database, content_of(database), CampaignDesign(items_per_session=2))
    session_id = start(database, campaign, now=utc_now() - timedelta(days=2))
    close_campaign(database, campaign.id, ACTOR)
    daemons.start()

    def is_abandoned() -> bool:
        with database.read() as session:
            row = session.get_one(RatingSession, session_id)
            return row.status is SessionStatus.ABANDONED

    wait_until(is_abandoned, daemons.printed)
    assert daemons.printed() == "slam.daemon: ready\n"
