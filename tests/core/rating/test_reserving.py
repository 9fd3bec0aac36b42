"""Reserving items: balanced, complete, given back and taken again."""

import random
from collections import Counter
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlmodel import select

from core.rating.balance import Axis, Dimension, balance_of
from core.rating.design import CampaignDesign, PairsOf, Protocol
from core.rating.reserving import release
from db.engine import Database
from db.tables import (
    Campaign,
    CampaignCase,
    Control,
    ControlKind,
    Item,
    Rating,
    RatingSession,
    SessionStatus,
    Subject,
)
from db.types import utc_now
from tests.building import decide
from tests.core.rating.reservations import (
    campaign_on,
    come_back,
    content_of,
    drop_out,
    finish,
    items_of,
    start,
    start_in,
    units_in,
)

# Each example makes a campaign of its own in the store that the examples share.
on_a_shared_store = settings(
    max_examples=10,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # shrinking on a store takes minutes
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)

DESIGNS = st.builds(
    CampaignDesign,
    protocol=st.sampled_from(Protocol),
    pairs_of=st.sampled_from(PairsOf),
    overlap=st.integers(1, 4),
    items_per_session=st.integers(1, 14),
    allows_extra_sessions=st.booleans(),
)
STUDIES = st.fixed_dictionaries(
    {"models": st.integers(2, 4), "cases": st.integers(1, 5), "samples": st.integers(1, 2)}
)


def dimension(database: Database, campaign: Campaign, axis: Axis) -> Dimension:
    """One axis over all sessions that hold their items."""
    balance = balance_of(database, campaign.id, statuses=None)
    return next(one for one in balance.dimensions if one.axis is axis)


@on_a_shared_store
@given(design=DESIGNS, study=STUDIES, data=st.data())
def test_whatever_happens_the_counters_are_what_the_items_say_and_nobody_rates_twice(
    database: Database, design: CampaignDesign, study: dict[str, int], data: st.DataObject
) -> None:
    campaign = campaign_on(
        database,
        content_of(database, **study),
        design.model_copy(update={"attention_items": 1, "known_bad_items": 1}),
        controls=[ControlKind.ATTENTION, ControlKind.KNOWN_BAD],
    )
    events = data.draw(st.lists(st.sampled_from("sssfdc"), min_size=4, max_size=14))
    under_way: list[str] = []
    gone: list[str] = []
    for event in events:
        if event == "s" and (session_id := start(database, campaign)) is not None:
            under_way.append(session_id)
        elif event == "f" and under_way:
            finish(database, under_way.pop())
        elif event == "d" and under_way:
            gone.append(under_way.pop(0))
            assert drop_out(database, gone[-1])
        elif event == "c" and gone:
            under_way.append(gone.pop(0))
            assert come_back(database, under_way[-1])
    assert balance_of(database, campaign.id).disagreements == {}
    for session_id in (*under_way, *gone):
        items = items_of(database, session_id)
        assert [item.position for item in items] == list(range(len(items)))
        units = [item.unit_id for item in items if item.unit_id]
        assert len(units) == len(set(units)) > 0


@on_a_shared_store
@given(study=STUDIES, overlap=st.integers(1, 3), data=st.data())
def test_with_whole_blocks_every_cell_is_always_within_one_of_ideal(
    database: Database, study: dict[str, int], overlap: int, data: st.DataObject
) -> None:
    content = content_of(database, **study)
    blocks = data.draw(st.integers(1, study["cases"]))
    design = CampaignDesign(overlap=overlap, items_per_session=blocks * study["models"])
    campaign = campaign_on(database, content, design)
    for _ in range(10):
        assert start(database, campaign) is not None
        for axis in (Axis.CELL, Axis.UNIT):
            evenness = dimension(database, campaign, axis)
            assert evenness.most - evenness.least <= 1
            assert evenness.greatest_deviation <= 1


@on_a_shared_store
@given(study=STUDIES, data=st.data())
def test_what_leavers_gave_back_is_taken_by_those_who_come_after(
    database: Database, study: dict[str, int], data: st.DataObject
) -> None:
    content = content_of(database, **study)
    blocks = data.draw(st.integers(1, study["cases"]))
    design = CampaignDesign(overlap=20, items_per_session=blocks * study["models"])
    campaign = campaign_on(database, content, design)
    sessions = [start(database, campaign) for _ in range(9)]
    leaving = data.draw(st.lists(st.integers(0, 8), unique=True, min_size=1))
    for number in leaving:
        assert drop_out(database, sessions[number] or "")
    for _ in leaving:
        assert start(database, campaign) is not None
    cells = dimension(database, campaign, Axis.CELL)
    assert cells.most - cells.least <= 1
    assert cells.greatest_deviation <= 1


