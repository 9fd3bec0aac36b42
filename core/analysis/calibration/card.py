"""All that is known of one judge beside people, and of all judges in short."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

import pandas as pd

from core.analysis.answers import judgments_by_judge
from core.analysis.calibration import biases, evidence, pairs, standing, statistics
from core.analysis.calibration.bounds import (
    BY_LENGTH,
    ONE_PERSON,
    OTHER_HALF,
    SAME_FOR_ALL,
    by_length,
    draws_of_split,
    halves,
    same_for_all,
    two_people,
)
from core.analysis.calibration.frames import Role, Statistic, complete
from core.analysis.calibration.items import Items, People, shared_items
from core.analysis.calibration.resampling import Figure, FloatArray, draws, figure
from core.analysis.frames import typed_frame

__all__ = ["STANDING_COLUMNS", "Calibration", "calibrate", "standings"]

STANDING_COLUMNS: Final[Mapping[str, str]] = {
    "judge": "str",
    "standing": "str",  # a `standing.Standing`
    "sentence": "str",
    "within_models": "Float64",  # Spearman's rank correlation within models
    "within_models_lower": "Float64",
    "within_models_upper": "Float64",
    "within_models_status": "str",
    "items": "Int64",  # responses that people and the judge share
    "gated": "Int64",  # responses that a check put at the bottom
}
"""One row per judge."""

_PAIRS: Final = (Statistic.PAIRS_AGREED, Statistic.DECIDED_PAIRS_AGREED)


@dataclass(frozen=True)
class Calibration:
    """One judge beside people.

    Attributes:
        items: the responses that both scored, `ITEM_COLUMNS`.
        standing: what can be said of the judge.
        statistics: of the judge, the ceilings and the floors, `STATISTIC_COLUMNS`.
        bias: the bias curve, `BIAS_COLUMNS`.
        confusion: outcomes of pairs, `CONFUSION_COLUMNS`.
        length_bias: points by which it drifts from people when a response is twice as long.
        length_rank: rank correlation of its scores with length, within test cases.
        self_preference: points by which it overrates its kin; None for a judge without a model.
    """

    items: pd.DataFrame
    standing: standing.StandingReport
    statistics: pd.DataFrame
    bias: pd.DataFrame
    confusion: pd.DataFrame
    length_bias: Figure
    length_rank: Figure
    self_preference: Figure | None


def calibrate(
    people: People,
    judgments: pd.DataFrame,
    judge: str,
    words: Mapping[str, int],
    *,
    left_out_response_ids: Collection[str] = (),
    depth: int | None = None,
) -> Calibration:
    """Hold one judge against people.

    Args:
        people: who rated or compared.
        judgments: a `JUDGMENTS` frame.
        judge: which of its judges.
        words: the number of words of each response, by id.
        left_out_response_ids: responses that the judge was shown as examples.
        depth: how many of the worst models its standing looks at.
    """
    rows = complete(judgments)
    mine = rows[rows["judge"] == judge]
    shared = shared_items(people, mine, words, left_out_response_ids)
    items = Items.of(shared, people.scale)
    models = set(mine["judge_model"]) - {""}
    return Calibration(
        items=shared,
        standing=standing.standing_of(shared, people, depth=depth),
        statistics=_statistics(judge, people, shared, items),
        bias=biases.bias_curve(items),
        confusion=pairs.confusion(_pair_counts(people, shared, items)[0]),
        length_bias=biases.length_bias(items),
        length_rank=biases.length_rank(items),
        self_preference=(
            biases.self_preference(items, shared["model"], models.pop())
            if len(models) == 1
            else None
        ),
    )


def standings(
    people: People,
    judgments: pd.DataFrame,
    words: Mapping[str, int],
    *,
    left_out_response_ids: Mapping[str, Collection[str]] | None = None,
    depth: int | None = None,
) -> pd.DataFrame:
    """Return every judge's standing and rank correlation within models: `STANDING_COLUMNS`.

    ``left_out_response_ids`` maps a judge's id to the responses that it was shown as examples.
    Judges by another criterion than people's have no row.
    """
    left_out = left_out_response_ids or {}
    ceilings: dict[frozenset[str], evidence.Ceiling] = {}
    rows = []
    for judge, _, judged in judgments_by_judge(complete(judgments)):
        if not set(judged["criterion"]) & {"", people.criterion}:
            continue
        examples = left_out.get(str(judged["judge_id"].iloc[0]), ())
        shared = shared_items(people, judged, words, examples)
        key = frozenset(shared["response_id"])
        if key not in ceilings:
            ceilings[key] = evidence.ceiling_of(shared, people, depth=depth)
        report = standing.standing_of(shared, people, depth=depth, ceiling=ceilings[key])
        rows.append(
            {
                "judge": judge,
                "standing": report.standing.value,
                "sentence": report.sentence,
                **_within_models(Items.of(shared, people.scale)),
                "items": len(shared),
                "gated": int((judged["gate"] != "").sum()),
            }
        )
    return typed_frame(rows, STANDING_COLUMNS)


def _within_models(items: Items) -> dict[str, object]:
    statistic = Statistic.SPEARMAN_WITHIN_MODELS
    found = statistics.replicates(items, draws(items.test_cases), [statistic])
    known = figure(list(found.values()), items.test_cases)
    return {
        "within_models": known.value,
        "within_models_lower": known.lower,
        "within_models_upper": known.upper,
        "within_models_status": known.status.value,
    }


def _pair_counts(
    people: People, shared: pd.DataFrame, items: Items
) -> tuple[FloatArray, FloatArray]:
    """The outcomes of pairs by test case, and the draws of those test cases."""
    if people.comparisons is None:
        return pairs.scored_pairs(items, items.test_cases), draws(items.test_cases)
    counts = pairs.compared_pairs(people.comparisons, shared)
    return counts, draws(len(counts))


def _statistics(judge: str, people: People, shared: pd.DataFrame, items: Items) -> pd.DataFrame:
    """Every statistic of the judge, of the two ceilings and of the two floors."""
    everything = list(Statistic)
    sources = [(judge, Role.JUDGE, items), (SAME_FOR_ALL, Role.FLOOR, same_for_all(items))]
    length = by_length(items)
    if length is not None:
        sources.append((BY_LENGTH, Role.FLOOR, length))
    rows = []
    for source, role, compared in sources:
        found = statistics.replicates(
            compared, draws(items.test_cases), everything, with_pairs=people.comparisons is None
        )
        if people.comparisons is not None:
            judged = shared.assign(judged=compared.judged)
            counts, drawn = _pair_counts(people, judged, compared)
            found[_PAIRS[0]] = pairs.pairs_agreed(counts, drawn)
            found[_PAIRS[1]] = pairs.decided_pairs_agreed(counts, drawn)
        rows += statistics.statistic_rows(source, role, compared, found, everything)
    for source, splits in ((OTHER_HALF, halves), (ONE_PERSON, two_people)):
        rows += _ceiling_rows(source, list(splits(people, shared)), people)
    return statistics.statistics_frame(rows)


def _ceiling_rows(source: str, splits: list[Items], people: People) -> list[dict[str, object]]:
    found = [
        statistics.replicates(
            items,
            draws_of_split(int(items.cases.max()) + 1, split),
            list(Statistic),
            with_pairs=people.comparisons is None,
        )
        for split, items in enumerate(splits)
        if len(items) > 1
    ]
    typical = max(splits, key=len)
    return statistics.statistic_rows(source, Role.CEILING, typical, found, list(Statistic))
