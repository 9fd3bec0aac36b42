"""Agreement and error of two scores on one scale, over all draws of test cases at once.

Each statistic is a function of sums over responses, so a draw costs a handful of additions:

* quadratic weighted kappa of the scores rounded to steps (Cohen 1968), which is 1 - E[(a-b)^2] /
  (Var a + Var b + (E a - E b)^2)
* Krippendorff's alpha with the interval and the ordinal difference, both sides taken as two coders;
  the ordinal difference of two values is that of their mid-ranks among all values of both
* mean, mean absolute and root mean squared difference, second minus first
"""

import numpy as np

from core.analysis.calibration.ranks import rank_matrix, weighted_products
from core.analysis.calibration.resampling import CodeArray, FloatArray, ratio

__all__ = [
    "alpha_interval",
    "alpha_ordinal",
    "mean_absolute_difference",
    "mean_difference",
    "root_mean_squared_difference",
    "sums_by_case",
    "weighted_kappa",
]


def sums_by_case(values: FloatArray, cases: CodeArray, drawn: FloatArray) -> FloatArray:
    """Return the sum of the values in every draw."""
    sums: FloatArray = drawn @ np.bincount(cases, weights=values, minlength=drawn.shape[1])
    return sums


def mean_difference(
    first: FloatArray, second: FloatArray, cases: CodeArray, drawn: FloatArray
) -> FloatArray:
    """Return the mean of second minus first."""
    return _mean(second - first, cases, drawn)


def mean_absolute_difference(
    first: FloatArray, second: FloatArray, cases: CodeArray, drawn: FloatArray
) -> FloatArray:
    """Return the mean absolute difference."""
    return _mean(np.abs(second - first), cases, drawn)


def root_mean_squared_difference(
    first: FloatArray, second: FloatArray, cases: CodeArray, drawn: FloatArray
) -> FloatArray:
    """Return the root of the mean squared difference."""
    root: FloatArray = np.sqrt(_mean((second - first) ** 2, cases, drawn))
    return root


def weighted_kappa(
    first: FloatArray, second: FloatArray, cases: CodeArray, drawn: FloatArray
) -> FloatArray:
    """Return the quadratic weighted kappa of whole numbers; NaN where both are one constant."""
    means = [_mean(one, cases, drawn) for one in (first, second)]
    squares = [_mean(one**2, cases, drawn) for one in (first, second)]
    observed = _mean((first - second) ** 2, cases, drawn)
    by_chance = squares[0] + squares[1] - 2 * means[0] * means[1]
    return _one_minus(observed, by_chance)


def alpha_interval(
    first: FloatArray, second: FloatArray, cases: CodeArray, drawn: FloatArray
) -> FloatArray:
    """Return Krippendorff's alpha with squared differences; NaN where all values are equal."""
    observed = _mean((first - second) ** 2, cases, drawn)
    values = 2 * sums_by_case(np.ones_like(first), cases, drawn)
    total = sums_by_case(first + second, cases, drawn)
    squares = sums_by_case(first**2 + second**2, cases, drawn)
    return _one_minus(observed, _expected(values, total, squares))


def alpha_ordinal(
    first: FloatArray, second: FloatArray, cases: CodeArray, drawn: FloatArray
) -> FloatArray:
    """Return Krippendorff's alpha with the ordinal difference; NaN where all values are equal."""
    pooled = np.concatenate([first, second])
    everything = np.zeros(len(pooled), dtype=np.intp)
    ranks = rank_matrix(pooled, np.concatenate([cases, cases]), everything, drawn.shape[1])
    one, other = np.split(ranks, 2, axis=1)
    responses = sums_by_case(np.ones_like(first), cases, drawn)
    observed = ratio(weighted_products(one - other, one - other, cases, drawn), responses)
    squares = weighted_products(one, one, cases, drawn) + weighted_products(
        other, other, cases, drawn
    )
    # Centred ranks sum up to nothing in every draw.
    return _one_minus(observed, _expected(2 * responses, np.zeros_like(responses), squares))


def _mean(values: FloatArray, cases: CodeArray, drawn: FloatArray) -> FloatArray:
    responses = sums_by_case(np.ones_like(values), cases, drawn)
    return ratio(sums_by_case(values, cases, drawn), responses)


def _expected(values: FloatArray, total: FloatArray, squares: FloatArray) -> FloatArray:
    """Return the mean squared difference of two of the values, drawn without putting back."""
    return ratio(2 * (values * squares - total**2), values * (values - 1))


def _one_minus(observed: FloatArray, by_chance: FloatArray) -> FloatArray:
    agreement: FloatArray = 1 - ratio(observed, by_chance)
    return agreement
