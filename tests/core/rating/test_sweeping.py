"""What silent sessions hold comes back, also where nobody starts any more."""

from datetime import timedelta
from typing import Any

import pytest

from core.exchange.original import import_bytes
from core.rating.balance import balance_of
from core.rating.campaigns import close_campaign, pause_campaign
from core.rating.design import CampaignDesign
from core.rating.sweeping import release_all_abandoned
from db.engine import Database
from db.tables import Campaign, RatingSession, SessionStatus
from db.types import utc_now
from tests.building import ACTOR, rows_of
from tests.core.exchange.samples import as_json, comparison
from tests.core.rating.reservations import campaign_on, content_of, start

NOW = utc_now()
LONG_AGO = NOW - timedelta(days=2)


def new_campaign(database: Database, **design: Any) -> Campaign:
    content = content_of(database)
    values = {"items_per_session": 2, "overlap": 30, "lease_minutes": 60}
    return campaign_on(database, content, CampaignDesign(**values | design))


def statuses(database: Database) -> list[SessionStatus]:
    with database.read() as session:
        return sorted(one.status for one in rows_of(session, RatingSession))


@pytest.mark.parametrize("turned", [None, pause_campaign, close_campaign])
def test_silent_sessions_are_abandoned_whatever_became_of_their_campaign(
    database: Database, turned: Any
) -> None:
    campaign = new_campaign(database)
    # The one that is silent starts last here, since every start looks for such sessions too.
    for moment in (NOW - timedelta(minutes=59), LONG_AGO):
        start(database, campaign, now=moment)
    if turned is not None:
        turned(database, campaign.id, ACTOR)
    assert release_all_abandoned(database, NOW) == 1
    assert statuses(database) == [SessionStatus.ABANDONED, SessionStatus.STARTED]
    held = balance_of(database, campaign.id, statuses=None)
    assert held.items == 2
    assert held.counters_agree
    assert release_all_abandoned(database, NOW) == 0


def test_all_of_many_are_released_in_every_campaign_by_its_own_lease(database: Database) -> None:
    short, long = new_campaign(database), new_campaign(database, lease_minutes=60 * 24 * 3)
    for number in range(23):
        start(database, short, now=LONG_AGO + timedelta(seconds=number))
    start(database, long, now=LONG_AGO)
    assert release_all_abandoned(database, NOW) == 23
    assert statuses(database) == [SessionStatus.ABANDONED] * 23 + [SessionStatus.STARTED]


def test_imported_sessions_stay_as_they_were_imported(database: Database) -> None:
    document = as_json([{"ann": [comparison(), comparison(clarity="?")]}])
    import_bytes(database, "talk.json", document, study_name=None, actor=ACTOR)
    assert release_all_abandoned(database, NOW + timedelta(days=9)) == 0
    assert statuses(database) == [SessionStatus.STARTED]
