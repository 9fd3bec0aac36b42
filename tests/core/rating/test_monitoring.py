"""How a campaign goes: counts, pace, cells against their target, disagreement, cost."""

import math
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import NotFoundError
from core.rating.blinded import blinded
from core.rating.design import CampaignDesign, Protocol
from core.rating.disagreement import disagreement_of_pairs, disagreement_of_scores
from core.rating.monitoring import load_collected, load_flow
from core.rating.pace import estimated_finish
from core.studies.rubric import DEFAULT_RUBRIC
from db.engine import Database
from db.repositories.monitoring import PreferenceCount, ValueSum
from db.tables import (
    Campaign,
    CampaignStatus,
    CampaignUnit,
    Preference,
    RatingSession,
    SessionStatus,
    Subject,
    Visit,
)
from tests.building import SMALL, decide, make_study, store_responses
from tests.core.rating.stored import stored_campaign, stored_session, units_of

NOW = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)


def new_campaign(
    database: Database, design: CampaignDesign | None = None, **study: Any
) -> Campaign:
    content = make_study(database, **study)
    responses = store_responses(database, content)
    return stored_campaign(database, content, responses, design or CampaignDesign(overlap=3))


def rate(database: Database, campaign: Campaign, value: Any = 5, **changes: Any) -> RatingSession:
    """A session that answers everything, by default an hour ago."""
    answers = {unit.id: value for unit in units_of(database, campaign)}
    moment = {"started_at": NOW - timedelta(hours=1)}
    return stored_session(database, campaign, answers, **moment | changes)


def test_every_session_is_counted_by_what_became_of_it(database: Database) -> None:
    campaign = new_campaign(database)
    other = new_campaign(database)
    rate(database, other)
    for status in SessionStatus:
        rate(database, campaign, status=status)
    rate(database, campaign)
    with database.write() as session:
        session.add_all(Visit(campaign_id=campaign.id, nonce=str(n), arrival={}) for n in range(20))
    flow = load_flow(database, campaign.id, NOW)
    assert flow.visits == 20
    assert flow.statuses == dict.fromkeys(SessionStatus, 1) | {SessionStatus.COMPLETE: 2}
    assert flow.sessions_needed == 2, "6 responses, 3 ratings each, 12 items a session"
    with pytest.raises(NotFoundError, match="no campaign 'nowhere'"):
        load_flow(database, "nowhere", NOW)


def test_excluded_responses_are_no_longer_waited_for(database: Database) -> None:
    campaign = new_campaign(database, CampaignDesign(overlap=4, items_per_session=4))
    units = units_of(database, campaign)
    decide(database, Subject.RESPONSE, units[0].response_id)
    decide(database, Subject.RESPONSE, units[1].response_id)
    decide(database, Subject.RESPONSE, units[1].response_id, excluded=False)
    decide(database, Subject.RESPONSE, units[2].response_id)
    assert load_flow(database, campaign.id, NOW).sessions_needed == 4, "4 responses are left of 6"
    assert load_collected(database, campaign.id).cells["target"].sum() == 4 * 4


@pytest.mark.parametrize("place", ["response_id", "second_response_id"])
def test_a_pair_is_not_waited_for_when_either_response_is_excluded(
    database: Database, place: str
) -> None:
    design = CampaignDesign(protocol=Protocol.PAIR, overlap=2, items_per_session=1)
    campaign = new_campaign(database, design, candidates=[SMALL], cases=3)
    assert load_flow(database, campaign.id, NOW).sessions_needed == 6
    decide(database, Subject.RESPONSE, getattr(units_of(database, campaign)[0], place))
    assert load_flow(database, campaign.id, NOW).sessions_needed == 4
    for unit in units_of(database, campaign):
        decide(database, Subject.RESPONSE, unit.response_id)
    assert load_flow(database, campaign.id, NOW).sessions_needed == 0
    assert load_collected(database, campaign.id).cells.empty


@pytest.mark.parametrize(
    ("status", "minutes_ago", "active"),
    [
        (SessionStatus.STARTED, 5, 1),  # answered four minutes ago
        (SessionStatus.STARTED, 20, 0),
        (SessionStatus.COMPLETE, 2, 0),
        (SessionStatus.ABANDONED, 2, 0),
    ],
)
def test_active_is_who_answered_within_five_minutes_and_is_not_done(
    database: Database, status: SessionStatus, minutes_ago: int, active: int
) -> None:
    campaign = new_campaign(database)
    rate(database, campaign, status=status, started_at=NOW - timedelta(minutes=minutes_ago))
    assert load_flow(database, campaign.id, NOW).active_now == active


