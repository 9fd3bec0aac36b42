from random import Random

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats  # type: ignore[import-untyped]  # scipy ships no types

from core.analysis.intervals import (
    Status,
    case_weights,
    clustered_variance,
    crossed_estimate,
    nested_estimate,
    two_way_variance,
)
from tests.core.analysis import made

SCALE = (0.0, 10.0)

crossed_ratings = st.lists(
    st.tuples(st.integers(0, 5), st.integers(0, 5), st.integers(0, 10)), min_size=1, max_size=40
)


def panel(raters: int, cases: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return values, raters and cases of a full crossed panel with both kinds of effect."""
    random = np.random.default_rng(seed)
    rater, case = (grid.ravel() for grid in np.indices((raters, cases)))
    effects = random.normal(0, 1, raters)[rater] + random.normal(0, 0.8, cases)[case]
    return 5 + effects + random.normal(0, 0.7, raters * cases), rater, case


def statsmodels_variance(values: np.ndarray, weights: np.ndarray, groups: np.ndarray) -> float:
    fit = sm.WLS(values, np.ones(len(values)), weights=weights).fit(
        cov_type="cluster", cov_kwds={"groups": groups, "use_correction": True}
    )
    return float(fit.cov_params()[0, 0])


@pytest.mark.parametrize("seed", range(5))
def test_two_way_variance_is_that_of_statsmodels_on_a_full_panel(seed: int) -> None:
    values, rater, case = panel(12, 8, seed)
    influence = case_weights(case) * (values - values.mean())
    ours, fell_back = two_way_variance(influence, rater, case)
    theirs = statsmodels_variance(values, np.ones(len(values)), np.column_stack([rater, case]))
    assert not fell_back
    assert ours == pytest.approx(theirs, rel=1e-9)


@pytest.mark.parametrize("seed", range(5))
def test_two_way_variance_is_that_of_statsmodels_on_an_uneven_panel(seed: int) -> None:
    values, rater, case = panel(12, 8, seed)
    kept = np.random.default_rng(seed).random(len(values)) < 0.6
    values, rater, case = values[kept], rater[kept], case[kept]
    weights = case_weights(case)
    influence = weights * (values - weights @ values)
    theirs = statsmodels_variance(values, weights, np.column_stack([rater, case]))
    assert two_way_variance(influence, rater, case)[0] == pytest.approx(theirs, rel=1e-9)


def test_one_way_variance_is_that_of_statsmodels() -> None:
    values, rater, case = panel(9, 5, seed=7)
    influence = case_weights(case) * (values - values.mean())
    theirs = statsmodels_variance(values, np.ones(len(values)), rater)
    assert clustered_variance(influence, rater) == pytest.approx(theirs, rel=1e-9)


def test_the_interval_is_the_mean_plus_minus_t_with_the_smaller_count_less_one() -> None:
    values, rater, case = panel(12, 8, seed=1)
    estimate = crossed_estimate(values, case.tolist(), rater.tolist(), SCALE)
    variance = statsmodels_variance(values, np.ones(len(values)), np.column_stack([rater, case]))
    lower, upper = stats.t.interval(0.95, 8 - 1, loc=values.mean(), scale=np.sqrt(variance))
    assert estimate.status is Status.OK
    assert (estimate.lower, estimate.upper) == pytest.approx((lower, upper))


def test_every_test_case_weighs_the_same_however_many_ratings_it_has() -> None:
    values = np.array([2.0, 2.0, 2.0, 8.0])
    estimate = crossed_estimate(values, ["c1", "c1", "c1", "c2"], list("abca"), SCALE)
    assert estimate.mean == pytest.approx(5)


def test_one_test_case_gives_the_textbook_interval_over_raters_for_this_prompt_only() -> None:
    values = np.array([4.0, 5.0, 7.0, 6.0])
    estimate = crossed_estimate(values, ["c1"] * 4, list("abcd"), SCALE)
    textbook = stats.t.interval(0.95, 3, loc=values.mean(), scale=stats.sem(values))
    assert (estimate.lower, estimate.upper) == pytest.approx(textbook)
    assert estimate.note == "this prompt only"


def test_a_few_test_cases_are_named_as_all_that_the_interval_speaks_of() -> None:
    values, rater, case = panel(6, 3, seed=2)
    estimate = crossed_estimate(values, case.tolist(), rater.tolist(), SCALE)
    assert "these 3 prompts only" in estimate.note


def test_one_rater_has_no_interval() -> None:
    estimate = crossed_estimate(np.array([4.0, 6.0]), ["c1", "c2"], ["ann", "ann"], SCALE)
    assert (estimate.mean, estimate.lower, estimate.upper) == (5, None, None)
    assert estimate.status is Status.TOO_FEW_RATERS


def test_one_rating_has_no_interval() -> None:
    estimate = crossed_estimate(np.array([4.0]), ["c1"], ["ann"], SCALE)
    assert (estimate.mean, estimate.lower, estimate.upper) == (4, None, None)
    assert estimate.status is Status.TOO_FEW_RATINGS


def test_equal_ratings_have_no_interval_rather_than_one_of_width_zero() -> None:
    estimate = crossed_estimate(np.full(4, 0.1), [1, 1, 2, 2], ["a", "b", "a", "b"], SCALE)
    assert (estimate.lower, estimate.upper) == (None, None)
    assert estimate.status is Status.NO_VARIATION


def test_a_two_way_variance_that_is_not_positive_falls_back_to_the_larger_one_way() -> None:
    # Raters and cases cancel within every row and column, so only the cells vary.
    values, cases, raters = np.array([4.0, 6.0, 6.0, 5.0]), [1, 1, 2, 2], ["a", "b", "a", "b"]
    codes = np.array([0, 1, 0, 1]), np.array([0, 0, 1, 1])
    influence = (values - values.mean()) / 4
    by_rater, by_case = (clustered_variance(influence, code) for code in codes)
    estimate = crossed_estimate(values, cases, raters, SCALE)
    reach = stats.t.ppf(0.975, 1) * np.sqrt(max(by_rater, by_case))
    assert "one-way variance" in estimate.note
    assert estimate.lower == pytest.approx(max(values.mean() - reach, 0))


def test_an_interval_is_cut_at_the_ends_of_the_scale() -> None:
    estimate = crossed_estimate(np.array([10.0, 9.0, 4.0]), [1, 1, 1], ["a", "b", "c"], SCALE)
    assert estimate.upper == 10


def test_one_judgment_per_case_gives_the_textbook_interval_over_cases() -> None:
    values = np.array([4.0, 5.0, 7.0, 6.0, 5.5])
    estimate = nested_estimate(values, list("abcde"), list("vwxyz"), SCALE)
    textbook = stats.t.interval(0.95, 4, loc=values.mean(), scale=stats.sem(values))
    assert (estimate.lower, estimate.upper) == pytest.approx(textbook)


def test_judgments_of_one_case_are_clustered_by_response() -> None:
    values = np.array([4.0, 5.0, 7.0])
    estimate = nested_estimate(values, ["c1"] * 3, ["r1", "r2", "r3"], SCALE)
    textbook = stats.t.interval(0.95, 2, loc=values.mean(), scale=stats.sem(values))
    assert (estimate.lower, estimate.upper) == pytest.approx((textbook[0], min(10, textbook[1])))
    assert estimate.note == "this prompt only"


def test_one_judged_response_has_no_interval() -> None:
    estimate = nested_estimate(np.array([4.0]), ["c1"], ["r1"], SCALE)
    assert (estimate.lower, estimate.upper) == (None, None)
    assert estimate.status is Status.TOO_FEW_RESPONSES


@made.unhurried
@given(crossed_ratings)
def test_an_interval_holds_the_mean_and_lies_on_the_scale_or_is_unknown_with_a_reason(
    rows: list[tuple[int, int, int]],
) -> None:
    rater, case, value = zip(*rows, strict=True)
    estimate = crossed_estimate(np.array(value, dtype=float), case, rater, SCALE)
    if estimate.lower is None or estimate.upper is None:
        assert estimate.lower is estimate.upper
        assert estimate.status is not Status.OK
    else:
        assert 0 <= estimate.lower <= estimate.mean + 1e-9
        assert estimate.mean - 1e-9 <= estimate.upper <= 10


@made.unhurried
@given(crossed_ratings, st.randoms(use_true_random=False))
def test_the_order_and_the_names_of_raters_and_cases_do_not_matter(
    rows: list[tuple[int, int, int]], random: Random
) -> None:
    shuffled = random.sample(rows, len(rows))
    rater, case, value = zip(*rows, strict=True)
    one = crossed_estimate(np.array(value, dtype=float), case, rater, SCALE)
    rater, case, value = zip(*shuffled, strict=True)
    names = [f"rater {-number}" for number in rater]
    other = crossed_estimate(np.array(value, dtype=float), case, names, SCALE)
    assert one.status == other.status
    assert one.note == other.note
    assert one.mean == pytest.approx(other.mean)
    assert one.lower == (None if other.lower is None else pytest.approx(other.lower, abs=1e-6))
