"""The cluster bootstrap over test cases: whole cases are drawn, with all their responses.

Responses to one test case are not independent, and it is other prompts that a reader asks about, so
cases are what is drawn. A statistic takes all draws at once, as an array of how often each case was
drawn; its first row is the sample itself, so the same lines give the value and its replicates.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr, stdtrit  # type: ignore[import-untyped]  # scipy ships no types

from core.analysis.intervals import FEW_TEST_CASES, LEVEL

__all__ = [
    "DRAWS",
    "SEED",
    "CodeArray",
    "Figure",
    "FloatArray",
    "Status",
    "draws",
    "figure",
    "ratio",
    "tail",
]

FloatArray = npt.NDArray[np.float64]
CodeArray = npt.NDArray[np.intp]

DRAWS: Final = 1_000
SEED: Final = 20_231_214

_NO_SPREAD: Final = 1e-12

_LEAST_DEFINED: Final = 0.9
"""A statistic that more than a tenth of the draws leave undefined has no interval."""


class Status(StrEnum):
    """Why a figure has an interval, or has none."""

    OK = "ok"
    NOTHING_SHARED = "nothing to compare"
    NO_VARIATION = "no variation"
    TOO_FEW_TEST_CASES = "too few test cases"


@dataclass(frozen=True, slots=True)
class Figure:
    """A statistic with its 95 % interval; the bounds are None unless ``status`` is OK."""

    value: float | None
    lower: float | None
    upper: float | None
    status: Status

    @classmethod
    def unknown(cls, status: Status) -> "Figure":
        """No value, and why."""
        return cls(None, None, None, status)

    def row(self) -> dict[str, object]:
        """The columns ``value``, ``lower``, ``upper`` and ``status``."""
        return {
            "value": self.value,
            "lower": self.lower,
            "upper": self.upper,
            "status": self.status.value,
        }


def draws(test_cases: int, count: int = DRAWS, seed: int = SEED) -> FloatArray:
    """Return how often each test case is drawn: ``(1 + count, test_cases)``, the sample first."""
    generator = np.random.default_rng(seed)
    if not test_cases:
        return np.ones((1 + count, 0))
    shares = np.full(test_cases, 1 / test_cases)
    drawn = generator.multinomial(test_cases, shares, size=count).astype(float)
    return np.vstack([np.ones(test_cases), drawn])


def figure(values: FloatArray | Sequence[FloatArray], test_cases: int) -> Figure:
    """Return the first value with the 95 % expanded percentile interval of all others.

    Plain percentiles of few clusters are too close; these are moved out to where a t interval of as
    many means would end (Hesterberg, The American Statistician 69, 2015, section 5.3).

    Several arrays are repetitions with another random split: the value is their mean, the interval
    that of all replicates together. NaN marks a draw in which the statistic is not defined.
    """
    runs = [values] if isinstance(values, np.ndarray) else list(values)
    firsts = np.array([run[0] for run in runs if np.isfinite(run[0])])
    if not len(firsts):
        return Figure.unknown(Status.NO_VARIATION)
    value = float(firsts.mean())
    if test_cases < FEW_TEST_CASES:
        return Figure(value, None, None, Status.TOO_FEW_TEST_CASES)
    replicates = np.concatenate([run[1:] for run in runs])
    defined = replicates[np.isfinite(replicates)]
    if len(defined) < _LEAST_DEFINED * len(replicates):
        return Figure(value, None, None, Status.NO_VARIATION)
    lower, upper = np.quantile(defined, [tail(test_cases), 1 - tail(test_cases)])
    return Figure(value, float(lower), float(upper), Status.OK)


def tail(clusters: int) -> float:
    """Return the share of the draws that lies beyond each end of an interval."""
    quantile = stdtrit(clusters - 1, (1 + LEVEL) / 2) * np.sqrt(clusters / (clusters - 1))
    return float(ndtr(-quantile))


def ratio(above: FloatArray, below: FloatArray) -> FloatArray:
    """Return the quotient, NaN where the divisor is zero and so the quotient not defined."""
    quotient: FloatArray = np.full(np.shape(above), np.nan)
    np.divide(above, below, out=quotient, where=below > _NO_SPREAD)
    return quotient