def test_who_has_just_started_is_active(database: Database) -> None:
    campaign = new_campaign(database)
    start = NOW - timedelta(seconds=5)
    stored_session(database, campaign, {}, SessionStatus.STARTED, started_at=start)
    assert load_flow(database, campaign.id, NOW).active_now == 1


def test_excluded_sessions_are_counted_by_rule_and_not_as_complete(database: Database) -> None:
    campaign = new_campaign(database)
    first, second, _, unfinished = (
        rate(database, campaign, status=status)
        for status in (SessionStatus.COMPLETE,) * 3 + (SessionStatus.STARTED,)
    )
    decide(database, Subject.SESSION, first.id)
    decide(database, Subject.RATER, first.rater_id)
    decide(database, Subject.SESSION, second.id)
    decide(database, Subject.SESSION, second.id, excluded=False)
    decide(database, Subject.SESSION, unfinished.id)
    flow = load_flow(database, campaign.id, NOW)
    assert (flow.complete, flow.excluded) == (2, 1)
    assert flow.excluded_by_rule == {"by hand": 1}


def test_completions_are_counted_by_the_hour_with_empty_hours_between(database: Database) -> None:
    campaign = new_campaign(database)
    for hours in (0, 0, 3):
        rate(database, campaign, started_at=NOW - timedelta(hours=hours))
    frame = load_flow(database, campaign.id, NOW).completions
    assert list(frame["complete"]) == [1, 0, 0, 2]
    assert list(frame["hour"]) == [
        datetime(2026, 3, 1, hour, tzinfo=UTC) for hour in (9, 10, 11, 12)
    ]


def test_the_finish_is_unknown_until_three_people_were_done(database: Database) -> None:
    campaign = new_campaign(database, CampaignDesign(overlap=30))
    assert load_flow(database, campaign.id, NOW).finish.status == "nobody has started yet"
    rate(database, campaign)
    finish = load_flow(database, campaign.id, NOW).finish
    assert (finish.expected, finish.earliest, finish.latest) == (None, None, None)
    assert finish.status == "fewer than 3 sessions were completed in the last 24 hours"
    for _ in range(2):
        rate(database, campaign)
    finish = load_flow(database, campaign.id, NOW).finish
    assert finish.status == "ok"
    assert finish.expected == NOW + timedelta(hours=4), "12 more, 3 an hour"


def test_excluded_sessions_are_neither_there_nor_in_the_pace(database: Database) -> None:
    campaign = new_campaign(database, CampaignDesign(overlap=30))
    done = [rate(database, campaign) for _ in range(6)]
    for one in done[:3]:
        decide(database, Subject.SESSION, one.id)
    finish = load_flow(database, campaign.id, NOW).finish
    assert finish.expected == NOW + timedelta(hours=4), "12 more, 3 an hour that count"


@pytest.mark.parametrize("status", [CampaignStatus.PAUSED, CampaignStatus.CLOSED])
def test_a_campaign_that_takes_nobody_has_no_finish(
    database: Database, status: CampaignStatus
) -> None:
    campaign = new_campaign(database, CampaignDesign(overlap=30))
    for _ in range(3):
        rate(database, campaign)
    with database.write() as session:
        session.get_one(Campaign, campaign.id).status = status
    assert load_flow(database, campaign.id, NOW).finish.status == f"the campaign is {status.value}"


def test_with_all_ratings_there_is_nothing_to_wait_for(database: Database) -> None:
    campaign = new_campaign(database)
    for _ in range(2):
        rate(database, campaign)
    assert load_flow(database, campaign.id, NOW).finish.status == "all ratings are there"


@given(st.integers(3, 500), st.integers(1, 500), st.floats(0.1, 24))
def test_the_range_of_the_finish_holds_its_middle(
    completions: int, missing: int, hours: float
) -> None:
    finish = estimated_finish(completions, NOW - timedelta(hours=hours), missing, NOW)
    if finish.expected is None:
        assert finish.status == "at this pace it takes more than a year"
        return
    assert finish.earliest is not None
    assert NOW < finish.earliest < finish.expected
    assert finish.latest is None or finish.latest > finish.expected


def test_the_rate_of_ten_completions_has_the_exact_interval_of_a_table() -> None:
    finish = estimated_finish(10, NOW - timedelta(hours=10), 1, NOW)
    assert finish.earliest is not None
    assert finish.latest is not None
    hours = [(moment - NOW) / timedelta(hours=1) for moment in (finish.earliest, finish.latest)]
    assert [10 / one for one in hours] == pytest.approx([18.39, 4.795], abs=0.01)


