"""The columns of exported ratings and comparisons, with what they mean: the codebook.

Names follow what other tools for ratings call them, one row a rating.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_TEXT, _WHOLE, _FLAG, _MOMENT = "string", "Int64", "boolean", "datetime64[us, UTC]"


@dataclass(frozen=True, slots=True)
class Column:
    """What a column holds: its pandas dtype and its meaning; null always means unknown or none."""

    dtype: str
    meaning: str


RATING_COLUMNS: Mapping[str, Column] = {
    "study_id": Column(_TEXT, "the study"),
    "session_id": Column(_TEXT, "one rater's set of items"),
    "rater_id": Column(_TEXT, "the rater's pseudonym; never the id of a recruiting platform"),
    "rater_kind": Column(_TEXT, "HUMAN; judges by model or measure are not in this table"),
    "item_id": Column(_TEXT, "what was shown at once; its criteria are rows of the same item"),
    "prompt_id": Column(_TEXT, "the test case"),
    "response_id": Column(_TEXT, "the response shown, of a pair the one shown first; null where a "
                                 "planted text stood there"),
    "model": Column(_TEXT, "who wrote response_id, as provider/model"),
    "criterion": Column(_TEXT, "what was asked: the name of one of the rubric's questions"),
    "scale": Column(_TEXT, "the lowest and the highest score, as 0..10; pair for a comparison"),
    "value": Column(_WHOLE, "the score; null for a comparison and for cannot_judge"),
    "label": Column(_TEXT, "the answer in a word: of a pair first, second, tie or both_bad; "
                           "cannot_judge; null for a score"),
    "comment": Column(_TEXT, "what the rater wrote, once an item; may hold personal data"),
    "position": Column(_WHOLE, "the item's place in its session, from 0"),
    "order_index": Column(_WHOLE, "which answer of the session this was by time, from 0"),
    "shown_at": Column(_MOMENT, "when the server sent the item, UTC"),
    "submitted_at": Column(_MOMENT, "when the answer was stored, UTC"),
    "active_ms": Column(_WHOLE, "milliseconds with the item in view and the rater at it, as the "
                                "browser told, never more than shown_to_saved_ms"),
    "is_gold": Column(_FLAG, "a planted item whose right answer is known"),
    "is_attention": Column(_FLAG, "a planted item whose text says what to answer"),
    "included": Column(_FLAG, "whether the rating counts: complete session, not excluded, not "
                              "planted; cannot_judge counts without a value"),
    "exclusion_reason": Column(_TEXT, "why it does not count; null where it does"),
    "rubric_version": Column(_WHOLE, "the study's version whose rubric was answered"),
    "campaign_id": Column(_TEXT, "the opening of the study that the session belongs to"),
    "session_status": Column(_TEXT, "what became of the session: started, complete, abandoned, …"),
    "status": Column(_TEXT, "answered or cannot_judge"),
    "is_known_bad": Column(_FLAG, "a planted item: the reference's answer, spoilt"),
    "second_response_id": Column(_TEXT, "of a pair, the response shown second; null as for "
                                        "response_id"),
    "second_model": Column(_TEXT, "who wrote second_response_id"),
    "preferred_side": Column(_TEXT, "of a pair, by the place on the screen: first, second, tie or "
                                    "both_bad"),
    "preferred_model": Column(_TEXT, "of a pair, the model whose response was preferred, tie or "
                                     "both_bad; null where that was a planted text"),
    "reference_side": Column(_TEXT, "of a pair, where the reference's response stood: first or "
                                    "second; null where it was not in the pair"),
    "hidden_ms": Column(_WHOLE, "milliseconds with the tab hidden, as the browser told"),
    "blur_count": Column(_WHOLE, "how often the focus went elsewhere, as the browser told"),
    "shown_to_saved_ms": Column(_WHOLE, "milliseconds from shown_at to submitted_at by the server"),
    "reported_ms": Column(_WHOLE, "milliseconds that an imported file claims"),
    "origin": Column(_TEXT, "collected here, or imported"),
}  # fmt: skip

BATTLE_COLUMNS: Mapping[str, Column] = {
    "question_id": Column(_TEXT, "the test case"),
    "model_a": Column(_TEXT, "the model whose response was shown first"),
    "model_b": Column(_TEXT, "the model whose response was shown second"),
    "winner": Column(_TEXT, "model_a, model_b, tie or both_bad"),
    "judge": Column(_TEXT, "the rater's pseudonym"),
    "turn": Column(_WHOLE, "always 1: every response answers one prompt"),
    "language": Column(_TEXT, "the language of the raters' pages, as a code"),
    "tstamp": Column("Float64", "when the answer was stored, seconds since 1970 UTC"),
    "criterion": Column(_TEXT, "which of the rubric's questions was answered"),
    "response_a_id": Column(_TEXT, "the response shown first"),
    "response_b_id": Column(_TEXT, "the response shown second"),
    "session_id": Column(_TEXT, "the rater's session"),
    "rubric_version": Column(_WHOLE, "the study's version whose rubric was answered"),
}
"""Only comparisons that count are battles; the ratings hold the others."""

FORMULA_NOTE = (
    "In CSV files a text that begins with =, +, -, @, a tab or a carriage return has an apostrophe "
    "before it, so that no spreadsheet runs it as a formula; JSON Lines and Parquet hold the text "
    "unchanged."
)


def codebook(columns: Mapping[str, Column]) -> dict[str, Any]:
    """What each column means, as a JSON document to lay beside the file."""
    return {
        "columns": [
            {"name": name, "type": column.dtype, "meaning": column.meaning}
            for name, column in columns.items()
        ],
        "notes": [
            FORMULA_NOTE,
            "Moments are ISO-8601 in UTC with offset, durations whole milliseconds; null (an empty "
            "cell in CSV) means unknown or none, never zero.",
        ],
    }
