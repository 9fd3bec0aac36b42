"""A share of independent yes-or-no outcomes with Wilson's 95 % interval."""

from dataclasses import dataclass

from scipy.stats import binomtest  # type: ignore[import-untyped]  # scipy ships no types

from core.analysis.intervals import LEVEL

__all__ = ["Proportion", "proportion"]


@dataclass(frozen=True, slots=True)
class Proportion:
    """``count`` of ``total``; share and bounds are None where there is nothing to count."""

    count: int
    total: int
    share: float | None
    lower: float | None
    upper: float | None

    def row(self) -> dict[str, object]:
        """The columns ``share``, ``lower`` and ``upper``."""
        return {"share": self.share, "lower": self.lower, "upper": self.upper}


def proportion(count: int, total: int) -> Proportion:
    """Return ``count / total`` with Wilson's interval."""
    if total == 0:
        return Proportion(0, 0, None, None, None)
    interval = binomtest(count, total).proportion_ci(LEVEL, method="wilson")
    return Proportion(count, total, count / total, float(interval.low), float(interval.high))
