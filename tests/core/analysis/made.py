"""Small frames for the tests, with every column of their contracts."""

from collections.abc import Iterable

import pandas as pd
from hypothesis import settings

from core.analysis.frames import JUDGMENTS, PREFERENCES, RATINGS

TEN = (0.0, 10.0)
"""The scale of the default rubric."""

unhurried = settings(deadline=None)
"""For property tests: a busy machine is no failure."""


def ratings(
    rows: Iterable[tuple[str, str, float]],
    model: str = "ollama/vicuna:7b",
    criterion: str = "quality",
) -> pd.DataFrame:
    """Make ratings of one model and criterion from (rater, test case, value)."""
    return RATINGS.frame(
        {
            "session_id": f"session of {rater}",
            "rater_id": rater,
            "test_case": case,
            "model": model,
            "response_id": f"{model} on {case}",
            "criterion": criterion,
            "value": value,
        }
        for rater, case, value in rows
    )


def judgments(
    rows: Iterable[tuple[str, int, float]],
    judge: str = "scorer",
    model: str = "ollama/vicuna:7b",
    scale: tuple[float, float] = (0, 10),
) -> pd.DataFrame:
    """Make judgments of one judge and model from (test case, sample index, score)."""
    return JUDGMENTS.frame(
        {
            "judge": judge,
            "test_case": case,
            "model": model,
            "response_id": f"{model} on {case}, sample {sample}",
            "sample_index": sample,
            "score": score,
            "scale_min": scale[0],
            "scale_max": scale[1],
        }
        for case, sample, score in rows
    )


def preferences(
    rows: Iterable[tuple[str, str, str, str, str]], criterion: str = "better"
) -> pd.DataFrame:
    """Make comparisons from (rater, test case, first model, second model, preference)."""
    return PREFERENCES.frame(
        {
            "session_id": f"session of {rater}",
            "rater_id": rater,
            "test_case": case,
            "criterion": criterion,
            "first_model": first,
            "second_model": second,
            "first_response_id": f"{first} on {case}",
            "second_response_id": f"{second} on {case}",
            "preference": preference,
        }
        for rater, case, first, second, preference in rows
    )
