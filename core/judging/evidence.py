"""All that is stored of judgments, one row each: what was shown, answered, paid, and failed."""

from collections.abc import Mapping
from typing import Final

import pandas as pd

from core.analysis.frames import typed_frame
from db.engine import Database
from db.repositories.judgments import Judgments

CALL_COLUMNS: Final[Mapping[str, str]] = {
    "judgment_id": "str",
    "judge_id": "str",
    "method": "str",  # the judge's name among all judges
    "label": "str",
    "judge_model": "str",  # "" for a judge that asks none
    "purpose": "str",  # score, or injection: an order to the judge was put into the response
    "criterion": "str",  # "" for the whole rubric
    "test_case": "str",
    "test_case_id": "str",
    "model": "str",
    "response_id": "str",
    "sample_index": "Int64",
    "shown_response_ids": "object",  # tuple of all that was shown, in order; empty if measured
    "shown_models": "object",  # tuple, of the same order
    "chosen_response_id": "str",  # "" where nothing was to be chosen, or for a tie
    "repeat_index": "Int64",
    "status": "str",  # planned, ok or failed
    "score": "Float64",  # on the judge's scale
    "raw_score": "Float64",  # in the method's own unit
    "scale_min": "Float64",
    "scale_max": "Float64",
    "reasoning": "str",
    "raw_reply": "str",
    "details": "object",  # a mapping of whatever else was found
    "error_kind": "str",
    "error_message": "str",
    "prompt_tokens": "Int64",
    "completion_tokens": "Int64",
    "cost_usd": "Float64",
    "duration_ns": "Int64",
    "inputs_hash": "str",
    "created_at": "datetime64[us, UTC]",
    "completed_at": "datetime64[us, UTC]",
}
"""One row per judgment, of every purpose and status; texts that are not there are empty."""


def load_calls(database: Database, study_id: str, judge_id: str | None = None) -> pd.DataFrame:
    """Every judgment on the study's responses with `CALL_COLUMNS`, of one judge or of all."""
    with database.read() as session:
        found = Judgments(session).evidence(study_id, judge_id)
        models = Judgments(session).models_of(study_id)
    texts = [name for name, dtype in CALL_COLUMNS.items() if dtype == "str"]
    rows = []
    for one in found:
        shown = tuple(one["shown_response_ids"])
        also = {
            "shown_response_ids": shown,
            "shown_models": tuple(models[response_id] for response_id in shown),
        }
        row = {**one, **also}
        # A cell without a text would be NaN, which is neither empty nor unknown.
        rows.append(row | {name: "" if row[name] is None else str(row[name]) for name in texts})
    return typed_frame(rows, CALL_COLUMNS)
