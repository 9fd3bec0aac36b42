"""Pairs of responses to one test case: which one people prefer, and which one a judge does.

In a study with scores every two responses to a test case are a pair, and the higher mean is
preferred; in a pair study the pairs are those that people were shown, and the majority decides. An
equal score, or no majority, is a tie, and a tie is an answer of its own: a judge that ties
everything agrees with nobody who has a preference.
"""

from typing import Final

import numpy as np
import pandas as pd

from core.analysis.calibration.frames import CONFUSION_COLUMNS
from core.analysis.calibration.items import Items
from core.analysis.calibration.resampling import FloatArray, ratio
from core.analysis.frames import typed_frame
from core.analysis.preferences import points_of

__all__ = ["compared_pairs", "confusion", "decided_pairs_agreed", "pairs_agreed", "scored_pairs"]

_OUTCOMES: Final = (
    ("one is better", "the same one"),
    ("one is better", "the other one"),
    ("one is better", "tie"),
    ("tie", "one is better"),
    ("tie", "tie"),
)
_SAME, _OTHER, _JUDGE_TIES, _PEOPLE_TIE, _BOTH_TIE = range(5)
_TIE_DECIMALS: Final = 9


def scored_pairs(items: Items, test_cases: int) -> FloatArray:
    """Return how many pairs of each test case had each of the five outcomes: ``(cases, 5)``."""
    counts = np.zeros((test_cases, len(_OUTCOMES)))
    people, judged = (np.round(one, _TIE_DECIMALS) for one in (items.people, items.judged))
    for case in np.unique(items.cases):
        inside = np.flatnonzero(items.cases == case)
        low, high = np.triu_indices(len(inside), 1)
        ours, theirs = (np.sign(one[inside][low] - one[inside][high]) for one in (people, judged))
        counts[case] = _outcomes(ours, theirs)
    return counts


def compared_pairs(comparisons: pd.DataFrame, judged: pd.DataFrame) -> FloatArray:
    """Return the outcomes of the pairs that people compared, by test case: ``(cases, 5)``.

    ``comparisons`` is a `PREFERENCES` frame on one criterion, ``judged`` has `ITEM_COLUMNS`. Pairs
    of which the judge scored only one are left out.
    """
    scores = judged.set_index("response_id")["judged"]
    both = comparisons["first_response_id"].isin(scores.index)
    both &= comparisons["second_response_id"].isin(scores.index)
    shown = comparisons[both]
    ids = np.sort(shown[["first_response_id", "second_response_id"]].to_numpy(dtype=str), axis=1)
    turned = ids[:, 0] != shown["first_response_id"].to_numpy(dtype=str)
    points = points_of(shown).to_numpy(dtype=float) - 0.5
    rows = pd.DataFrame(
        {
            "test_case": shown["test_case"].to_numpy(dtype=str),
            "low": ids[:, 0],
            "high": ids[:, 1],
            "points": np.where(turned, -points, points),
        }
    )
    pairs = rows.groupby(["test_case", "low", "high"])["points"].sum().reset_index()
    cases = np.unique(pairs["test_case"], return_inverse=True)[1]
    gap = scores[pairs["low"]].to_numpy() - scores[pairs["high"]].to_numpy()
    theirs = np.sign(np.round(gap, _TIE_DECIMALS))
    ours = np.sign(pairs["points"].to_numpy())
    counts = np.zeros((len(np.unique(cases)), len(_OUTCOMES)))
    for case in range(len(counts)):
        counts[case] = _outcomes(ours[cases == case], theirs[cases == case])
    return counts


def pairs_agreed(counts: FloatArray, drawn: FloatArray) -> FloatArray:
    """Return the share of all pairs with the same outcome, ties included, for every draw."""
    sums = drawn @ counts
    return ratio(sums[:, _SAME] + sums[:, _BOTH_TIE], sums.sum(axis=1))


def decided_pairs_agreed(counts: FloatArray, drawn: FloatArray) -> FloatArray:
    """Return the share that agrees of the pairs that both decided, for every draw."""
    sums = drawn @ counts
    return ratio(sums[:, _SAME], sums[:, _SAME] + sums[:, _OTHER])


def confusion(counts: FloatArray) -> pd.DataFrame:
    """Return the number and share of each outcome over all test cases: `CONFUSION_COLUMNS`."""
    sums = counts.sum(axis=0)
    total = sums.sum()
    rows = [
        {
            "people": people,
            "judge": judge,
            "pairs": int(count),
            "share": count / total if total else None,
        }
        for (people, judge), count in zip(_OUTCOMES, sums, strict=True)
    ]
    return typed_frame(rows, CONFUSION_COLUMNS)


def _outcomes(people: FloatArray, judge: FloatArray) -> list[int]:
    decided, judge_decided = people != 0, judge != 0
    masks = {
        _SAME: decided & (people == judge),
        _OTHER: decided & (people == -judge),
        _JUDGE_TIES: decided & ~judge_decided,
        _PEOPLE_TIE: ~decided & judge_decided,
        _BOTH_TIE: ~decided & ~judge_decided,
    }
    return [int(np.count_nonzero(masks[outcome])) for outcome in range(len(_OUTCOMES))]
