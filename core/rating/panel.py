"""The assay: whether a panel of raters can tell a bad response from a good one at all.

Each rater sees spoilt texts (known-bad controls) and the reference, and is not told which is which.
A panel that rates them alike cannot be trusted to find two models equal either: with enough noise
everything is as good as everything else. Comparisons stay within one rater, and a rater counts
once, since one rater's comparisons are not independent.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import sqrt
from statistics import fmean, stdev

from scipy.special import stdtrit  # type: ignore[import-untyped]  # scipy ships no types
from scipy.stats import binomtest  # type: ignore[import-untyped]  # scipy ships no types

from core.rating.design import Protocol
from core.rating.screening.base import Behaviour

FEWEST_RATERS = 5
"""Fewer raters than these are never a panel."""
ENOUGH_RATERS = 20
"""With so many a gap of two thirds of its standard deviation is found four times in five; a panel
of that size that shows none is said not to see."""
LEVEL = 0.95


class Sight(StrEnum):
    """The verdict on a panel."""

    SEES = "sees"
    DOES_NOT_SEE = "does_not_see"
    NOT_ENOUGH = "not_enough"


@dataclass(frozen=True, slots=True)
class Assay:
    """What a panel's answers to the known-bad texts say.

    Attributes:
        protocol: scores give a mean gap and decide by it; pairs decide by the share.
        raters: who answered known-bad texts beside the reference.
        comparisons: how many they answered.
        gap: the mean over raters of reference minus known-bad, in points of the scale; none for
            pairs and without raters.
        gap_low: lower end of its 95 % interval (Student's t over raters); none below two raters.
        gap_high: upper end.
        share: of raters whose reference stands above their known-bad texts; equal ones do not.
        share_low: lower end of its 95 % interval (Wilson).
        share_high: upper end.
    """

    protocol: Protocol
    raters: int
    comparisons: int
    gap: float | None = None
    gap_low: float | None = None
    gap_high: float | None = None
    share: float | None = None
    share_low: float | None = None
    share_high: float | None = None

    @property
    def sight(self) -> Sight:
        """Sees when the interval lies above no difference; for pairs, above one half."""
        if self.raters < FEWEST_RATERS:
            return Sight.NOT_ENOUGH
        low, even = (self.share_low, 0.5) if self.protocol is Protocol.PAIR else (self.gap_low, 0.0)
        if low is not None and low > even:
            return Sight.SEES
        return Sight.NOT_ENOUGH if self.raters < ENOUGH_RATERS else Sight.DOES_NOT_SEE

    @property
    def sentence(self) -> str:
        """The verdict in words, with what it rests on."""
        if self.share is None:
            return "Nobody has answered a known-bad text beside the reference yet."
        found = f"{self.share:.0%} of {self.raters} raters put the reference above the spoilt text"
        found += f" (95 % interval {self.share_low:.0%} to {self.share_high:.0%})"
        if self.gap is not None and self.gap_low is not None:
            found += (
                f", by {self.gap:.2f} points on average ({self.gap_low:.2f} to {self.gap_high:.2f})"
            )
        return f"{_VERDICTS[self.sight]}: {found}."


_VERDICTS: Mapping[Sight, str] = {
    Sight.SEES: "This panel tells bad from good",
    Sight.DOES_NOT_SEE: "This panel does not tell bad from good, so its verdicts mean little",
    Sight.NOT_ENOUGH: "Not enough raters yet to say whether this panel tells bad from good",
}


def assay(behaviours: Iterable[Behaviour], protocol: Protocol, made_by: str | None = None) -> Assay:
    """Whether the raters see known-bad texts.

    Args:
        behaviours: the complete sessions that count.
        protocol: of the campaign.
        made_by: only texts spoilt in this way; all by default.
    """
    by_rater: dict[str, list[float]] = {}
    for behaviour in behaviours:
        for one in behaviour.known_bad:
            if made_by in (None, one.made_by):
                by_rater.setdefault(behaviour.rater_id, []).append(one.gap)
    gaps = [fmean(mine) for mine in by_rater.values()]
    comparisons = sum(map(len, by_rater.values()))
    if not gaps:
        return Assay(protocol, 0, 0)
    share_low, share_high = _wilson(sum(gap > 0 for gap in gaps), len(gaps))
    is_pair = protocol is Protocol.PAIR
    gap_low, gap_high = (None, None) if is_pair else _t_interval(gaps)
    return Assay(
        protocol,
        raters=len(gaps),
        comparisons=comparisons,
        gap=None if is_pair else fmean(gaps),
        gap_low=gap_low,
        gap_high=gap_high,
        share=sum(gap > 0 for gap in gaps) / len(gaps),
        share_low=share_low,
        share_high=share_high,
    )


def _t_interval(values: Sequence[float]) -> tuple[float | None, float | None]:
    if len(values) < 2:
        return None, None
    half = float(stdtrit(len(values) - 1, (1 + LEVEL) / 2)) * stdev(values) / sqrt(len(values))
    return fmean(values) - half, fmean(values) + half


def _wilson(successes: int, count: int) -> tuple[float, float]:
    interval = binomtest(successes, count).proportion_ci(LEVEL, method="wilson")
    return float(interval.low), float(interval.high)