@on_a_shared_store
@given(design=DESIGNS, study=STUDIES, seed=st.integers(), data=st.data())
def test_when_enough_sessions_are_complete_every_unit_has_the_overlap(
    database: Database,
    design: CampaignDesign,
    study: dict[str, int],
    seed: int,
    data: st.DataObject,
) -> None:
    campaign = campaign_on(database, content_of(database, **study), design)
    units = len(units_in(database, campaign))
    dropping = data.draw(st.lists(st.booleans(), max_size=6))
    for is_dropping in dropping:
        session_id = start(database, campaign)
        if session_id is not None and is_dropping:
            drop_out(database, session_id)
        elif session_id is not None:
            finish(database, session_id)
    while (session_id := start(database, campaign)) is not None:
        finish(database, session_id)
    a_session = min(design.items_per_session, units)
    shown = balance_of(database, campaign.id)
    assert [
        one.reserved for one in units_in(database, campaign) if one.reserved < design.overlap
    ] == []
    assert shown.items == shown.sessions * a_session, "everybody has the same work"
    assert (shown.sessions - 1) * a_session < units * design.overlap, "and nobody is asked in vain"


@pytest.mark.parametrize("overlap", [1, 2, 3])
def test_whole_sessions_reach_the_overlap_exactly(database: Database, overlap: int) -> None:
    content = content_of(database, models=3, cases=4, samples=2)
    campaign = campaign_on(database, content, CampaignDesign(overlap=overlap, items_per_session=6))
    sessions = 0
    while (session_id := start(database, campaign)) is not None:
        finish(database, session_id)
        sessions += 1
    assert sessions == 3 * 4 * 2 * overlap // 6
    assert {one.reserved for one in units_in(database, campaign)} == {overlap}
    with database.read() as session:
        assert set(session.exec(select(CampaignCase.missing, CampaignCase.filled)).all()) == {
            (0, 1)
        }


@pytest.mark.parametrize("pairs_of", list(PairsOf))
@pytest.mark.parametrize("overlap", [1, 2, 3])
def test_sides_are_within_one_for_every_unit_and_every_arm(
    database: Database, pairs_of: PairsOf, overlap: int
) -> None:
    content = content_of(database, models=3, cases=10, samples=2)
    design = CampaignDesign(
        protocol=Protocol.PAIR, pairs_of=pairs_of, overlap=overlap, items_per_session=6
    )
    campaign = campaign_on(database, content, design)
    while (session_id := start(database, campaign)) is not None:
        finish(database, session_id)
        assert dimension(database, campaign, Axis.SIDE_OF_UNIT).greatest_deviation <= 0.5
    assert dimension(database, campaign, Axis.SIDE_OF_ARM).greatest_deviation <= 1


def test_positions_stay_even_for_every_arm(database: Database) -> None:
    content = content_of(database, models=4, cases=8)
    design = CampaignDesign(overlap=20, items_per_session=8)
    campaign = campaign_on(database, content, design)
    for _ in range(60):
        assert start(database, campaign, status=SessionStatus.COMPLETE) is not None
    positions = dimension(database, campaign, Axis.POSITION)
    assert (positions.parts, positions.ideal) == (32, 15)
    assert positions.greatest_deviation <= 2, "chance alone strays by about eight"


class UndoneError(Exception):
    """Ends a transaction without a commit."""


@pytest.mark.parametrize("protocol", list(Protocol))
def test_the_same_seed_on_the_same_counters_gives_the_same_session(
    database: Database, protocol: Protocol
) -> None:
    design = CampaignDesign(protocol=protocol, items_per_session=5, known_bad_items=2)
    campaign = campaign_on(
        database, content_of(database, models=4), design, controls=[ControlKind.KNOWN_BAD]
    )
    start(database, campaign)

    def shown(seed: str) -> list[tuple[object, ...]]:
        rows: list[tuple[object, ...]] = []
        with pytest.raises(UndoneError), database.write() as session:  # noqa: PT012
            session_id = start_in(session, campaign.id, seed=seed)
            items = session.exec(
                select(Item).where(Item.session_id == session_id).order_by(Item.position)  # type: ignore[arg-type]
            ).all()
            rows = [
                (one.response_id, one.second_response_id, one.control_id, one.second_control_id)
                for one in items
            ]
            raise UndoneError
        return rows

    assert shown("3f") == shown("3f")
    assert len({tuple(shown(str(seed))) for seed in range(8)}) > 1


