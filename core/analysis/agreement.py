"""How far each judge finds the same worst models as the people (figure 10 of the SLaM paper).

The worst models are compared because naming them early saves people's effort. A judge that orders
at random also shares some, so every value comes with the level expected by chance; and rankings
hold ties, so every value is an expectation over random tie-breaks with its least and most.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from core.analysis.frames import AGREEMENT_COLUMNS, typed_frame
from core.analysis.overlap import (
    Groups,
    agreeing_orders,
    chance_jaccard,
    chance_rank_biased_overlap,
    disagreeing_orders,
    expected_jaccard,
    expected_overlap,
    expected_rank_biased_overlap,
    jaccard,
    rank_biased_overlap,
)
from core.analysis.ranking import tie_groups
from core.errors import InvalidInputError

__all__ = ["Agreement", "Measure", "agreement_by_judge", "bottom_agreement", "default_depth"]

_OK = "ok"
_NOT_ENOUGH_MODELS = "not enough models"


@dataclass(frozen=True)
class Measure:
    """One measure of agreement, from 0 to 1.

    `value` is the exact expectation over random tie-breaks, `lower` and `upper` are the least and
    most over all tie-breaks (exact, equal to `value` without ties), `by_chance` is the expectation
    for a judge that orders the models at random.
    """

    value: float
    lower: float
    upper: float
    by_chance: float


@dataclass(frozen=True)
class Agreement:
    """What two sets of scores agree on about the `depth` worst of `compared_models` models.

    `shared_models` is the expected number of models that are among the worst in both; `left_out`
    are the models that only one of the two scored, in order of name.
    """

    jaccard: Measure
    rank_biased_overlap: Measure
    shared_models: float
    compared_models: int
    left_out: tuple[str, ...]
    depth: int


def default_depth(models: int) -> int:
    """Return how many of the worst models to compare: half of them, at most the paper's 10."""
    return max(1, min(10, models // 2))


def bottom_agreement(
    human_scores: Mapping[str, float], judged_scores: Mapping[str, float], k: int
) -> Agreement:
    """Compare the `k` worst models by people's scores with the `k` worst by a judge's.

    Both map model to score, higher is better, each on its own scale. Models without a score on one
    side are left out of both. Raises `InvalidInputError` if k is below 1, or if it takes in all the
    compared models, where the Jaccard index is 1 whatever the scores.
    """
    both = human_scores.keys() & judged_scores.keys()
    _require_depth(k, len(both))
    human = tie_groups({model: human_scores[model] for model in both})
    judged = tie_groups({model: judged_scores[model] for model in both})
    return Agreement(
        jaccard=_jaccard_measure(human, judged, k, len(both)),
        rank_biased_overlap=_overlap_measure(human, judged, k, len(both)),
        shared_models=float(expected_overlap(human, judged, k)),
        compared_models=len(both),
        left_out=_left_out(human_scores, judged_scores),
        depth=k,
    )


def agreement_by_judge(
    human_scores: Mapping[str, float],
    judged_scores: Mapping[str, Mapping[str, float]],
    k: int,
) -> pd.DataFrame:
    """Return the agreement of each judge with the people: `AGREEMENT_COLUMNS`, judges as given.

    `judged_scores` maps judge to model to score. A judge that shares too few models with the people
    for this depth has a row with nulls and the status "not enough models". Raises
    `InvalidInputError` if k is below 1, or too deep for the people's own models.
    """
    if len(human_scores) >= 2 or k < 1:
        _require_depth(k, len(human_scores))
    rows = [_row(judge, human_scores, scores, k) for judge, scores in judged_scores.items()]
    return typed_frame(rows, AGREEMENT_COLUMNS)


def _row(
    judge: str, human_scores: Mapping[str, float], scores: Mapping[str, float], k: int
) -> dict[str, object]:
    compared = len(human_scores.keys() & scores.keys())
    row: dict[str, object] = {
        "judge": judge,
        "compared_models": compared,
        "left_out": ", ".join(_left_out(human_scores, scores)),
        "depth": k,
    }
    if k >= compared:
        return row | {"status": _NOT_ENOUGH_MODELS}
    agreement = bottom_agreement(human_scores, scores, k)
    return (
        row
        | _columns("jaccard", agreement.jaccard)
        | _columns("rank_biased_overlap", agreement.rank_biased_overlap)
        | {"shared_models": agreement.shared_models, "status": _OK}
    )


def _columns(name: str, measure: Measure) -> dict[str, object]:
    return {
        name: measure.value,
        f"{name}_lower": measure.lower,
        f"{name}_upper": measure.upper,
        f"{name}_by_chance": measure.by_chance,
    }


def _jaccard_measure(human: Groups, judged: Groups, k: int, n: int) -> Measure:
    return Measure(
        value=float(expected_jaccard(human, judged, k)),
        lower=float(jaccard(*disagreeing_orders(human, judged), k)),
        upper=float(jaccard(*agreeing_orders(human, judged), k)),
        by_chance=float(chance_jaccard(n, k)),
    )


def _overlap_measure(human: Groups, judged: Groups, k: int, n: int) -> Measure:
    return Measure(
        value=float(expected_rank_biased_overlap(human, judged, k)),
        lower=float(rank_biased_overlap(*disagreeing_orders(human, judged), k)),
        upper=float(rank_biased_overlap(*agreeing_orders(human, judged), k)),
        by_chance=float(chance_rank_biased_overlap(n, k)),
    )


def _left_out(human: Mapping[str, float], judged: Mapping[str, float]) -> tuple[str, ...]:
    return tuple(sorted(human.keys() ^ judged.keys()))


def _require_depth(k: int, models: int) -> None:
    if not 1 <= k < models:
        raise InvalidInputError(
            f"The bottom {k} of {models} models cannot be compared: "
            "choose a depth of at least 1 and below the number of models."
        )