def test_cost_is_pay_and_fee_of_finished_sessions_also_of_withdrawn_ones(
    database: Database,
) -> None:
    design = CampaignDesign(pay_per_session=1.5, platform_fee_share=1 / 3)
    campaign = new_campaign(database, design)
    done, _ = rate(database, campaign), rate(database, campaign, status=SessionStatus.ABANDONED)
    rate(database, campaign)
    with database.write() as session:
        session.get_one(RatingSession, done.id).status = SessionStatus.WITHDRAWN
    assert load_flow(database, campaign.id, NOW).cost == pytest.approx(4)
    unpaid = new_campaign(database)
    assert load_flow(database, unpaid.id, NOW).cost is None


def test_cells_count_what_counts_against_the_target_with_letters_for_models(
    database: Database,
) -> None:
    campaign = new_campaign(database, samples=2)
    rate(database, campaign)
    rate(database, campaign, released_at=NOW)  # excluded, its items are in the pool again
    rate(database, campaign, status=SessionStatus.STARTED)
    with database.write() as session:
        for unit in units_of(database, campaign):
            session.get_one(CampaignUnit, unit.id).reserved = 2
    collected = load_collected(database, campaign.id)
    assert list(collected.arms["arm"]) == ["Candidate A", "Candidate B", "Candidate C"]
    assert len(collected.cells) == 3 * 2
    assert set(collected.cells["rated"]) == {2}, "two samples, one session that counts"
    assert set(collected.cells["reserved"]) == {4}
    assert set(collected.cells["target"]) == {6}
    assert set(collected.arms["target"]) == {12}


def test_no_letter_tells_the_candidate_from_the_reference_in_pairs(database: Database) -> None:
    campaign = new_campaign(database, CampaignDesign(protocol=Protocol.PAIR))
    rate(database, campaign, Preference.FIRST)
    rate(database, campaign, Preference.SECOND, swapped=True)
    rate(database, campaign, Preference.TIE)
    collected = load_collected(database, campaign.id)
    arms = ["Candidate A and the reference", "Candidate B and the reference"]
    assert list(collected.arms["arm"]) == arms
    names = blinded(database, campaign.id)
    assert sorted({names.arm(one.arm) for one in units_of(database, campaign)}) == arms
    assert set(collected.cells["rated"]) == {3}
    # Two liked the same response on different sides, the third saw no difference.
    assert collected.disagreement.value == pytest.approx(2 / 3)
    assert collected.disagreement.things == 4


def test_disagreement_and_active_time_are_unknown_before_anybody_rated(database: Database) -> None:
    campaign = new_campaign(database)
    collected = load_collected(database, campaign.id)
    assert collected.disagreement.value is None
    assert collected.median_active_ms is None
    assert (collected.attention_answered, collected.attention_failed) == (0, 0)
    assert set(collected.cells["rated"]) == {0}


def test_disagreement_is_the_mean_standard_deviation_within_a_response(database: Database) -> None:
    campaign = new_campaign(database)
    for value in (2, 6):
        rate(database, campaign, value, active_ms=1000 * value)
    rate(database, campaign, None, active_ms=None)
    collected = load_collected(database, campaign.id)
    assert collected.disagreement.value == pytest.approx(math.sqrt(8))
    assert collected.disagreement.things == 6
    assert collected.median_active_ms == 4000


@given(st.lists(st.integers(0, 10), min_size=2, max_size=30))
def test_the_sums_give_the_standard_deviation_of_the_values(values: list[int]) -> None:
    sums = ValueSum(len(values), sum(values), sum(value**2 for value in values))
    found = disagreement_of_scores([sums, ValueSum(1, 9, 81)], DEFAULT_RUBRIC)
    mean = sum(values) / len(values)
    by_hand = math.sqrt(sum((value - mean) ** 2 for value in values) / (len(values) - 1))
    assert found.value == pytest.approx(by_hand, abs=1e-6)
    assert found.by_chance == pytest.approx(math.sqrt(10))


@given(st.lists(st.tuples(st.sampled_from(list(Preference)), st.booleans()), min_size=2))
def test_disagreement_of_pairs_is_counted_over_every_two_answers(
    answers: list[tuple[Preference, bool]],
) -> None:
    counts = [PreferenceCount("u", "c", preference, swapped, 1) for preference, swapped in answers]
    mirrored = {Preference.FIRST: Preference.SECOND, Preference.SECOND: Preference.FIRST}
    liked = [mirrored.get(one, one) if swapped else one for one, swapped in answers]
    twos = [(a, b) for i, a in enumerate(liked) for b in liked[i + 1 :]]
    found = disagreement_of_pairs(counts, DEFAULT_RUBRIC)
    assert found.value == pytest.approx(sum(a != b for a, b in twos) / len(twos))
    assert found.by_chance == pytest.approx(2 / 3)
