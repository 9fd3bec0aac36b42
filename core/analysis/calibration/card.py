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
from core.analysis.calibration.frames import ITEM_COLUMNS, Role, Statistic, complete
from core.analysis.calibration.items import Items, People, judged_for, shared_items
from core.analysis.calibration.resampling import Figure, FloatArray, draws, figure
from core.analysis.frames import typed_frame

__all__ = ["STANDING_COLUMNS", "Calibration", "calibrate", "standing_of_people", "standings"]

STANDING_COLUMNS: Final[Mapping[str, str]] = {
    "judge": "str",
    "standing": "str",  # a `standing.Standing`
    "sentence": "str",
    "over_models": "Float64",  # Spearman's rank correlation of the models' means
    "over_models_lower": "Float64",
    "over_models_upper": "Float64",
    "over_models_status": "str",
    "within_models": "Float64",  # the same of responses within models
    "within_models_lower": "Float64",
    "within_models_upper": "Float64",
    "within_models_status": "str",
    "items": "Int64",  # responses that people and the judge share
    "rated_by_people": "Int64",  # all responses that people rated
    "gated": "Int64",  # responses that a check put at the bottom
}
"""One row per judge, or one for half of the people."""

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
        length_bias: points it gives for a response twice as long, people's score held fixed.
        length_rank: rank correlation of its scores with length, within test cases.
        self_preference: points it gives its kin, people's score held fixed; None without a model.
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
    """Return every judge's standing and its rank correlations: `STANDING_COLUMNS`.

    ``left_out_response_ids`` maps a judge's name to the responses that it was shown as examples.
    Judges by another criterion than people's have no row.
    """
    ceilings: dict[frozenset[str], evidence.Ceiling] = {}
    rows = []
    counting = judged_for(judgments, people.criterion, left_out_response_ids)
    for judge, _, judged in judgments_by_judge(counting):
        shared = shared_items(people, judged, words)
        key = frozenset(shared["response_id"])
        if key not in ceilings:
            ceilings[key] = evidence.ceiling_of(shared, people, depth=depth)
        report = standing.standing_of(shared, people, depth=depth, ceiling=ceilings[key])
        items = Items.of(shared, people.scale)
        found = statistics.replicates(items, draws(items.test_cases), evidence.RANKS)
        correlations = {
            one: figure([found[one]] if one in found else [], items.test_cases)
            for one in evidence.RANKS
        }
        rows.append(
            {
                "judge": judge,
                "standing": report.standing.value,
                "sentence": report.sentence,
                **_rank_columns(correlations),
                "items": len(shared),
                "rated_by_people": len(people.means),
                "gated": int((judged["gate"] != "").sum()),
            }
        )
    return typed_frame(rows, STANDING_COLUMNS)


def standing_of_people(
    people: People, words: Mapping[str, int], *, depth: int | None = None
) -> pd.DataFrame:
    """Return one half of the people beside the other, as a row of `STANDING_COLUMNS`.

    On all responses that people rated, by the judges' own rule: what can be asked of a judge.
    """
    means = people.means.reset_index()
    rated = means.assign(
        judged=means["people"], score=means["people"], words=means["response_id"].map(words)
    )
    shared = rated[list(ITEM_COLUMNS)].astype(dict(ITEM_COLUMNS))
    report, known = standing.standing_of_half(shared, people, depth=depth)
    row = {
        "judge": OTHER_HALF,
        "standing": report.standing.value,
        "sentence": report.sentence,
        **_rank_columns(known.evidence.correlations),
        "items": len(shared),
        "rated_by_people": len(shared),
        "gated": 0,
    }
    return typed_frame([row], STANDING_COLUMNS)


def _rank_columns(correlations: Mapping[Statistic, Figure]) -> dict[str, object]:
    columns: dict[str, object] = {}
    for name, statistic in (
        ("over_models", Statistic.SPEARMAN_OVER_MODELS),
        ("within_models", Statistic.SPEARMAN_WITHIN_MODELS),
    ):
        known = correlations[statistic]
        columns |= {
            name: known.value,
            f"{name}_lower": known.lower,
            f"{name}_upper": known.upper,
            f"{name}_status": known.status.value,
        }
    return columns


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
            compared, draws(compared.test_cases), everything, with_pairs=people.comparisons is None
        )
        if people.comparisons is not None:
            rows_of = items.has_length if source == BY_LENGTH else slice(None)
            judged = shared[rows_of].assign(judged=compared.judged)
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
