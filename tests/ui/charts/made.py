"""Frames of the analysis for the charts: seeded, with long names, ties and unknown intervals."""

import numpy as np
import pandas as pd

from core.analysis.agreement import agreement_by_judge
from core.analysis.distribution import judged_score_distribution, rated_score_distribution
from core.analysis.frames import JUDGMENTS, RATINGS
from core.analysis.quality import judged_quality_by_model, quality_by_model

REFERENCE = "openai/gpt-4"
MODELS = (REFERENCE, "ollama/neural-chat:7b-v3.2-q3_K_L", "ollama/orca2:7b", "ollama/vicuna:7b")


def ratings() -> pd.DataFrame:
    """Make ratings; the last model has one rater and so no interval."""
    random = np.random.default_rng(5)
    return RATINGS.frame(
        {
            "session_id": rater,
            "rater_id": f"rater {rater}",
            "test_case": f"case {case}",
            "model": model,
            "response_id": f"{model} on {case}",
            "criterion": "quality",
            "value": float(np.clip(round(6 - number + random.normal(0, 2)), 0, 10)),
        }
        for number, model in enumerate(MODELS)
        for rater in range(1 if model == MODELS[-1] else 6)
        for case in range(6)
    )


def judgments(judge: str, highest: float) -> pd.DataFrame:
    """Make judgments of one judge on a scale from 0 to `highest`."""
    random = np.random.default_rng(6)
    return JUDGMENTS.frame(
        {
            "judge": judge,
            "test_case": f"case {case}",
            "model": model,
            "response_id": f"{model} on {case}",
            "sample_index": 0,
            "score": highest * float(np.clip(0.7 - number / 10 + random.normal(0, 0.1), 0, 1)),
            "scale_min": 0,
            "scale_max": highest,
        }
        for number, model in enumerate(MODELS)
        for case in range(6)
    )


def quality() -> pd.DataFrame:
    """Return quality by the people and by a scorer, as `QUALITY_COLUMNS`."""
    judged = judged_quality_by_model(judgments("gpt-scorer", 10))
    return pd.concat([judged, quality_by_model(ratings(), "quality", (0, 10))], ignore_index=True)


def distribution() -> pd.DataFrame:
    """Return the score distributions that belong to `quality`."""
    judged = judged_score_distribution(judgments("gpt-scorer", 10))
    return pd.concat(
        [judged, rated_score_distribution(ratings(), "quality", (0, 10))], ignore_index=True
    )


def agreement() -> pd.DataFrame:
    """Return the agreement of three judges: one equal, one with ties, one without enough models."""
    human = {"a": 1.0, "b": 2.0, "c": 3.0, "d": 4.0}
    tied = {"a": 2.0, "b": 2.0, "c": 2.0, "d": 1.0}
    return agreement_by_judge(human, {"tied": tied, "partial": {"a": 1.0}, "equal": human}, 2)
