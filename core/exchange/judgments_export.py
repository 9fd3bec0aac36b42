"""Every judgment, one row each, to take away: also failed ones, and those with injected orders."""

import json

import pandas as pd

from core.exchange.ratings_columns import Column
from core.judging.evidence import CALL_COLUMNS, load_calls
from db.engine import Database

_TEXT = "string"
JUDGMENT_EXPORT_COLUMNS = {
    "judgment_id": Column(_TEXT, "one judgment of one judge"),
    "judge_id": Column(_TEXT, "the judge: a method with its options and its model"),
    "method": Column(_TEXT, "the judge's name among all judges, e.g. sem_bleu"),
    "label": Column(_TEXT, "the judge's name for people"),
    "judge_model": Column(_TEXT, "the model that the judge asks, as provider/model"),
    "purpose": Column(_TEXT, "score, or injection where an order to the judge was put into the "
                             "response to see whether it is obeyed; those are in no figure"),
    "criterion": Column(_TEXT, "which question of the rubric; null for all of them together"),
    "test_case": Column(_TEXT, "the test case's name"),
    "test_case_id": Column(_TEXT, "the test case"),
    "model": Column(_TEXT, "who wrote response_id, as provider/model"),
    "response_id": Column(_TEXT, "the response judged; of a set the first one shown"),
    "sample_index": Column("Int64", "which of the model's responses to the test case, from 0"),
    "shown_response_ids": Column(_TEXT, "all responses shown, in order, as a JSON list; empty for "
                                        "a judge that measures"),
    "shown_models": Column(_TEXT, "who wrote them, in the same order"),
    "chosen_response_id": Column(_TEXT, "the response chosen as best; null for a tie, or where "
                                        "nothing was to be chosen"),
    "repeat_index": Column("Int64", "which time the same question was put, from 0"),
    "status": Column(_TEXT, "planned, ok or failed"),
    "score": Column("Float64", "the score, higher is better; of a pair 1 if the judged response "
                               "was chosen, 0.5 for a tie; null for a set and where not ok"),
    "raw_score": Column("Float64", "the same in the method's own unit"),
    "scale_min": Column("Float64", "the lowest score that the judge gives"),
    "scale_max": Column("Float64", "the highest score that the judge gives"),
    "reasoning": Column(_TEXT, "the judge's reasons"),
    "raw_reply": Column(_TEXT, "what the judge's model wrote"),
    "details": Column(_TEXT, "whatever else was found, as a JSON object"),
    "error_kind": Column(_TEXT, "why there is no score, in a word"),
    "error_message": Column(_TEXT, "the same in a sentence"),
    "prompt_tokens": Column("Int64", "tokens that the judge's model read"),
    "completion_tokens": Column("Int64", "tokens that it wrote"),
    "cost_usd": Column("Float64", "what all attempts cost, in US dollars; null if unknown or none"),
    "duration_ns": Column("Int64", "nanoseconds that the answer took"),
    "inputs_hash": Column(_TEXT, "SHA-256 of all that the judge saw besides the response"),
    "created_at": Column("datetime64[us, UTC]", "when it was asked for, UTC"),
    "completed_at": Column("datetime64[us, UTC]", "when it was made or failed, UTC"),
}  # fmt: skip


def judgments_frame(database: Database, study_id: str) -> pd.DataFrame:
    """Every judgment on the study's responses with `JUDGMENT_EXPORT_COLUMNS`, oldest first."""
    frame = load_calls(database, study_id)
    for name in ("shown_response_ids", "shown_models", "details"):
        frame[name] = [json.dumps(value, ensure_ascii=False) for value in frame[name]]
    for name, dtype in CALL_COLUMNS.items():
        if dtype == "str":
            frame[name] = frame[name].replace("", None)
    dtypes = {name: column.dtype for name, column in JUDGMENT_EXPORT_COLUMNS.items()}
    return frame[list(dtypes)].astype(dtypes)
