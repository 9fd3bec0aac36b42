"""Every statistic of two scores of the same responses, with intervals, as one table."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Final

import numpy as np
import pandas as pd

from core.analysis.calibration import on_scale, pairs, ranks
from core.analysis.calibration.frames import STATISTIC_COLUMNS, Role, Statistic
from core.analysis.calibration.items import Items
from core.analysis.calibration.resampling import Figure, FloatArray, Status, figure
from core.analysis.frames import typed_frame

__all__ = ["replicates", "statistic_rows", "statistics_frame"]

Replicates = Mapping[Statistic, FloatArray]

_OF_SCALE: Final = {
    Statistic.ALPHA_ORDINAL: on_scale.alpha_ordinal,
    Statistic.ALPHA_INTERVAL: on_scale.alpha_interval,
    Statistic.MEAN_BIAS: on_scale.mean_difference,
    Statistic.MEAN_ABSOLUTE_ERROR: on_scale.mean_absolute_difference,
    Statistic.ROOT_MEAN_SQUARED_ERROR: on_scale.root_mean_squared_difference,
}
_OF_RANKS: Final = {
    Statistic.SPEARMAN_WITHIN_MODELS: (ranks.spearman, True),
    Statistic.KENDALL_WITHIN_MODELS: (ranks.kendall, True),
    Statistic.SPEARMAN_OVER_RESPONSES: (ranks.spearman, False),
    Statistic.KENDALL_OVER_RESPONSES: (ranks.kendall, False),
}
_OF_MODELS: Final = {
    Statistic.SPEARMAN_OVER_MODELS: ranks.spearman_of_models,
    Statistic.KENDALL_OVER_MODELS: ranks.kendall_of_models,
}
_OF_PAIRS: Final[Mapping[Statistic, Callable[[FloatArray, FloatArray], FloatArray]]] = {
    Statistic.PAIRS_AGREED: pairs.pairs_agreed,
    Statistic.DECIDED_PAIRS_AGREED: pairs.decided_pairs_agreed,
}


def replicates(
    items: Items, drawn: FloatArray, wanted: Collection[Statistic], *, with_pairs: bool = True
) -> dict[Statistic, FloatArray]:
    """Return each wanted statistic of the sample and of every draw; NaN where it is not defined.

    Without ``with_pairs`` those of pairs are left out: of a pair study they are counted from
    people's comparisons (`pairs.compared_pairs`), not from scores.
    """
    if len(items) < 2:
        return {}
    first, second, cases = items.people, items.judged, items.cases
    everything = np.zeros_like(cases)
    found: dict[Statistic, FloatArray] = {}
    for statistic, (correlation, within) in _OF_RANKS.items():
        if statistic in wanted:
            groups = items.models if within else everything
            found[statistic] = correlation(first, second, cases, groups, drawn)
    if not _OF_MODELS.keys().isdisjoint(wanted):
        means = [ranks.model_means(one, cases, items.models, drawn) for one in (first, second)]
        found |= {one: of(*means) for one, of in _OF_MODELS.items() if one in wanted}
    if Statistic.WEIGHTED_KAPPA in wanted:
        people, judged = (one.astype(float) for one in items.steps())
        found[Statistic.WEIGHTED_KAPPA] = on_scale.weighted_kappa(people, judged, cases, drawn)
    found |= {
        one: of(first, second, cases, drawn) for one, of in _OF_SCALE.items() if one in wanted
    }
    if with_pairs and not _OF_PAIRS.keys().isdisjoint(wanted):
        counts = pairs.scored_pairs(items, drawn.shape[1])
        found |= {one: of(counts, drawn) for one, of in _OF_PAIRS.items() if one in wanted}
    return found


def statistic_rows(
    source: str,
    role: Role,
    items: Items,
    found: Replicates | Sequence[Replicates],
    wanted: Collection[Statistic],
) -> list[dict[str, object]]:
    """Return a row of `STATISTIC_COLUMNS` for each wanted statistic.

    ``found`` are `replicates`, or several of them for repetitions with another random split.
    """
    runs = [found] if isinstance(found, Mapping) else found
    rows = []
    for statistic in (one for one in Statistic if one in wanted):
        values = [run[statistic] for run in runs if statistic in run]
        known = figure(values, items.test_cases) if values else _NOTHING
        rows.append(
            {
                "source": source,
                "role": role.value,
                "statistic": statistic.value,
                **known.row(),
                "items": len(items),
                "models": items.model_count,
                "test_cases": items.test_cases,
            }
        )
    return rows


def statistics_frame(rows: Sequence[Mapping[str, object]]) -> pd.DataFrame:
    """Return the rows as a frame with `STATISTIC_COLUMNS`."""
    return typed_frame(rows, STATISTIC_COLUMNS)


_NOTHING: Final = Figure.unknown(Status.NOTHING_SHARED)
