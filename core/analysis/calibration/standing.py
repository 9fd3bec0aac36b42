"""Whether a judge finds the models that people find bad: yes, no, or not enough data to say.

The rule, the same for every judge:

1. *Ranks.* Its rank correlation with people, over models or within models, is above 0 and above
   that of length alone: the lower end of the 95 % interval of either difference, over test cases.
2. *The bottom.* It shares more of the worst models with people than a random order does on average,
   and either this overlap (hypergeometric) or the order of all models (Kendall's tau-b, one-sided,
   by permutation) is one that a random order reaches at most 5 times in 100. Of few models, or with
   ties at the cut, the overlap alone could not show it.

A judge that passes both finds the bad models. One that does not pass is said not to find them only
where one half of the people, held to the same rule against the other half, does pass (otherwise no
judge could have shown it on these data), and where it clearly falls short: it has no order of
models, or none that could be better than length alone, or its rank correlation over models ends
below where that of the people among themselves begins. Not to have shown it yet is not enough data.
The same is said first of all where there are too few test cases or models, where nobody rated what
somebody else did, and where two halves of the people do not agree with each other.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import pandas as pd

from core.analysis.calibration.evidence import (
    LEVEL,
    RANKS,
    Bottom,
    Ceiling,
    Evidence,
    above_zero,
    ceiling_of,
    evidence_of,
    falls_short,
)
from core.analysis.calibration.frames import Statistic
from core.analysis.calibration.items import Items, People
from core.analysis.calibration.resampling import Figure
from core.analysis.intervals import FEW_TEST_CASES

__all__ = ["LEAST_MODELS", "Standing", "StandingReport", "standing_of", "standing_of_half"]

LEAST_MODELS: Final = 4
"""Of three models even the right order comes up by chance once in six."""

_LEAST_SAID: Final = 0.001
_WORDS: Final = {
    Statistic.SPEARMAN_OVER_MODELS: "over models",
    Statistic.SPEARMAN_WITHIN_MODELS: "within models",
}


class Standing(StrEnum):
    """What can be said of a judge."""

    FINDS_THE_BAD_MODELS = "finds the bad models"
    DOES_NOT = "does not find the bad models"
    NOT_ENOUGH_DATA = "not enough data"


@dataclass(frozen=True, slots=True)
class StandingReport:
    """A judge's standing, the sentence that a page shows, and what it rests on."""

    standing: Standing
    sentence: str
    evidence: Evidence | None


def standing_of(
    shared: pd.DataFrame,
    people: People,
    *,
    depth: int | None = None,
    ceiling: Ceiling | None = None,
) -> StandingReport:
    """Return a judge's standing from the items it shares with people.

    Args:
        shared: `ITEM_COLUMNS`.
        people: who rated them.
        depth: how many of the worst models count; half of them, at most 10, by default.
        ceiling: `ceiling_of` the same items, where it is at hand already.
    """
    items = Items.of(shared, people.scale)
    too_few = _too_few(items)
    if too_few:
        return StandingReport(Standing.NOT_ENOUGH_DATA, f"Not enough data: {too_few}.", None)
    evidence = evidence_of(items, depth)
    known = ceiling or ceiling_of(shared, people, depth=depth)
    if known.agreement.lower is None or known.agreement.lower <= 0:
        standing, sentence = Standing.NOT_ENOUGH_DATA, _disagreed(known.agreement)
    elif evidence.passes:
        standing, sentence = Standing.FINDS_THE_BAD_MODELS, _found(evidence)
    elif known.evidence.passes and falls_short(evidence, known.evidence):
        standing, sentence = Standing.DOES_NOT, _missed(evidence)
    elif known.evidence.passes:
        standing, sentence = Standing.NOT_ENOUGH_DATA, _unsure(evidence)
    else:
        standing, sentence = Standing.NOT_ENOUGH_DATA, _undecided(known.evidence)
    return StandingReport(standing, sentence, evidence)