def test_when_nothing_is_missing_latecomers_are_taken_only_while_others_might_not_finish(
    database: Database,
) -> None:
    content = content_of(database, models=2, cases=2)
    patient = campaign_on(database, content, CampaignDesign(overlap=1, items_per_session=4))
    first = start(database, patient)
    assert first is not None
    late = start(database, patient)
    assert late is not None
    assert {one.reserved for one in units_in(database, patient)} == {2}
    finish(database, first)
    finish(database, late)
    assert start(database, patient) is None
    strict = campaign_on(
        database,
        content,
        CampaignDesign(overlap=1, items_per_session=4, allows_extra_sessions=False),
    )
    assert start(database, strict) is not None
    assert start(database, strict) is None


def test_a_session_that_begins_below_the_overlap_is_filled_up_beyond_it(database: Database) -> None:
    content = content_of(database, models=2, cases=3)
    design = CampaignDesign(overlap=1, items_per_session=4, allows_extra_sessions=False)
    campaign = campaign_on(database, content, design)
    for _ in range(2):
        session_id = start(database, campaign, status=SessionStatus.COMPLETE)
        assert session_id is not None
        items = items_of(database, session_id)
        assert len({item.unit_id for item in items}) == 4
    assert Counter(one.reserved for one in units_in(database, campaign)) == {1: 4, 2: 2}
    assert start(database, campaign) is None


def test_a_session_longer_than_the_campaign_has_everything_once(database: Database) -> None:
    content = content_of(database, models=2, cases=2, samples=3)
    campaign = campaign_on(database, content, CampaignDesign(items_per_session=50))
    session_id = start(database, campaign)
    assert session_id is not None
    assert len({item.unit_id for item in items_of(database, session_id)}) == 12


def test_a_campaign_takes_no_more_sessions_than_its_capacity(database: Database) -> None:
    content = content_of(database)
    campaign = campaign_on(database, content, CampaignDesign(items_per_session=3), capacity=2)
    first = start(database, campaign)
    second = start(database, campaign, status=SessionStatus.COMPLETE)
    assert None not in (first, second)
    assert start(database, campaign) is None
    assert first is not None
    drop_out(database, first)
    assert start(database, campaign) is not None


def test_excluded_responses_are_never_reserved(database: Database) -> None:
    content = content_of(database, models=2, cases=3, samples=2)
    design = CampaignDesign(overlap=1, items_per_session=4, allows_extra_sessions=False)
    campaign = campaign_on(database, content, design)
    excluded = {one.response_id for one in random.Random(1).sample(units_in(database, campaign), 4)}
    for response_id in excluded:
        decide(database, Subject.RESPONSE, response_id)
    shown: list[str] = []
    while (session_id := start(database, campaign, status=SessionStatus.COMPLETE)) is not None:
        shown += [item.response_id for item in items_of(database, session_id)]
    assert len(shown) == 8
    assert {*shown} == {one.response_id for one in units_in(database, campaign)} - excluded


def test_a_pair_with_an_excluded_response_is_never_reserved(database: Database) -> None:
    content = content_of(database, models=3, cases=2)
    design = CampaignDesign(protocol=Protocol.PAIR, items_per_session=9)
    campaign = campaign_on(database, content, design)
    reference = units_in(database, campaign)[0].second_response_id
    assert reference is not None
    decide(database, Subject.RESPONSE, reference)
    session_id = start(database, campaign)
    assert session_id is not None
    items = items_of(database, session_id)
    assert len(items) == 2
    assert all(reference not in (one.response_id, one.second_response_id) for one in items)


def test_giving_back_and_taking_again_happen_once(database: Database) -> None:
    campaign = campaign_on(database, content_of(database), CampaignDesign(items_per_session=3))
    session_id = start(database, campaign)
    assert session_id is not None
    assert not come_back(database, session_id)
    for turn in (True, False):
        assert drop_out(database, session_id) is turn
    assert sum(one.reserved for one in units_in(database, campaign)) == 0
    for turn in (True, False):
        assert come_back(database, session_id) is turn
    assert sum(one.reserved for one in units_in(database, campaign)) == 3
    with database.write() as session:
        assert not release(session, "nobody", utc_now())
    assert balance_of(database, campaign.id).counters_agree


