"""A mean over rated responses with a 95 % interval that is honest about who and what was sampled.

Ratings are not independent: one rater is lenient with everything, one test case is hard for
everyone. An interval that ignores this covers the truth 70 % of the time instead of 95 %. So the
variance is clustered by rater and by test case at once (Cameron, Gelbach & Miller 2011), with a t
quantile whose degrees of freedom follow the smaller number of clusters.

The estimand is declared here, once: every test case weighs the same, however many ratings it has.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.special import stdtrit  # type: ignore[import-untyped]  # scipy ships no types

__all__ = [
    "FEW_TEST_CASES",
    "LEVEL",
    "Estimate",
    "Status",
    "case_weights",
    "clustered_variance",
    "crossed_estimate",
    "nested_estimate",
    "two_way_variance",
]

LEVEL: Final = 0.95
"""Coverage of every interval."""

FEW_TEST_CASES: Final = 5
"""Below this number of test cases an interval says little about prompts that were not tried."""

# Below this a standard error is the rounding of sums over a 0 to 10 scale, not a measurement.
_NO_SPREAD: Final = 1e-9

# Sums that cancel exactly on paper leave a remainder of this order, relative to their terms.
_ROUNDING: Final = 1e-12

_FloatArray = npt.NDArray[np.float64]
_CodeArray = npt.NDArray[np.intp]


class Status(StrEnum):
    """Why a mean has an interval, or has none."""

    OK = "ok"
    TOO_FEW_RATINGS = "too few ratings"
    TOO_FEW_RATERS = "too few raters"
    TOO_FEW_RESPONSES = "too few responses"
    NO_VARIATION = "no variation"


@dataclass(frozen=True)
class Estimate:
    """A mean and its 95 % interval; `lower` and `upper` are None unless `status` is OK."""

    mean: float
    lower: float | None
    upper: float | None
    status: Status
    note: str


def crossed_estimate(
    values: _FloatArray,
    test_cases: Sequence[object],
    raters: Sequence[object],
    scale: tuple[float, float],
) -> Estimate:
    """Estimate a mean from ratings by raters who each rate several test cases.

    `values`, `test_cases` and `raters` have one entry per rating, at least one. The interval is
    two-way clustered with min(raters, test cases) - 1 degrees of freedom; with a single test case
    it is clustered by rater alone and speaks of that prompt only. It is cut at the ends of `scale`,
    where the mean cannot be: that costs no coverage.
    """
    case_codes, rater_codes = _codes(test_cases), _codes(raters)
    mean, influence = _mean_and_influence(values, case_codes)
    cases, rater_count = _count(case_codes), _count(rater_codes)
    if len(values) < 2:
        return Estimate(mean, None, None, Status.TOO_FEW_RATINGS, _reach(cases))
    if rater_count < 2:
        return Estimate(mean, None, None, Status.TOO_FEW_RATERS, _reach(cases))
    if cases == 1:
        variance = clustered_variance(influence, rater_codes)
        return _estimate(mean, variance, rater_count - 1, scale, _reach(cases))
    variance, fell_back = two_way_variance(influence, rater_codes, case_codes)
    notes = [_reach(cases), "one-way variance: the two-way estimate was not positive"]
    note = "; ".join(filter(None, notes if fell_back else notes[:1]))
    return _estimate(mean, variance, min(rater_count, cases) - 1, scale, note)


def nested_estimate(
    values: _FloatArray,
    test_cases: Sequence[object],
    responses: Sequence[object],
    scale: tuple[float, float],
) -> Estimate:
    """Estimate a mean from judgments of responses, each of which belongs to one test case.

    Like `crossed_estimate` without raters: clustered by test case, or by response when there is a
    single test case. With one judgment per test case it is Student's interval.
    """
    case_codes, response_codes = _codes(test_cases), _codes(responses)
    mean, influence = _mean_and_influence(values, case_codes)
    cases = _count(case_codes)
    clusters = case_codes if cases > 1 else response_codes
    degrees = _count(clusters) - 1
    if degrees < 1:
        return Estimate(mean, None, None, Status.TOO_FEW_RESPONSES, _reach(cases))
    return _estimate(mean, clustered_variance(influence, clusters), degrees, scale, _reach(cases))


def case_weights(case_codes: _CodeArray) -> _FloatArray:
    """Return weights that sum to 1, share it equally among cases, and equally within a case."""
    sizes = np.bincount(case_codes)
    weights: _FloatArray = 1.0 / (len(sizes) * sizes[case_codes])
    return weights


def clustered_variance(influence: _FloatArray, clusters: _CodeArray) -> float:
    """Return the one-way cluster-robust variance of a weighted mean.

    `influence` is weight times residual of each observation, `clusters` codes 0 to G-1 with G at
    least 2. The factor G/(G-1) makes it the textbook variance of a mean of G cluster means when
    all clusters weigh the same.
    """
    sums = np.bincount(clusters, weights=influence)
    groups = len(sums)
    return float(groups / (groups - 1) * np.sum(sums**2))


def two_way_variance(
    influence: _FloatArray, first: _CodeArray, second: _CodeArray
) -> tuple[float, bool]:
    """Return the two-way cluster-robust variance, and whether it had to fall back.

    Cameron, Gelbach & Miller (2011), equation 2.8: by the first, plus by the second, minus by
    their intersection. The result can come out at or below zero in small samples; then the larger
    one-way variance is returned and the flag is True.
    """
    by_first = clustered_variance(influence, first)
    by_second = clustered_variance(influence, second)
    cells = _codes([*zip(first.tolist(), second.tolist(), strict=True)])
    both = by_first + by_second - clustered_variance(influence, cells)
    larger = max(by_first, by_second)
    if both > _ROUNDING * larger:
        return both, False
    return larger, larger > _NO_SPREAD**2


def _mean_and_influence(values: _FloatArray, case_codes: _CodeArray) -> tuple[float, _FloatArray]:
    weights = case_weights(case_codes)
    mean = float(weights @ values)
    influence: _FloatArray = weights * (values - mean)
    return mean, influence


def _estimate(
    mean: float, variance: float, degrees: int, scale: tuple[float, float], note: str
) -> Estimate:
    error = float(np.sqrt(variance))
    if error <= _NO_SPREAD:
        # A width of zero would claim certainty that no sample can give.
        return Estimate(mean, None, None, Status.NO_VARIATION, note)
    reach = float(stdtrit(degrees, (1 + LEVEL) / 2)) * error
    lowest, highest = scale
    lower, upper = max(mean - reach, lowest), min(mean + reach, highest)
    return Estimate(mean, lower, upper, Status.OK, note)


def _reach(cases: int) -> str:
    if cases == 1:
        return "this prompt only"
    return f"these {cases} prompts only" if cases < FEW_TEST_CASES else ""


def _codes(labels: Sequence[object]) -> _CodeArray:
    numbers: dict[object, int] = {}
    return np.array([numbers.setdefault(label, len(numbers)) for label in labels], dtype=np.intp)


def _count(codes: _CodeArray) -> int:
    return int(codes.max()) + 1