def standing_of_half(
    shared: pd.DataFrame, people: People, *, depth: int | None = None
) -> tuple[StandingReport, Ceiling]:
    """Return how one half of the people stands beside the other, by the judges' rule.

    ``shared`` has `ITEM_COLUMNS`, of which only the responses count.
    """
    known = ceiling_of(shared, people, depth=depth)
    too_few = _too_few(Items.of(shared, people.scale), "people rated")
    if too_few:
        report = StandingReport(Standing.NOT_ENOUGH_DATA, f"Not enough data: {too_few}.", None)
    elif known.agreement.lower is None or known.agreement.lower <= 0:
        sentence = _disagreed(known.agreement)
        report = StandingReport(Standing.NOT_ENOUGH_DATA, sentence, known.evidence)
    elif known.evidence.passes:
        sentence = _found(known.evidence)
        report = StandingReport(Standing.FINDS_THE_BAD_MODELS, sentence, known.evidence)
    else:
        sentence = f"Not enough data: on so few answers {_why_undecided(known.evidence)}."
        report = StandingReport(Standing.NOT_ENOUGH_DATA, sentence, known.evidence)
    return report, known


def _too_few(items: Items, shares: str = "people and this judge share") -> str | None:
    if items.test_cases < FEW_TEST_CASES:
        return f"{shares} {items.test_cases} test cases, and {FEW_TEST_CASES} are needed"
    if items.model_count < LEAST_MODELS:
        return f"{shares} {items.model_count} models, and {LEAST_MODELS} are needed"
    return None


def _disagreed(agreement: Figure) -> str:
    if agreement.value is None:
        return (
            "Not enough data: no two people rated the same responses differently enough to say "
            "whether they agree."
        )
    if agreement.lower is None:
        return f"Not enough data: the agreement of two halves of the people has {agreement.status}."
    return (
        "Not enough data: two halves of the people do not agree with each other for certain "
        f"(rank correlation {_interval(agreement)}), so nothing can agree with them."
    )


def _found(evidence: Evidence) -> str:
    leading = evidence.leading
    if leading is None or evidence.bottom is None:
        raise ValueError("Only evidence that passes has this sentence.")
    beside = ", better than length alone" if evidence.knows_lengths else ""
    return (
        f"Finds the bad models: it ranks {_WORDS[leading]} as people do "
        f"({_interval(evidence.correlations[leading])}){beside}, and {_bottom(evidence.bottom)}."
    )


def _missed(evidence: Evidence) -> str:
    reasons = []
    if evidence.leading is None:
        known = evidence.correlations[RANKS[0]]
        said = (
            "it has no order of models"
            if known.value is None
            else (f"its rank correlation over models is {_interval(known)}")
        )
        if above_zero(known):
            said += ", which is not above that of length alone"
        reasons.append(said)
    if evidence.bottom is not None and not evidence.bottom.passes:
        reasons.append(_bottom(evidence.bottom))
    return (
        f"Does not find the bad models: {'; and '.join(reasons)}. One half of the people finds "
        "those of the other half."
    )


def _unsure(evidence: Evidence) -> str:
    known = evidence.correlations[RANKS[0]]
    missing = []
    if evidence.leading is None:
        missing.append("that this is better than length alone")
    if evidence.bottom is not None and not evidence.bottom.passes:
        missing.append("that it is no chance")
    return (
        f"Not enough data: its rank correlation over models is {_interval(known)}; more test cases "
        f"must show {' and '.join(missing) or 'whether it holds'}."
    )


def _undecided(people: Evidence) -> str:
    return (
        "Not enough data: it does not pass, but on so few answers one half of the people does not "
        f"pass against the other half either ({_why_undecided(people)})."
    )


def _why_undecided(people: Evidence) -> str:
    if people.leading is None:
        return "their ranks are no clearer than length alone"
    return "the bottom they share could be chance"


def _bottom(bottom: Bottom) -> str:
    said = (
        f"it shares {bottom.shared:.3g} of the {bottom.depth} worst of {bottom.models} models, "
        f"where a random order shares {bottom.shared_by_chance:.3g} on average and as many in "
        f"{_percent(bottom.chance_of_overlap)} of cases"
    )
    if bottom.chance_of_overlap > LEVEL:
        order = _percent(bottom.chance_of_order)
        said += f"; its order of all models comes up by chance in {order}"
    return said


def _percent(chance: float) -> str:
    return "less than 0.1%" if chance < _LEAST_SAID else f"{chance:.1%}"


def _interval(known: Figure) -> str:
    if known.value is None or known.lower is None or known.upper is None:
        return known.status.value
    return f"{known.value:.2f}, 95 % interval {known.lower:.2f} to {known.upper:.2f}"
