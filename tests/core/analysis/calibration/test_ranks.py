"""Rank correlations beside scipy's, in the sample and in every draw of test cases."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats  # type: ignore[import-untyped]  # scipy ships no types

from core.analysis.calibration import ranks
from core.analysis.calibration.resampling import CodeArray, FloatArray, draws
from tests.core.analysis import made

CASES, COUNT = 6, 90
NOBODY = np.zeros(COUNT, dtype=np.intp)


def scores(seed: int, levels: int = 8) -> tuple[FloatArray, FloatArray, CodeArray, CodeArray]:
    """Two related scores with ties, test cases, and models of different sizes."""
    random = np.random.default_rng(seed)
    truth = random.normal(0, 1, COUNT)
    one, other = (np.round(truth + random.normal(0, 1, COUNT), 0) * levels for _ in "ab")
    cases = random.integers(0, CASES, COUNT)
    return one, other, cases, random.integers(0, 4, COUNT)


def drawn_rows(drawn: FloatArray, cases: CodeArray) -> CodeArray:
    """The responses of one draw, each as often as its test case is drawn."""
    return np.repeat(np.arange(len(cases)), drawn[cases].astype(int))


@pytest.mark.parametrize("most_cases", [0, 64], ids=["drawn", "as a cubic form"])
def test_spearman_is_scipys_in_the_sample_and_in_every_draw(
    monkeypatch: pytest.MonkeyPatch, most_cases: int
) -> None:
    monkeypatch.setattr(ranks, "_FEW_CASES", most_cases)
    one, other, cases, _ = scores(1)
    drawn = draws(CASES, 20)
    found = ranks.spearman(one, other, cases, NOBODY, drawn)
    for draw, value in zip(drawn, found, strict=True):
        rows = drawn_rows(draw, cases)
        assert value == pytest.approx(stats.spearmanr(one[rows], other[rows]).statistic)


def test_kendall_is_scipys_tau_b_in_the_sample_and_in_every_draw() -> None:
    one, other, cases, _ = scores(2)
    drawn = draws(CASES, 20)
    found = ranks.kendall(one, other, cases, NOBODY, drawn)
    for draw, value in zip(drawn, found, strict=True):
        rows = drawn_rows(draw, cases)
        assert value == pytest.approx(stats.kendalltau(one[rows], other[rows]).statistic)


def test_spearman_within_models_is_the_correlation_of_ranks_within_each_model() -> None:
    one, other, cases, models = scores(3)
    drawn = draws(CASES, 10)
    found = ranks.spearman(one, other, cases, models, drawn)
    for draw, value in zip(drawn, found, strict=True):
        rows = drawn_rows(draw, cases)
        centred: list[list[float]] = [[], []]
        for model in range(4):
            mine = rows[models[rows] == model]
            if not len(mine):
                continue
            for side, scored in zip(centred, (one, other), strict=True):
                ranked = stats.rankdata(scored[mine])
                side.extend((ranked - ranked.mean()) / np.count_nonzero(models == model))
        assert value == pytest.approx(stats.pearsonr(*centred).statistic)


def test_kendall_within_models_counts_the_pairs_of_one_model_only() -> None:
    one, other, cases, models = scores(4)
    pairs = [
        (np.sign(one[i] - one[j]), np.sign(other[i] - other[j]))
        for i in range(COUNT)
        for j in range(i)
        if models[i] == models[j]
    ]
    ours, theirs = np.array(pairs).T
    expected = (ours * theirs).sum() / np.sqrt((ours**2).sum() * (theirs**2).sum())
    found = ranks.kendall(one, other, cases, models, draws(CASES, 0))
    assert found[0] == pytest.approx(expected)


def test_over_models_the_means_are_compared_with_test_cases_weighing_the_same() -> None:
    one, other, cases, models = scores(5)
    drawn = draws(CASES, 0)
    means = [ranks.model_means(side, cases, models, drawn) for side in (one, other)]
    by_hand = [
        [
            np.mean(
                [
                    side[(models == model) & (cases == case)].mean()
                    for case in np.unique(cases[models == model])
                ]
            )
            for model in range(4)
        ]
        for side in (one, other)
    ]
    for mean, expected in zip(means, by_hand, strict=True):
        assert mean[0] == pytest.approx(expected)
    assert ranks.spearman_of_models(*means)[0] == pytest.approx(stats.spearmanr(*by_hand).statistic)
    assert ranks.kendall_of_models(*means)[0] == pytest.approx(stats.kendalltau(*by_hand).statistic)


def test_a_draw_without_a_models_test_cases_has_no_correlation_over_models() -> None:
    values, cases, models = np.array([1.0, 2.0, 3.0]), np.array([0, 0, 1]), np.array([0, 1, 2])
    means = ranks.model_means(values, cases, models, np.array([[1.0, 1.0], [2.0, 0.0]]))
    assert np.isnan(means[1, 2])
    found = ranks.spearman_of_models(means, means)
    assert found[0] == pytest.approx(1)
    assert np.isnan(found[1])


small = st.lists(
    st.tuples(st.integers(0, 4), st.integers(0, 4), st.integers(0, 2), st.integers(0, 2)),
    min_size=4,
    max_size=25,
)


@made.unhurried
@given(small)
def test_order_of_rows_and_any_rising_scale_change_nothing_and_sides_can_be_swapped(
    rows: list[tuple[int, int, int, int]],
) -> None:
    one, other, cases, models = (np.array(column) for column in zip(*rows, strict=True))
    one, other = one.astype(float), other.astype(float)
    drawn = draws(3, 5)
    shuffled = np.random.default_rng(7).permutation(len(rows))
    for correlation in (ranks.spearman, ranks.kendall):
        for groups in (models, np.zeros_like(models)):
            found = correlation(one, other, cases, groups, drawn)
            assert np.all(np.isnan(found) | (np.abs(found) <= 1 + 1e-9))
            for same in (
                correlation(other, one, cases, groups, drawn),
                correlation(np.exp(one), other**3 - 7, cases, groups, drawn),
                correlation(
                    one[shuffled], other[shuffled], cases[shuffled], groups[shuffled], drawn
                ),
            ):
                np.testing.assert_allclose(found, same, atol=1e-9)
            np.testing.assert_allclose(
                correlation(-one, other, cases, groups, drawn), -found, atol=1e-9
            )


@pytest.mark.parametrize("correlation", [ranks.spearman, ranks.kendall])
def test_a_score_that_never_changes_has_no_rank_correlation(correlation: object) -> None:
    one, _, cases, _ = scores(6)
    assert callable(correlation)
    assert np.isnan(correlation(one, np.ones(COUNT), cases, NOBODY, draws(CASES, 3))).all()


def test_equal_scores_that_differ_in_their_last_bits_are_ties() -> None:
    first = np.array([0.1 + 0.2, 0.3, 0.5, 0.7])
    same, other = np.array([0.3, 0.3, 0.5, 0.7]), np.array([1.0, 2.0, 3.0, 4.0])
    cases, groups = np.arange(4), np.zeros(4, dtype=np.intp)
    once = np.ones((1, 4))
    for correlation in (ranks.spearman, ranks.kendall):
        found = correlation(first, other, cases, groups, once)
        assert found == correlation(same, other, cases, groups, once)
