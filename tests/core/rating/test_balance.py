"""The proof of balance, counted from the items themselves."""

from typing import Any

import pytest
from sqlmodel import SQLModel, select

from core.errors import NotFoundError
from core.rating.balance import Axis, Balance, Dimension, balance_of
from core.rating.design import CampaignDesign, Protocol
from db.engine import Database
from db.tables import (
    Campaign,
    CampaignArm,
    CampaignCase,
    CampaignPlace,
    CampaignUnit,
    Control,
    ControlKind,
    SessionStatus,
)
from tests.building import ACTOR, make_study
from tests.core.rating.reservations import campaign_on, content_of, drop_out, start

DONE = SessionStatus.COMPLETE


def axes(balance: Balance) -> dict[Axis, Dimension]:
    return {one.axis: one for one in balance.dimensions}


def test_each_axis_says_how_far_the_items_are_from_even(database: Database) -> None:
    content = content_of(database, models=2, cases=2)
    campaign = campaign_on(database, content, CampaignDesign(items_per_session=2))
    for _ in range(3):
        start(database, campaign, status=DONE)
    balance = balance_of(database, campaign.id)
    assert (balance.sessions, balance.items) == (3, 6)
    assert axes(balance) == {
        Axis.ARM: Dimension(Axis.ARM, 2, 3.0, 3, 3, 0.0),
        Axis.TEST_CASE: Dimension(Axis.TEST_CASE, 2, 3.0, 2, 4, 1.0),
        Axis.CELL: Dimension(Axis.CELL, 4, 1.5, 1, 2, 0.5),
        Axis.UNIT: Dimension(Axis.UNIT, 4, 1.5, 1, 2, 0.5),
        Axis.POSITION: Dimension(Axis.POSITION, 4, 1.5, 1, 2, 0.5),
    }
    assert {one.arm for one in balance.cells} == {one.id for one in content.candidates}
    assert sorted(one.items for one in balance.cells) == [1, 1, 2, 2]
    assert sum(one.items for one in balance.places) == 6
    assert {one.position for one in balance.places} == {0, 1}


def test_pairs_have_sides(database: Database) -> None:
    content = content_of(database, models=2, cases=2)
    design = CampaignDesign(protocol=Protocol.PAIR, items_per_session=2)
    campaign = campaign_on(database, content, design)
    for _ in range(3):
        start(database, campaign, status=DONE)
    by_axis = axes(balance_of(database, campaign.id))
    assert by_axis[Axis.SIDE_OF_ARM] == Dimension(Axis.SIDE_OF_ARM, 2, 3.0, 3, 3, 0.0)
    assert by_axis[Axis.SIDE_OF_UNIT] == Dimension(Axis.SIDE_OF_UNIT, 4, 1.5, 1, 2, 0.5)


def test_what_was_never_shown_is_counted_as_a_zero(database: Database) -> None:
    content = content_of(database, models=2, cases=3)
    campaign = campaign_on(database, content, CampaignDesign(items_per_session=2))
    start(database, campaign, status=DONE)
    balance = balance_of(database, campaign.id)
    assert axes(balance)[Axis.CELL] == Dimension(Axis.CELL, 6, 2 / 6, 0, 1, 1 - 2 / 6)
    assert sorted(one.items for one in balance.cells) == [0, 0, 0, 0, 1, 1]


def test_it_is_told_over_complete_sessions_or_over_all_that_hold_their_items(
    database: Database,
) -> None:
    content = content_of(database, models=2, cases=3)
    campaign = campaign_on(database, content, CampaignDesign(items_per_session=2))
    start(database, campaign, status=DONE)
    start(database, campaign)
    leaving = start(database, campaign)
    assert leaving is not None
    drop_out(database, leaving)
    assert balance_of(database, campaign.id).sessions == 1
    assert balance_of(database, campaign.id, statuses=None).sessions == 2
    abandoned = balance_of(database, campaign.id, statuses=[SessionStatus.ABANDONED])
    assert (abandoned.sessions, abandoned.items) == (1, 2)


def test_planted_items_have_places_and_are_no_arm(database: Database) -> None:
    content = content_of(database, models=2, cases=2)
    design = CampaignDesign(items_per_session=2, known_bad_items=1)
    campaign = campaign_on(database, content, design, controls=[ControlKind.KNOWN_BAD])
    start(database, campaign, status=DONE)
    balance = balance_of(database, campaign.id)
    assert balance.items == 2
    assert len([one for one in balance.places if one.arm == "known_bad"]) == 1
    assert axes(balance)[Axis.ARM].parts == 2
    assert balance.counters_agree


@pytest.mark.parametrize("table", [CampaignUnit, CampaignCase, CampaignArm, CampaignPlace, Control])
def test_a_counter_that_is_not_what_the_items_say_is_named(
    database: Database,
    table: type[SQLModel],
) -> None:
    content = content_of(database, models=2, cases=2)
    design = CampaignDesign(items_per_session=2, known_bad_items=1)
    campaign = campaign_on(database, content, design, controls=[ControlKind.KNOWN_BAD])
    start(database, campaign)
    assert balance_of(database, campaign.id).counters_agree
    with database.write() as session:
        row: Any = session.exec(select(table)).first()
        row.reserved += 1
        session.add(row)
    balance = balance_of(database, campaign.id)
    assert balance.disagreements == {table.__tablename__: 1}
    assert not balance.counters_agree


def test_a_campaign_without_units_has_nothing_to_balance(database: Database) -> None:
    content = make_study(database)
    campaign = Campaign(
        study_version_id=content.version.id,
        name="Imported",
        link_token="token",
        instructions="",
        consent="",
        items_per_session=1,
        opened_by=ACTOR,
    )
    with database.write() as session:
        session.add(campaign)
    balance = balance_of(database, campaign.id)
    assert (balance.items, balance.dimensions, balance.counters_agree) == (0, (), True)


def test_an_unknown_campaign_is_told_in_a_sentence(database: Database) -> None:
    with pytest.raises(NotFoundError, match="There is no campaign 'none'; pick one"):
        balance_of(database, "none")
