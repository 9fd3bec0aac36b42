"""The assay: whether a panel tells known-bad texts from the reference."""

import random
from statistics import fmean

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.power import TTestPower
from statsmodels.stats.proportion import proportion_confint
from statsmodels.stats.weightstats import DescrStatsW

from core.rating.design import Protocol
from core.rating.panel import ENOUGH_RATERS, FEWEST_RATERS, Assay, Sight, assay
from core.rating.screening.base import Behaviour, KnownBadComparison


def panel(*raters: list[float], made_by: str = "truncated") -> list[Behaviour]:
    """One session a rater, with those gaps."""
    return [
        Behaviour(
            session_id=f"session {number}",
            rater_id=f"rater {number}",
            items=(),
            known_bad=tuple(KnownBadComparison(gap, made_by) for gap in gaps),
        )
        for number, gaps in enumerate(raters)
    ]


def test_interval_and_share_are_those_of_statsmodels() -> None:
    rng = random.Random(7)
    raters = [[rng.gauss(0.8, 2) for _ in range(rng.randint(1, 4))] for _ in range(31)]
    found = assay(panel(*raters), Protocol.SCORE)
    means = np.array([fmean(one) for one in raters])
    low, high = DescrStatsW(means).tconfint_mean()
    assert found.gap == pytest.approx(sm.OLS(means, np.ones(31)).fit().params[0])
    assert (found.gap_low, found.gap_high) == pytest.approx((low, high))
    above = int((means > 0).sum())
    assert (found.share_low, found.share_high) == pytest.approx(
        proportion_confint(above, 31, method="wilson")
    )
    assert (found.raters, found.comparisons) == (31, sum(map(len, raters)))
    assert found.share == above / 31


def test_enough_raters_have_the_power_that_is_claimed() -> None:
    power = TTestPower().power(effect_size=2 / 3, nobs=ENOUGH_RATERS, alpha=0.05)
    assert power == pytest.approx(0.8, abs=0.02)


@pytest.mark.parametrize(
    ("raters", "sight"),
    [
        ([], Sight.NOT_ENOUGH),
        ([[3.0]] * (FEWEST_RATERS - 1), Sight.NOT_ENOUGH),
        ([[3.0], [4.0], [5.0], [3.0], [4.0]], Sight.SEES),
        ([[3.0], [-4.0], [5.0], [-3.0], [0.0]], Sight.NOT_ENOUGH),
        ([[3.0], [-3.0]] * (ENOUGH_RATERS // 2), Sight.DOES_NOT_SEE),
        ([[-3.0], [-2.0]] * (ENOUGH_RATERS // 2), Sight.DOES_NOT_SEE),
        ([[0.0]] * ENOUGH_RATERS, Sight.DOES_NOT_SEE),
    ],
)
def test_a_panel_of_scores_sees_when_the_interval_is_above_nothing(
    raters: list[list[float]], sight: Sight
) -> None:
    assert assay(panel(*raters), Protocol.SCORE).sight is sight


@pytest.mark.parametrize(
    ("above", "of", "sight"),
    [(5, 5, Sight.SEES), (4, 5, Sight.NOT_ENOUGH), (13, 20, Sight.DOES_NOT_SEE)],
)
def test_a_panel_of_pairs_sees_when_more_than_half_surely_prefer_the_reference(
    above: int, of: int, sight: Sight
) -> None:
    found = assay(panel(*[[1.0]] * above, *[[-1.0]] * (of - above)), Protocol.PAIR)
    assert found.sight is sight
    assert found.gap is None
    assert found.share == above / of


def test_ties_do_not_prefer_the_reference() -> None:
    assert assay(panel(*[[0.0]] * 20), Protocol.PAIR).share == 0


def test_a_rater_counts_once_however_many_texts_and_sessions_they_have() -> None:
    one = panel([5.0, 5.0, 5.0, 5.0], [-1.0])
    assert assay(one, Protocol.SCORE).gap == 2.0
    twice = [one[0], Behaviour("again", one[0].rater_id, (), one[1].known_bad), one[1]]
    assert assay(twice, Protocol.SCORE).raters == 2


def test_only_texts_spoilt_in_one_way_can_be_looked_at() -> None:
    mixed = [*panel([3.0]), *panel([], [1.0], made_by="other_case")]
    assert assay(mixed, Protocol.SCORE, "truncated").gap == 3.0
    assert assay(mixed, Protocol.SCORE, "other_case").comparisons == 1


def test_without_a_known_bad_text_it_says_so() -> None:
    found = assay(panel([], []), Protocol.SCORE)
    assert found == Assay(Protocol.SCORE, 0, 0)
    assert "Nobody" in found.sentence


@given(st.lists(st.lists(st.integers(-10, 10).map(float), max_size=4), max_size=30))
def test_a_wider_gap_never_unsees(raters: list[list[float]]) -> None:
    found = assay(panel(*raters), Protocol.SCORE)
    wider = assay(panel(*[[gap + 1 for gap in one] for one in raters]), Protocol.SCORE)
    if found.sight is Sight.SEES:
        assert wider.sight is Sight.SEES
    assert found.sentence
    if found.share is not None:
        assert (wider.share or 0) >= found.share
