"""The columns of the frames that the calibration takes and returns.

As in `core.analysis.frames`: an unknown number is `<NA>` beside a `status` that says why.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

import pandas as pd
from pandas.api.typing import NAType

from core.analysis.frames import JUDGMENTS, FrameContract

__all__ = [
    "BIAS_COLUMNS",
    "CALLS",
    "CONFUSION_COLUMNS",
    "DISAGREEMENT_COLUMNS",
    "ITEM_COLUMNS",
    "POSITION_COLUMNS",
    "RESPONSES",
    "STATISTIC_COLUMNS",
    "UNSCORED_COLUMNS",
    "Role",
    "Statistic",
    "complete",
    "without_gates",
]

RESPONSES: Final = FrameContract(
    "responses",
    {
        "response_id": "the response",
        "test_case": "name or id of the test case",
        "model": "provider/model",
        "words": "how many words it has",
    },
)
"""One row per response that could be judged."""

CALLS: Final = FrameContract(
    "calls",
    {
        "judge_id": "the judge",
        "response_id": "the response judged; of a set, the first one shown",
        "test_case": "name or id of the test case",
        "model": "provider/model that wrote the response",
        "shown_response_ids": "tuple of all responses shown, in order; empty for what measures",
        "shown_models": "tuple of the models that wrote them",
        "repeat_index": "which repeat of the question, from 0",
        "purpose": "score or injection",
        "status": "ok, failed or planned",
        "inputs_hash": "what the judge saw besides the response",
    },
)
"""One row per judgment as it is stored.

Further columns, empty or null where nothing is there: ``chosen_response_id`` (of a tie),
``criterion`` (of the whole rubric), ``score``, ``error_kind`` and ``error_message``.
"""

_OPTIONAL: Final[Mapping[str, str | int | bool | NAType]] = {
    "judge_id": "",
    "method": "",
    "judge_model": "",
    "in_force": True,
    "criterion": "",
    "judgments": 1,
    "spread": pd.NA,
    "raw_score": pd.NA,
    "gate": "",
}
_OPTIONAL_DTYPES: Final = {
    "judge_id": "str",
    "method": "str",
    "judge_model": "str",
    "in_force": "bool",
    "criterion": "str",
    "judgments": "Int64",
    "spread": "Float64",
    "raw_score": "Float64",
    "measured_score": "Float64",
    "gate": "str",
}


class Role(StrEnum):
    """What a row of statistics is of."""

    JUDGE = "judge"
    CEILING = "ceiling"
    FLOOR = "floor"


class Statistic(StrEnum):
    """What is computed of two scores of the same responses."""

    SPEARMAN_WITHIN_MODELS = "spearman_within_models"
    KENDALL_WITHIN_MODELS = "kendall_within_models"
    SPEARMAN_OVER_RESPONSES = "spearman_over_responses"
    KENDALL_OVER_RESPONSES = "kendall_over_responses"
    SPEARMAN_OVER_MODELS = "spearman_over_models"
    KENDALL_OVER_MODELS = "kendall_over_models"
    WEIGHTED_KAPPA = "weighted_kappa"
    ALPHA_ORDINAL = "alpha_ordinal"
    ALPHA_INTERVAL = "alpha_interval"
    MEAN_BIAS = "mean_bias"
    MEAN_ABSOLUTE_ERROR = "mean_absolute_error"
    ROOT_MEAN_SQUARED_ERROR = "root_mean_squared_error"
    PAIRS_AGREED = "pairs_agreed"
    DECIDED_PAIRS_AGREED = "decided_pairs_agreed"


STATISTIC_COLUMNS: Final[Mapping[str, str]] = {
    "source": "str",  # name of the judge, or what a ceiling or a floor is made of
    "role": "str",  # a `Role`
    "statistic": "str",  # a `Statistic`
    "value": "Float64",
    "lower": "Float64",  # 95 % interval over test cases; <NA> where `status` is not "ok"
    "upper": "Float64",
    "items": "Int64",  # responses compared
    "models": "Int64",
    "test_cases": "Int64",
    "status": "str",  # a `resampling.Status`
}
"""One row per source and statistic."""

ITEM_COLUMNS: Final[Mapping[str, str]] = {
    "response_id": "str",
    "test_case": "str",
    "model": "str",
    "people": "float64",  # mean over people, on their scale
    "raters": "int64",  # people that the mean is of
    "judged": "float64",  # the judge's score, moved linearly onto people's scale
    "score": "float64",  # the same on the judge's own scale
    "words": "Float64",  # length of the response; <NA> where it is not known
}
"""One row per response that both people and a judge scored."""

BIAS_COLUMNS: Final[Mapping[str, str]] = {
    "people_score": "Float64",  # middle of the bin on people's scale
    "bias": "Float64",  # mean of judge minus people, in points of people's scale
    "lower": "Float64",
    "upper": "Float64",
    "items": "Int64",
    "status": "str",
}
"""One row per bin of people's scale that holds a response."""

CONFUSION_COLUMNS: Final[Mapping[str, str]] = {
    "people": "str",  # "one is better" or "tie"
    "judge": "str",  # "the same one", "the other one", "tie"; where people tie, "one is better"
    "pairs": "Int64",
    "share": "Float64",  # of all pairs
}
"""One row per outcome of a pair of responses to one test case."""

POSITION_COLUMNS: Final[Mapping[str, str]] = {
    "shown": "Int64",  # how many responses the question showed
    "position": "Int64",  # from 1
    "chosen": "Int64",
    "choices": "Int64",  # questions of that size that were decided
    "share": "Float64",
    "lower": "Float64",  # 95 % Wilson interval
    "upper": "Float64",
    "by_chance": "Float64",  # 1 / shown
}
"""One row per size of a question and position."""

UNSCORED_COLUMNS: Final[Mapping[str, str]] = {
    "model": "str",
    "responses": "Int64",
    "scored": "Int64",
    "failed": "Int64",  # judged, and no answer could be read or measured: worth asking again
    "cannot": "Int64",  # judged, and there was nothing to say, such as without a reference
    "not_judged": "Int64",  # nobody asked yet
    "gated": "Int64",  # of those scored, put at the bottom by a check
    "failed_share": "Float64",  # of those scored or failed
    "lower": "Float64",  # 95 % Wilson interval
    "upper": "Float64",
}
"""One row per model."""

DISAGREEMENT_COLUMNS: Final[Mapping[str, str]] = {
    "response_id": "str",
    "test_case": "str",
    "model": "str",
    "people": "Float64",
    "raters": "Int64",
    "judged": "Float64",
    "difference": "Float64",  # judge minus people, in points of people's scale
    "score": "Float64",  # the judge's own
}
"""One row per response, the largest difference first."""


def without_gates(judgments: pd.DataFrame) -> pd.DataFrame:
    """Return the judgments with what was measured as score, whatever a check said of a response."""
    filled = complete(judgments)
    return filled.assign(score=filled["measured_score"], gate="")


def complete(judgments: pd.DataFrame) -> pd.DataFrame:
    """Return a `JUDGMENTS` frame with the further columns, filled in where they are missing.

    Without them no judgment is by criterion and none was gated.
    """
    JUDGMENTS.require(judgments)
    filled = judgments.copy()
    for name, value in _OPTIONAL.items():
        if name not in filled.columns:
            filled[name] = value
        elif not pd.isna(value):
            filled[name] = filled[name].fillna(value)
    if "measured_score" not in filled.columns:
        filled["measured_score"] = filled["score"]
    return filled.astype(_OPTIONAL_DTYPES)