def test_what_was_abandoned_returns_to_the_pool_at_the_next_start(database: Database) -> None:
    content = content_of(database, models=2, cases=2)
    design = CampaignDesign(
        overlap=1, items_per_session=4, lease_minutes=60, allows_extra_sessions=False
    )
    campaign = campaign_on(database, content, design)
    begun_at = utc_now()
    first = start(database, campaign, now=begun_at)
    assert first is not None
    assert start(database, campaign, now=begun_at + timedelta(minutes=59)) is None
    item = items_of(database, first)[0]
    with database.write() as session:
        session.add(
            Rating(
                item_id=item.id,
                session_id=first,
                criterion="quality",
                value=5,
                submitted_at=begun_at + timedelta(minutes=50),
            )
        )
    assert start(database, campaign, now=begun_at + timedelta(minutes=105)) is None
    second = start(database, campaign, now=begun_at + timedelta(minutes=115))
    assert second is not None
    with database.read() as session:
        row = session.get_one(RatingSession, first)
    assert row.status is SessionStatus.ABANDONED
    assert row.released_at == begun_at + timedelta(minutes=115)
    assert {one.reserved for one in units_in(database, campaign)} == {1}
    assert come_back(database, first)
    assert {one.reserved for one in units_in(database, campaign)} == {2}
    assert balance_of(database, campaign.id).counters_agree


def test_a_start_gives_back_a_few_abandoned_sessions_at_a_time(database: Database) -> None:
    design = CampaignDesign(overlap=50, items_per_session=3, lease_minutes=60)
    campaign = campaign_on(database, content_of(database), design)
    begun_at = utc_now()
    for _ in range(13):
        assert start(database, campaign, now=begun_at) is not None
    left = []
    for minutes in (61, 62, 63):
        start(database, campaign, now=begun_at + timedelta(minutes=minutes))
        left.append(sum(one.reserved for one in units_in(database, campaign)))
    assert left == [4 * 3, 2 * 3, 3 * 3]
    assert balance_of(database, campaign.id).counters_agree


@pytest.mark.parametrize("protocol", list(Protocol))
def test_planted_items_are_distinct_taken_in_turn_and_stand_for_their_response(
    database: Database, protocol: Protocol
) -> None:
    design = CampaignDesign(
        protocol=protocol,
        overlap=9,
        items_per_session=2,
        attention_items=1,
        gold_items=2,
        known_bad_items=2,
    )
    content = content_of(database, models=2, cases=4)
    campaign = campaign_on(database, content, design, controls=list(ControlKind))
    for _ in range(8):
        session_id = start(database, campaign)
        assert session_id is not None
        items = items_of(database, session_id)
        planted = [one.control_id or one.second_control_id for one in items if not one.unit_id]
        assert (len(items), len({*planted})) == (7, 5)
    with database.read() as session:
        controls = session.exec(select(Control).where(Control.campaign_id == campaign.id)).all()
        items = list(
            session.exec(
                select(Item)
                .join(RatingSession)
                .where(RatingSession.campaign_id == campaign.id, Item.unit_id == None)  # noqa: E711
            ).all()
        )
    for kind, times in ((ControlKind.ATTENTION, 2), (ControlKind.GOLD, 4)):
        assert {one.reserved for one in controls if one.kind is kind} == {times}
    stands_for = {one.id: one.response_id for one in controls}
    for item in items:
        expected = stands_for[item.control_id or item.second_control_id or ""]
        assert item.response_id == expected
        assert item.second_response_id == (expected if protocol is Protocol.PAIR else None)
    swapped = sum(item.second_control_id is not None for item in items)
    assert swapped == (20 if protocol is Protocol.PAIR else 0)
    attention = {one.id for one in controls if one.kind is ControlKind.ATTENTION}
    assert 0 not in {
        one.position for one in items if {one.control_id, one.second_control_id} & attention
    }


def test_known_bad_items_are_of_the_sessions_own_test_cases(database: Database) -> None:
    content = content_of(database, models=2, cases=6)
    design = CampaignDesign(items_per_session=4, known_bad_items=2)
    campaign = campaign_on(database, content, design, controls=[ControlKind.KNOWN_BAD])
    session_id = start(database, campaign)
    assert session_id is not None
    cases = {one.id: one.test_case_id for one in units_in(database, campaign)}
    with database.read() as session:
        items = session.exec(select(Item).where(Item.session_id == session_id)).all()
        own = {cases[one.unit_id] for one in items if one.unit_id}
        planted = {
            session.get_one(Control, one.control_id).test_case_id for one in items if one.control_id
        }
    assert planted == own
