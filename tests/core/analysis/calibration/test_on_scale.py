"""Agreement on a scale beside scikit-learn's and krippendorff's, in every draw."""

from typing import Literal

import krippendorff
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score, mean_absolute_error, root_mean_squared_error

from core.analysis.calibration import on_scale
from core.analysis.calibration.resampling import CodeArray, FloatArray, draws
from tests.core.analysis import made

CASES, COUNT = 6, 80


def scores(seed: int) -> tuple[FloatArray, FloatArray, CodeArray]:
    random = np.random.default_rng(seed)
    truth = random.normal(5, 2, COUNT)
    one, other = (np.round(truth + random.normal(0, 2, COUNT)).clip(0, 10) for _ in "ab")
    return one, other, random.integers(0, CASES, COUNT)


def rows_of(draw: FloatArray, cases: CodeArray) -> CodeArray:
    return np.repeat(np.arange(len(cases)), draw[cases].astype(int))


def test_quadratic_kappa_is_scikit_learns_in_the_sample_and_in_every_draw() -> None:
    one, other, cases = scores(1)
    drawn = draws(CASES, 20)
    found = on_scale.weighted_kappa(one, other, cases, drawn)
    for draw, value in zip(drawn, found, strict=True):
        rows = rows_of(draw, cases)
        theirs = cohen_kappa_score(
            one[rows].astype(int), other[rows].astype(int), weights="quadratic"
        )
        assert value == pytest.approx(theirs)


def test_quadratic_kappa_of_cohens_table_is_right() -> None:
    """Two raters and three categories: the table in Fleiss, Cohen & Everitt (1969)."""
    table = np.array([[53, 5, 2], [11, 14, 5], [1, 6, 3]])
    pairs = [(i, j) for i in range(3) for j in range(3) for _ in range(table[i, j])]
    one, other = np.array(pairs, dtype=float).T
    found = on_scale.weighted_kappa(one, other, np.zeros(100, np.intp), draws(1, 0))
    observed = sum((i - j) ** 2 * table[i, j] for i in range(3) for j in range(3)) / 100
    margins = np.outer(table.sum(axis=1), table.sum(axis=0)) / 100**2
    expected = sum((i - j) ** 2 * margins[i, j] for i in range(3) for j in range(3))
    assert found[0] == pytest.approx(1 - observed / expected)


@pytest.mark.parametrize("level", ["interval", "ordinal"])
def test_alpha_is_the_krippendorff_packages_in_the_sample_and_in_every_draw(
    level: Literal["interval", "ordinal"],
) -> None:
    one, other, cases = scores(2)
    drawn = draws(CASES, 20)
    alpha = {"interval": on_scale.alpha_interval, "ordinal": on_scale.alpha_ordinal}[level]
    found = alpha(one, other, cases, drawn)
    for draw, value in zip(drawn, found, strict=True):
        rows = rows_of(draw, cases)
        theirs = krippendorff.alpha([one[rows], other[rows]], level_of_measurement=level)
        assert value == pytest.approx(theirs)


def test_errors_are_those_of_scikit_learn_and_bias_is_second_minus_first() -> None:
    one, other, cases = scores(3)
    once = draws(CASES, 0)
    assert on_scale.mean_absolute_difference(one, other, cases, once)[0] == pytest.approx(
        mean_absolute_error(one, other)
    )
    assert on_scale.root_mean_squared_difference(one, other, cases, once)[0] == pytest.approx(
        root_mean_squared_error(one, other)
    )
    assert on_scale.mean_difference(one, one + 2, cases, once)[0] == pytest.approx(2)


def test_one_value_for_everything_has_no_agreement_that_could_be_told_from_chance() -> None:
    same, cases = np.full(COUNT, 3.0), np.zeros(COUNT, dtype=np.intp)
    for statistic in (on_scale.weighted_kappa, on_scale.alpha_interval, on_scale.alpha_ordinal):
        assert np.isnan(statistic(same, same, cases, draws(1, 0))[0])


def test_a_judge_that_always_says_the_same_has_a_kappa_of_zero() -> None:
    one, _, cases = scores(4)
    found = on_scale.weighted_kappa(one, np.full(COUNT, 7.0), cases, draws(CASES, 5))
    assert found == pytest.approx(np.zeros(6))


pairs = st.lists(st.tuples(st.integers(0, 10), st.integers(0, 10)), min_size=3, max_size=30)


@made.unhurried
@given(pairs)
def test_agreement_is_symmetric_at_most_one_and_full_with_oneself(
    rows: list[tuple[int, int]],
) -> None:
    one, other = np.array(rows, dtype=float).T
    cases = np.arange(len(rows)) % 3
    drawn = draws(3, 4)
    for statistic in (on_scale.weighted_kappa, on_scale.alpha_interval, on_scale.alpha_ordinal):
        found = statistic(one, other, cases, drawn)
        assert np.all(np.isnan(found) | (found <= 1 + 1e-9))
        np.testing.assert_allclose(found, statistic(other, one, cases, drawn), atol=1e-9)
        with_oneself = statistic(one, one, cases, drawn)
        assert np.all(np.isnan(with_oneself) | np.isclose(with_oneself, 1))
    np.testing.assert_allclose(
        on_scale.alpha_ordinal(one, other, cases, drawn),
        on_scale.alpha_ordinal(np.exp(one / 3), np.exp(other / 3), cases, drawn),
        atol=1e-9,
    )
