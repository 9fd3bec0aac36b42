"""Rank correlations of two scores of the same responses, over all draws of test cases at once.

Spearman's is the correlation of mid-ranks, Kendall's is tau-b. Each is given over responses, over
models (of each model's mean, test cases weighing the same) and within models: ranks, or pairs, of
one model's responses only, pooled over models. Pooled over everything, a judge that only knows
which model is good looks as if it could tell good responses from bad; within models it does not.
"""

from typing import Final

import numpy as np
from scipy.stats import rankdata  # type: ignore[import-untyped]  # scipy ships no types

from core.analysis.calibration.resampling import CodeArray, FloatArray, ratio

__all__ = [
    "kendall",
    "kendall_of_models",
    "model_means",
    "rank_matrix",
    "spearman",
    "spearman_of_models",
    "weighted_products",
]

_MOST_CELLS: Final = 2_000_000
_FEW_CASES: Final = 64
_TIE_DECIMALS: Final = 9


def spearman(
    first: FloatArray, second: FloatArray, cases: CodeArray, groups: CodeArray, drawn: FloatArray
) -> FloatArray:
    """Return Spearman's rank correlation within ``groups``, pooled, for every draw.

    Ranks are taken within each group, as shares of the group's size so that large groups weigh no
    more for an answer, and centred there. One group for all is the usual correlation. NaN where
    either score is the same all over.
    """
    sizes = np.bincount(groups)[groups]
    one, other = (
        rank_matrix(values, cases, groups, drawn.shape[1]) / sizes for values in (first, second)
    )
    both = weighted_products(one, other, cases, drawn)
    squares = [weighted_products(ranks, ranks, cases, drawn) for ranks in (one, other)]
    return ratio(both, np.sqrt(squares[0] * squares[1]))


def rank_matrix(
    values: FloatArray, cases: CodeArray, groups: CodeArray, test_cases: int
) -> FloatArray:
    """Return what each test case adds to the centred mid-rank of each value: ``(cases, values)``.

    A mid-rank counts the lower values and half of the equal ones, so it is a sum over test cases,
    and the ranks in a draw are the draw times this matrix.
    """
    matrix = np.zeros((test_cases, len(values)))
    for group in range(int(groups.max()) + 1):
        inside = np.flatnonzero(groups == group)
        codes = _codes(values[inside])
        counts = np.zeros((test_cases, int(codes.max(initial=0)) + 1))
        np.add.at(counts, (cases[inside], codes), 1.0)
        matrix[:, inside] = _above_minus_below(counts, axis=1)[:, codes] / 2
    return matrix


