"""How far people are apart who rated the same thing, beside what pure chance would give."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from core.studies.rubric import Rubric
from db.repositories.monitoring import PreferenceCount, ValueSum
from db.tables import Preference

_MIRRORED = {Preference.FIRST: Preference.SECOND, Preference.SECOND: Preference.FIRST}


@dataclass(frozen=True, slots=True)
class Disagreement:
    """Of scores the mean standard deviation within a response, in points of the scale; of pairs
    the share of two people who answered differently. Null where nothing has two ratings.

    ``by_chance`` is what people would reach who answer at random. ``things`` is how many responses
    or pairs, each criterion by itself, have two ratings or more.
    """

    value: float | None
    by_chance: float
    things: int


def disagreement_of_scores(sums: Iterable[ValueSum], rubric: Rubric) -> Disagreement:
    """The mean over responses and criteria of the standard deviation between people."""
    deviations = [_standard_deviation(one) for one in sums if one.ratings >= 2]
    values = len(rubric.scale.values)
    return Disagreement(
        sum(deviations) / len(deviations) if deviations else None,
        math.sqrt((values**2 - 1) / 12),
        len(deviations),
    )


def disagreement_of_pairs(counts: Iterable[PreferenceCount], rubric: Rubric) -> Disagreement:
    """The share of differing answers among all twos of answers to the same pair and criterion.

    Sides are taken back: what counts is the response that was preferred, not its place.
    """
    by_thing: dict[tuple[str, str], Counter[Preference]] = defaultdict(Counter)
    for one in counts:
        preferred = one.preference
        if one.is_swapped:
            preferred = _MIRRORED.get(preferred, preferred)
        by_thing[one.unit_id, one.criterion][preferred] += one.ratings
    several = [answers for answers in by_thing.values() if answers.total() >= 2]
    twos = sum(answers.total() * (answers.total() - 1) for answers in several)
    alike = sum(times * (times - 1) for answers in several for times in answers.values())
    options = 2 + rubric.allows_tie + rubric.allows_both_bad
    return Disagreement(1 - alike / twos if twos else None, 1 - 1 / options, len(several))


def _standard_deviation(one: ValueSum) -> float:
    squares = one.total_of_squares - one.total**2 / one.ratings
    return math.sqrt(max(squares, 0.0) / (one.ratings - 1))
