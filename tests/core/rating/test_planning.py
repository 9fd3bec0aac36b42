"""What a design takes and how precise it can be, against simulated intervals and by hand."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.rating.design import CampaignDesign, PairsOf, Protocol
from core.rating.planning import (
    Assumptions,
    Plan,
    expected_precision,
    plan,
    precision_by_size,
)
from core.studies.rubric import DEFAULT_RUBRIC, Rubric, Scale


def planned(design: CampaignDesign, **changes: Any) -> Plan:
    study: dict[str, Any] = {"models": 4, "test_cases": 10, "samples": 1, "has_reference": True}
    return plan(design, DEFAULT_RUBRIC, **study | changes)


@pytest.mark.parametrize(
    ("raters", "cases", "per_rater", "half_width"),
    [
        (20, 5, 5, 1.30), (20, 10, 10, 0.79), (20, 20, 10, 0.62), (20, 30, 10, 0.57),
        (20, 100, 10, 0.50), (100, 5, 5, 1.11), (100, 10, 10, 0.65), (100, 20, 10, 0.45),
        (100, 30, 10, 0.38), (100, 100, 10, 0.26),
    ],
)  # fmt: skip
def test_the_half_width_of_scores_is_that_of_simulated_crossed_studies(
    raters: int, cases: int, per_rater: int, half_width: float
) -> None:
    precision = expected_precision(
        Protocol.SCORE, DEFAULT_RUBRIC, test_cases=cases, raters=raters, ratings=raters * per_rater
    )
    assert precision.half_width == pytest.approx(half_width, abs=0.005)
    assert precision.status == "ok"


def test_the_half_width_of_a_win_share_is_that_of_the_clustered_variance_by_hand() -> None:
    precision = expected_precision(
        Protocol.PAIR, DEFAULT_RUBRIC, test_cases=10, raters=20, ratings=200
    )
    all_squares = 0.36 + 0.25 + 2.56
    variance = 0.25 * (0.36 / 10 + 0.25 / 20 + 2.56 / 200) / all_squares
    assert precision.half_width == pytest.approx(2.262157 * math.sqrt(variance))


def test_single_ratings_alone_give_the_binomial_variance_of_a_win_share() -> None:
    only_chance = Assumptions(sd_between_cases=0, sd_between_raters=0)
    precision = expected_precision(
        Protocol.PAIR, DEFAULT_RUBRIC, test_cases=900, raters=900, ratings=1000,
        assumptions=only_chance,
    )  # fmt: skip
    assert precision.half_width == pytest.approx(1.96 * math.sqrt(0.25 / 1000), rel=0.002)


@pytest.mark.parametrize(
    ("cases", "raters", "ratings", "status", "is_known"),
    [
        (4, 20, 100, "this prompt only", True),
        (1, 20, 100, "one test case says nothing about other prompts", False),
        (10, 1, 10, "one rater says nothing about other people", False),
        (0, 0, 0, "there is nothing to rate", False),
    ],
)
def test_where_no_interval_holds_the_status_says_why(
    cases: int, raters: int, ratings: int, status: str, is_known: bool
) -> None:
    precision = expected_precision(
        Protocol.SCORE, DEFAULT_RUBRIC, test_cases=cases, raters=raters, ratings=ratings
    )
    assert precision.status == status
    assert (precision.half_width is not None) is is_known


def test_another_scale_only_changes_the_unit() -> None:
    five = Rubric(scale=Scale(minimum=1, maximum=5))
    on_ten, on_five = (
        expected_precision(Protocol.SCORE, one, test_cases=10, raters=20, ratings=200).half_width
        for one in (DEFAULT_RUBRIC, five)
    )
    assert on_ten is not None
    assert on_five == pytest.approx(on_ten * 0.4)


def test_a_plan_counts_ratings_sessions_people_minutes_and_money() -> None:
    design = CampaignDesign(
        overlap=3, items_per_session=12, attention_items=1, known_bad_items=2,
        seconds_per_item=20, pay_per_session=1.5, platform_fee_share=1 / 3,
    )  # fmt: skip
    found = planned(design, samples=2, words_per_item=119)
    assert (found.arms, found.units, found.ratings, found.sessions) == (4, 80, 240, 20)
    assert found.people_to_recruit == 24, "15 percent drop out"
    assert found.items_per_rater == 15
    assert found.minutes_per_rater == pytest.approx(6)
    assert found.reading_seconds_per_item == pytest.approx(30)
    assert found.pay_per_hour == pytest.approx(15)
    assert found.cost_total == pytest.approx(40)
    assert found.pay_total == pytest.approx(30)
    assert found.precision.raters == 20
    assert found.precision.ratings == 60


def test_without_a_pay_money_is_unknown_and_not_zero() -> None:
    found = planned(CampaignDesign(pay_per_session=None))
    assert (found.pay_per_hour, found.pay_total, found.fee_total, found.cost_total) == (None,) * 4
    assert planned(CampaignDesign(pay_per_session=0)).cost_total == 0


@pytest.mark.parametrize(
    ("pairs_of", "has_reference", "arms"),
    [(PairsOf.REFERENCE, True, 3), (PairsOf.REFERENCE, False, 0), (PairsOf.ALL, False, 6)],
)
def test_pairs_are_with_the_reference_or_of_all_models(
    pairs_of: PairsOf, has_reference: bool, arms: int
) -> None:
    design = CampaignDesign(protocol=Protocol.PAIR, pairs_of=pairs_of)
    found = planned(design, has_reference=has_reference)
    assert found.arms == arms
    assert found.units == arms * 10
    assert (found.precision.half_width is None) is (arms == 0)


def test_more_test_cases_or_raters_never_make_the_interval_wider() -> None:
    frame = precision_by_size(
        CampaignDesign(), DEFAULT_RUBRIC, models=4, test_cases=12, samples=1, has_reference=True
    )
    assert sorted(frame["test_cases"].unique()) == [5, 10, 12, 20, 50, 100]
    assert set(frame.loc[frame["is_this_study"], "test_cases"]) == {12}
    for group in ("test_cases", "raters"):
        other = "raters" if group == "test_cases" else "test_cases"
        for _, some in frame.sort_values(other).groupby(group):
            assert some["half_width"].is_monotonic_decreasing


def test_without_anything_to_compare_there_is_no_curve() -> None:
    design = CampaignDesign(protocol=Protocol.PAIR)
    frame = precision_by_size(
        design, DEFAULT_RUBRIC, models=2, test_cases=5, samples=1, has_reference=False
    )
    assert frame.empty
    assert list(frame.columns) == ["raters", "test_cases", "half_width", "is_this_study"]


@given(
    overlap=st.integers(1, 50), items=st.integers(1, 60), models=st.integers(1, 12),
    cases=st.integers(0, 40), samples=st.integers(1, 4),
)  # fmt: skip
def test_the_sessions_of_a_plan_are_just_enough_for_its_ratings(
    overlap: int, items: int, models: int, cases: int, samples: int
) -> None:
    design = CampaignDesign(overlap=overlap, items_per_session=items)
    found = planned(design, models=models, test_cases=cases, samples=samples)
    assert found.sessions * items >= found.ratings
    assert found.ratings > (found.sessions - 1) * items
    assert found.people_to_recruit >= found.sessions
