"""How likely a random order of models is as much in order with another as a judge's is."""

from math import factorial
from typing import Final

import numpy as np
from scipy.stats import (  # type: ignore[import-untyped]  # scipy ships no types
    permutation_test,
)

from core.analysis.calibration.resampling import SEED, FloatArray

__all__ = ["DRAWN_ORDERS", "MOST_MODELS_EXACT", "chance_of_order"]

MOST_MODELS_EXACT: Final = 8
"""Up to so many models every order is looked at, 40320 of them; of more, some are drawn."""

DRAWN_ORDERS: Final = 20_000

_ORDERS_AT_ONCE: Final = 2_000


def chance_of_order(people: FloatArray, judged: FloatArray) -> float:
    """Return the one-sided p-value of Kendall's tau-b under random orders of the models.

    Exact for up to `MOST_MODELS_EXACT` models, ties included, where the usual normal approximation
    is far too small; above that from `DRAWN_ORDERS` orders drawn with a fixed seed, the judge's own
    counted among them. 1 where either side is the same all over.

    Args:
        people: one value a model, at least two models.
        judged: the same models' values by the judge.
    """
    low, high = np.triu_indices(len(people), 1)
    ours = np.sign(people[low] - people[high])

    def concordance(values: FloatArray, axis: int) -> FloatArray:
        # Tau-b divides this by what no order changes.
        ordered = np.moveaxis(values, axis, -1)
        concordant: FloatArray = np.sign(ordered[..., low] - ordered[..., high]) @ ours
        return concordant

    is_exact = len(people) <= MOST_MODELS_EXACT
    found = permutation_test(
        (judged,),
        concordance,
        permutation_type="pairings",
        alternative="greater",
        n_resamples=factorial(len(people)) if is_exact else DRAWN_ORDERS,
        batch=_ORDERS_AT_ONCE,
        rng=np.random.default_rng(SEED),
    )
    return float(found.pvalue)
