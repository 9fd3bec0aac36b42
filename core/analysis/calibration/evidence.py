"""What the rule of a judge's standing looks at: rank correlations, their lead, and the bottom.

The same is taken of one half of the people beside the other: what they show is the most that can be
asked of a judge on the same responses.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import fmean, median
from typing import Final

import numpy as np
import pandas as pd

from core.analysis.agreement import default_depth
from core.analysis.calibration import ranks
from core.analysis.calibration.bounds import by_length, draws_of_split, halves
from core.analysis.calibration.frames import Statistic
from core.analysis.calibration.items import Items, People
from core.analysis.calibration.permutations import chance_of_order
from core.analysis.calibration.resampling import Figure, FloatArray, Status, draws, figure
from core.analysis.calibration.statistics import replicates
from core.analysis.overlap import chance_of_overlap, expected_overlap
from core.analysis.ranking import tie_groups

__all__ = [
    "LEVEL",
    "RANKS",
    "Bottom",
    "Ceiling",
    "Evidence",
    "above_zero",
    "bottom_of",
    "ceiling_of",
    "evidence_of",
    "falls_short",
]

RANKS: Final = (Statistic.SPEARMAN_OVER_MODELS, Statistic.SPEARMAN_WITHIN_MODELS)
"""The rank correlations of which one must hold."""

LEVEL: Final = 0.05
"""What a random order may reach so often and no oftener."""

_TIE_DECIMALS: Final = 9


@dataclass(frozen=True, slots=True)
class Bottom:
    """How much of the bottom is shared: ``shared`` of ``depth`` models, out of ``models``.

    ``chance_of_overlap`` and ``chance_of_order`` are how likely a random order shares as much, and
    is as much in order, with all models.
    """

    shared: float
    depth: int
    models: int
    chance_of_overlap: float
    chance_of_order: float

    @property
    def shared_by_chance(self) -> float:
        """How many a random order shares on average."""
        return self.depth**2 / self.models

    @property
    def passes(self) -> bool:
        """Whether this is more than chance gives."""
        chance = min(self.chance_of_overlap, self.chance_of_order)
        return self.shared > self.shared_by_chance and chance <= LEVEL


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the rule looks at: each rank correlation, its lead over length alone, and the bottom.

    Where lengths are not known, a lead is the correlation itself.
    """

    correlations: dict[Statistic, Figure]
    leads: dict[Statistic, Figure]
    bottom: Bottom | None
    knows_lengths: bool

    @property
    def leading(self) -> Statistic | None:
        """The rank correlation that is above 0 and above that of length alone, if there is one."""
        return next(
            (
                one
                for one in RANKS
                if above_zero(self.correlations[one]) and above_zero(self.leads[one])
            ),
            None,
        )

    @property
    def passes(self) -> bool:
        """Whether both parts of the rule hold."""
        return self.leading is not None and self.bottom is not None and self.bottom.passes


@dataclass(frozen=True, slots=True)
class Ceiling:
    """What one half of the people shows of the other: over all responses, and by the rule."""

    agreement: Figure
    evidence: Evidence


def evidence_of(items: Items, depth: int | None = None) -> Evidence:
    """Return the evidence of one judge's scores beside people's."""
    return _evidence([(items, draws(items.test_cases))], depth)


def ceiling_of(shared: pd.DataFrame, people: People, *, depth: int | None = None) -> Ceiling:
    """Hold one half of the people to the judges' rule against the other half."""
    splits = [
        (items, draws_of_split(int(items.cases.max()) + 1, split))
        for split, items in enumerate(halves(people, shared))
        if len(items) > 1
    ]
    over_all = Statistic.SPEARMAN_OVER_RESPONSES
    runs = [replicates(items, drawn, [over_all])[over_all] for items, drawn in splits]
    test_cases = max((items.test_cases for items, _ in splits), default=0)
    agreement = figure(runs, test_cases) if runs else Figure.unknown(Status.NOTHING_SHARED)
    return Ceiling(agreement, _evidence(splits, depth))


def _evidence(runs: Sequence[tuple[Items, FloatArray]], depth: int | None) -> Evidence:
    """The evidence of one comparison, or of its repetitions with another split of the people."""
    correlations = [replicates(items, drawn, RANKS) for items, drawn in runs]
    leads = [
        _lead(one, items, drawn) for one, (items, drawn) in zip(correlations, runs, strict=True)
    ]
    test_cases = max((items.test_cases for items, _ in runs), default=0)
    bottoms = [one for items, _ in runs if (one := bottom_of(items, depth)) is not None]
    return Evidence(
        correlations={
            one: _figure([run[one] for run in correlations], test_cases) for one in RANKS
        },
        leads={one: _figure([run[one] for run in leads], test_cases) for one in RANKS},
        bottom=_typical(bottoms),
        knows_lengths=all(by_length(items) is not None for items, _ in runs),
    )


def _lead(
    found: dict[Statistic, FloatArray], items: Items, drawn: FloatArray
) -> dict[Statistic, FloatArray]:
    """How far each correlation is above that of length alone, of the same responses and draw."""
    length = by_length(items)
    if length is None:
        return found
    known = items.has_length
    if not known.all():
        drawn = drawn[:, np.unique(items.cases[known])]
        found = replicates(items.only(known), drawn, RANKS)
    floor = replicates(length, drawn, RANKS)
    # A length that is the same all over says nothing, and what says nothing agrees with nothing.
    return {one: found[one] - np.nan_to_num(floor[one]) for one in RANKS}


def _figure(runs: Sequence[FloatArray], test_cases: int) -> Figure:
    return figure(runs, test_cases) if runs else Figure.unknown(Status.NOTHING_SHARED)


def bottom_of(items: Items, depth: int | None = None) -> Bottom | None:
    """Return how much of the bottom the two sides of the items share; None below two models."""
    models = items.model_count
    if models < 2:
        return None
    k = min(depth or default_depth(models), models - 1)
    once = np.ones((1, int(items.cases.max()) + 1))
    sides = [
        ranks.model_means(one, items.cases, items.models, once)
        for one in (items.people, items.judged)
    ]
    people, judged = (
        tie_groups({str(model): float(mean) for model, mean in enumerate(side[0])})
        for side in sides
    )
    return Bottom(
        shared=float(expected_overlap(people, judged, k)),
        depth=k,
        models=models,
        chance_of_overlap=float(chance_of_overlap(people, judged, k)),
        chance_of_order=chance_of_order(*(side[0].round(_TIE_DECIMALS) for side in sides)),
    )


def _typical(bottoms: Sequence[Bottom]) -> Bottom | None:
    if not bottoms:
        return None
    return replace(
        bottoms[0],
        shared=fmean(one.shared for one in bottoms),
        chance_of_overlap=median(one.chance_of_overlap for one in bottoms),
        chance_of_order=median(one.chance_of_order for one in bottoms),
    )


def above_zero(known: Figure) -> bool:
    """Whether the whole interval lies above 0."""
    return known.lower is not None and known.lower > 0


def falls_short(judge: Evidence, people: Evidence) -> bool:
    """Whether a judge clearly orders models worse than one half of the people does.

    It has no order, or none that could be better than length alone, or its interval over models
    ends below where that of the people begins.
    """
    over_models = RANKS[0]
    known, lead = judge.correlations[over_models], judge.leads[over_models]
    if known.value is None or (lead.upper is not None and lead.upper <= 0):
        return True
    begins = people.correlations[over_models].lower
    return known.upper is not None and begins is not None and known.upper < begins
