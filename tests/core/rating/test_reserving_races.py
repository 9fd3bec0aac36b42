"""Many starts at once, in threads and in processes: nobody gets what another has."""

import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from sqlmodel import select

from core.rating.balance import Axis, balance_of
from core.rating.design import CampaignDesign, Protocol
from db.engine import Database
from db.tables import Campaign, ControlKind, Item, RatingSession, SessionStatus
from tests.core.rating.reservations import (
    campaign_on,
    come_back,
    content_of,
    drop_out,
    finish,
    start,
    units_in,
)

_ROOT = Path(__file__).resolve().parents[3]
_START_MANY = """
import sys
from db.engine import Database
from db.tables import Campaign, SessionStatus
from tests.core.rating.reservations import start
database = Database(sys.argv[1])
with database.read() as session:
    campaign = session.get_one(Campaign, sys.argv[2])
print("ready", flush=True)
sys.stdin.readline()
started = 0
while start(database, campaign, status=SessionStatus.COMPLETE) is not None:
    started += 1
print(started)
database.close()
"""


def sets_of(database: Database, campaign: Campaign) -> dict[str, list[str]]:
    """The units of every session that has items."""
    with database.read() as session:
        rows = session.exec(
            select(Item.session_id, Item.unit_id)
            .join(RatingSession)
            .where(RatingSession.campaign_id == campaign.id)
        ).all()
    sets: dict[str, list[str]] = {}
    for session_id, unit_id in rows:
        if unit_id is not None:
            sets.setdefault(session_id, []).append(unit_id)
    return sets


def check_exact(database: Database, campaign: Campaign, sessions: int, overlap: int) -> None:
    """Every unit is reserved as often as it is to be, each time by somebody else."""
    sets = sets_of(database, campaign)
    assert len(sets) == sessions
    assert all(len(units) == len(set(units)) == 6 for units in sets.values())
    times = Counter(unit for units in sets.values() for unit in units)
    assert {times[unit.id] for unit in units_in(database, campaign)} == {overlap}
    assert balance_of(database, campaign.id).counters_agree


def test_threads_that_start_at_once_share_out_the_campaign(database: Database) -> None:
    content = content_of(database, models=3, cases=8, samples=1)
    design = CampaignDesign(overlap=3, items_per_session=6, allows_extra_sessions=False)
    campaign = campaign_on(database, content, design)
    with ThreadPoolExecutor(8) as pool:
        started = list(pool.map(lambda _: start(database, campaign), range(20)))
    assert len([one for one in started if one is not None]) == 12
    check_exact(database, campaign, sessions=12, overlap=3)


def test_threads_that_start_leave_and_come_back_keep_the_counters_whole(
    database: Database,
) -> None:
    content = content_of(database, models=3, cases=6, samples=1)
    design = CampaignDesign(
        protocol=Protocol.PAIR, overlap=10, items_per_session=4, known_bad_items=1
    )
    campaign = campaign_on(database, content, design, controls=[ControlKind.KNOWN_BAD])

    def rate(number: int) -> None:
        session_id = start(database, campaign)
        if session_id is None:
            return
        if number % 2:
            assert drop_out(database, session_id)
        if number % 4 == 1:
            assert come_back(database, session_id)
        if number % 4 != 3:
            finish(database, session_id)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(rate, range(24)))
    balance = balance_of(database, campaign.id, statuses=None)
    assert balance.disagreements == {}
    assert balance.sessions == 18
    sides = next(one for one in balance.dimensions if one.axis is Axis.UNIT)
    assert sides.greatest_deviation <= 2


def test_threads_that_give_back_the_same_session_count_it_once(database: Database) -> None:
    campaign = campaign_on(database, content_of(database), CampaignDesign(items_per_session=3))
    session_id = start(database, campaign)
    assert session_id is not None
    given_back: str = session_id
    with ThreadPoolExecutor(6) as pool:
        outcomes = list(pool.map(lambda _: drop_out(database, given_back), range(6)))
    assert Counter(outcomes) == {True: 1, False: 5}
    assert balance_of(database, campaign.id).counters_agree


def test_two_processes_share_out_one_campaign(database: Database, database_url: str) -> None:
    content = content_of(database, models=3, cases=8, samples=2)
    design = CampaignDesign(overlap=3, items_per_session=6)
    campaign = campaign_on(database, content, design)
    assert sum(_started_by_processes(database_url, campaign, 2)) == 24
    check_exact(database, campaign, sessions=24, overlap=3)
    with database.read() as session:
        statuses = session.exec(
            select(RatingSession.status).where(RatingSession.campaign_id == campaign.id)
        ).all()
    assert Counter(statuses) == {SessionStatus.COMPLETE: 24, SessionStatus.NOTHING_LEFT: 2}


def _started_by_processes(url: str, campaign: Campaign, number: int) -> Sequence[int]:
    """Let processes loose on the campaign at once; gives how many sessions each started."""
    command = [sys.executable, "-c", _START_MANY, url, campaign.id]
    processes = [
        subprocess.Popen(
            command, cwd=_ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(number)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    return [int(process.communicate(timeout=120)[0]) for process in processes]
