"""How much a judge's answer drifts when the same question is put again."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from core.analysis.calibration.frames import CALLS
from core.analysis.calibration.proportions import Proportion, proportion
from core.analysis.calibration.resampling import FloatArray

__all__ = ["Drift", "drift_of", "intraclass_correlation"]

_LEAST_REPEATS: Final = 2
_NO_SPREAD: Final = 1e-12


@dataclass(frozen=True, slots=True)
class Drift:
    """What repeats of the same question show.

    Attributes:
        questions: questions that were answered more than once.
        repeats: how often on average.
        identical: questions whose answers are all the same.
        standard_deviation: pooled within questions, on the judge's scale; None for choices.
        intraclass_correlation: ICC(1), the share of the scores' variance that lies between
            questions; None for choices, and where the scores do not vary at all.
    """

    questions: int
    repeats: float
    identical: Proportion
    standard_deviation: float | None
    intraclass_correlation: float | None


def drift_of(calls: pd.DataFrame, *, chooses: bool) -> Drift | None:
    """Return the drift between repeats of one judge's `CALLS`; None where nothing was repeated.

    ``chooses`` says whether the judge chooses among responses rather than scoring one.
    """
    CALLS.require(calls)
    done = calls[(calls["status"] == "ok") & (calls["purpose"] == "score")]
    if not chooses:
        done = done[done["score"].notna()]
    answers = done["chosen_response_id"].fillna("") if chooses else done["score"]
    criterion = done["criterion"].fillna("") if "criterion" in done.columns else ""
    keyed = done.assign(answer=answers, asked_about=criterion)
    questions = [
        rows["answer"].to_numpy()
        for _, rows in keyed.groupby(["judge_id", "response_id", "inputs_hash", "asked_about"])
        if rows["repeat_index"].nunique() >= _LEAST_REPEATS
    ]
    if not questions:
        return None
    same = sum(len(set(answers)) == 1 for answers in questions)
    scores = None if chooses else [one.astype(float) for one in questions]
    return Drift(
        questions=len(questions),
        repeats=float(np.mean([len(one) for one in questions])),
        identical=proportion(same, len(questions)),
        standard_deviation=None if scores is None else _pooled_deviation(scores),
        intraclass_correlation=None if scores is None else intraclass_correlation(scores),
    )


def intraclass_correlation(groups: list[FloatArray]) -> float | None:
    """Return ICC(1) of groups of repeats by one-way analysis of variance.

    Shrout & Fleiss (1979); with groups of several sizes their size is Donner's (1986) average. None
    with a single group, and where no score differs from another. It can be below 0.
    """
    sizes = np.array([len(group) for group in groups], dtype=float)
    total = sizes.sum()
    if len(groups) < 2 or total <= len(groups):
        return None
    means = np.array([group.mean() for group in groups])
    grand = float(sizes @ means / total)
    between = float(sizes @ (means - grand) ** 2) / (len(groups) - 1)
    within = _squares_within(groups) / (total - len(groups))
    size = (total - (sizes**2).sum() / total) / (len(groups) - 1)
    spread = between + (size - 1) * within
    return float((between - within) / spread) if spread > _NO_SPREAD else None


def _pooled_deviation(groups: list[FloatArray]) -> float:
    freedom = sum(len(group) - 1 for group in groups)
    return float(np.sqrt(_squares_within(groups) / freedom))


def _squares_within(groups: list[FloatArray]) -> float:
    return float(sum(((group - group.mean()) ** 2).sum() for group in groups))