def weighted_products(
    first: FloatArray, second: FloatArray, cases: CodeArray, drawn: FloatArray
) -> FloatArray:
    """Return the sum over values of what a draw makes of both matrices, weighted by the draw.

    Both have a row a test case and a column a value. With few test cases the sum is a cubic form of
    the draw, whose coefficients are added up once; with many it is cheaper to draw the values.
    """
    test_cases = drawn.shape[1]
    if test_cases <= _FEW_CASES:
        cubes = np.stack(
            [first[:, inside] @ second[:, inside].T for inside in _by_case(cases, test_cases)]
        )
        quadratic = (drawn @ cubes.reshape(test_cases, -1)).reshape(-1, test_cases, test_cases)
        sums: FloatArray = np.einsum("bij,bi,bj->b", quadratic, drawn, drawn, optimize=True)
        return sums
    step = max(1, _MOST_CELLS // max(1, first.shape[1]))
    return np.concatenate(
        [
            np.einsum("bi,bi,bi->b", some[:, cases], some @ first, some @ second)
            for some in (drawn[at : at + step] for at in range(0, len(drawn), step))
        ]
    )


def kendall(
    first: FloatArray, second: FloatArray, cases: CodeArray, groups: CodeArray, drawn: FloatArray
) -> FloatArray:
    """Return Kendall's tau-b over the pairs within ``groups``, pooled, for every draw.

    A response that is drawn twice ties with itself in both scores, and so counts for nothing.
    """
    test_cases = drawn.shape[1]
    sums = np.zeros((3, test_cases, test_cases))
    for group in range(int(groups.max()) + 1):
        inside = np.flatnonzero(groups == group)
        one, other = (_codes(values[inside]) for values in (first, second))
        for case, among in enumerate(_by_case(cases[inside], test_cases)):
            # What the pairs with a response to this test case add, for each of the group's.
            for number, pairs in enumerate(_pairs_with(one, other, among)):
                sums[number, case] += np.bincount(cases[inside], pairs, minlength=test_cases)
    concordance, untied_first, untied_second = (
        np.einsum("bi,ij,bj->b", drawn, one, drawn, optimize=True) for one in sums
    )
    return ratio(concordance, np.sqrt(untied_first * untied_second))


def _pairs_with(one: CodeArray, other: CodeArray, among: CodeArray) -> list[FloatArray]:
    """For each response its pairs with those ``among``: concordant minus discordant, and untied."""
    table = np.zeros((int(one.max(initial=0)) + 1, int(other.max(initial=0)) + 1))
    np.add.at(table, (one[among], other[among]), 1.0)
    signs = _above_minus_below(_above_minus_below(table, axis=0), axis=1)
    rows, columns = table.sum(axis=1), table.sum(axis=0)
    return [signs[one, other], len(among) - rows[one], len(among) - columns[other]]


def _above_minus_below(counts: FloatArray, axis: int) -> FloatArray:
    """For each code, how many have a lower one minus how many have a higher one, along an axis."""
    upto = np.cumsum(counts, axis=axis)
    whole = np.take(upto, [-1], axis=axis)
    difference: FloatArray = 2 * upto - counts - whole
    return difference


def model_means(
    values: FloatArray, cases: CodeArray, models: CodeArray, drawn: FloatArray
) -> FloatArray:
    """Return each model's mean over test cases, each weighing the same: ``(draws, models)``.

    NaN where a draw holds no test case of the model.
    """
    shape = (drawn.shape[1], int(models.max()) + 1)
    sums, counts = np.zeros(shape), np.zeros(shape)
    np.add.at(sums, (cases, models), values)
    np.add.at(counts, (cases, models), 1.0)
    has = counts > 0
    means = np.divide(sums, counts, out=np.zeros(shape), where=has)
    return ratio(drawn @ means, drawn @ has.astype(float))


def spearman_of_models(first: FloatArray, second: FloatArray) -> FloatArray:
    """Return Spearman's rank correlation of the rows of two `model_means`."""
    ranks = [_centred(rankdata(_rounded(one), axis=1)) for one in (first, second)]
    products = [
        (one * other).sum(axis=1)
        for one, other in ((ranks[0], ranks[1]), (ranks[0], ranks[0]), (ranks[1], ranks[1]))
    ]
    return ratio(products[0], np.sqrt(products[1] * products[2]))


def kendall_of_models(first: FloatArray, second: FloatArray) -> FloatArray:
    """Return Kendall's tau-b of the rows of two `model_means`."""
    low, high = np.triu_indices(first.shape[1], 1)
    signs = [np.sign(one[:, low] - one[:, high]) for one in map(_rounded, (first, second))]
    untied = [(one**2).sum(axis=1) for one in signs]
    return ratio((signs[0] * signs[1]).sum(axis=1), np.sqrt(untied[0] * untied[1]))


def _rounded(values: FloatArray) -> FloatArray:
    # Means of the same scores in another order differ in their last bits, and are ties.
    rounded: FloatArray = np.round(values, _TIE_DECIMALS)
    return rounded


def _centred(ranks: FloatArray) -> FloatArray:
    centred: FloatArray = ranks - ranks.mean(axis=1, keepdims=True)
    return centred


def _by_case(cases: CodeArray, test_cases: int) -> list[CodeArray]:
    """The places of the responses to each test case."""
    order = np.argsort(cases, kind="stable")
    return np.split(order, np.searchsorted(cases[order], np.arange(1, test_cases)))


def _codes(values: FloatArray) -> CodeArray:
    """The number of different lower values, for each value."""
    return np.unique(_rounded(values), return_inverse=True)[1].astype(np.intp)
