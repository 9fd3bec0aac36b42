"""Judgments as they are stored, in few words."""

from collections.abc import Iterable, Mapping

import pandas as pd

from core.analysis.calibration.frames import CALLS

_DEFAULTS: Mapping[str, object] = {
    "judge_id": "judge",
    "response_id": "a",
    "test_case": "case",
    "model": "ollama/model-a",
    "shown_response_ids": (),
    "shown_models": (),
    "repeat_index": 0,
    "purpose": "score",
    "status": "ok",
    "inputs_hash": "same",
    "criterion": "",
    "chosen_response_id": "",
    "score": None,
    "error_kind": "",
    "error_message": "",
}


def calls(rows: Iterable[Mapping[str, object]]) -> pd.DataFrame:
    """Judgments that differ from a plain one in what is given."""
    frame = pd.DataFrame([{**_DEFAULTS, **row} for row in rows], columns=list(_DEFAULTS))
    assert set(CALLS.columns) <= set(frame.columns)
    return frame


def choice(shown: str, chosen: str, **also: object) -> dict[str, object]:
    """A choice among responses whose ids are single letters; "" is a tie."""
    return {
        "response_id": shown[0],
        "shown_response_ids": tuple(shown),
        "shown_models": tuple(f"model-{one}" for one in shown),
        "chosen_response_id": chosen,
        "inputs_hash": shown,
        **also,
    }
