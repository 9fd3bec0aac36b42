"""The part of the form about quality: planted items, gold texts, the check of understanding."""

from typing import Any

import pandas as pd
import streamlit as st

from core.rating.controls import GoldItem
from core.rating.design import CampaignDesign, Protocol, Question
from core.rating.material import Material
from core.rating.monitoring import case_names

_OPTIONS = [f"option {number}" for number in range(1, 5)]
_BETTER = {"the better one": True, "the worse one": False}


def checks_input(key: str) -> dict[str, Any]:
    """How many items of each kind a session shows besides the real ones."""
    usual = CampaignDesign()
    columns = st.columns(4)
    attention = columns[0].number_input(
        "Attention items", 0, 50, usual.attention_items, key=f"attention_{key}",
        help="A text that says what to answer.",
    )  # fmt: skip
    allowed = columns[1].number_input(
        "… that may be failed", 0, 50, usual.attention_failures_allowed, key=f"allowed_{key}",
        disabled=not attention,
    )  # fmt: skip
    gold = columns[2].number_input(
        "Gold items", 0, 50, usual.gold_items, key=f"gold_items_{key}",
        help="Texts whose right answer you know; raters can be told what was wrong.",
    )  # fmt: skip
    bad = columns[3].number_input(
        "Known-bad items", 0, 50, usual.known_bad_items, key=f"known_bad_{key}",
        help="The reference's answer, cut short or to another test case: they show whether this "
        "panel can tell bad from good at all.",
    )  # fmt: skip
    return {
        "attention_items": int(attention),
        "attention_failures_allowed": int(allowed),
        "gold_items": int(gold),
        "known_bad_items": int(bad),
    }


def gold_input(key: str, material: Material, protocol: Protocol) -> tuple[GoldItem, ...]:
    """The gold texts, one a row; a row without a text is none."""
    names = case_names(material.content.test_cases)
    ids = {name: case_id for case_id, name in names.items()}
    columns: dict[str, Any] = {
        "test case": st.column_config.SelectboxColumn(options=list(ids), required=True),
        "text": st.column_config.TextColumn(required=True, width="large"),
        "feedback": st.column_config.TextColumn(help="Read after a wrong answer.", width="medium"),
    }
    scale = material.rubric.scale
    if protocol is Protocol.SCORE:
        for end in ("least", "most"):
            columns[end] = st.column_config.NumberColumn(
                min_value=scale.minimum, max_value=scale.maximum, step=1, required=True
            )
    else:
        columns["it is"] = st.column_config.SelectboxColumn(options=list(_BETTER), required=True)
    st.caption("Gold texts, shown as if they were responses, with the right answer to each:")
    rows = _rows(columns, f"gold_{protocol}_{key}")
    return tuple(gold_item_of(row, ids, protocol) for row in rows if _text(row, "text"))


def comprehension_input(key: str) -> tuple[Question, ...]:
    """The questions about the instructions that come before the first item."""
    with st.expander("Check of understanding: questions before the first item, two attempts"):
        columns: dict[str, Any] = {
            "question": st.column_config.TextColumn(required=True, width="large"),
            **{one: st.column_config.TextColumn() for one in _OPTIONS},
            "right": st.column_config.SelectboxColumn(options=_OPTIONS, required=True),
        }
        rows = _rows(columns, f"comprehension_{key}")
    return tuple(question_of(row) for row in rows if _text(row, "question"))


def _rows(columns: dict[str, Any], key: str) -> list[dict[str, Any]]:
    empty = pd.DataFrame({name: pd.Series(dtype=_dtype(name)) for name in columns})
    edited = st.data_editor(
        empty, column_config=columns, num_rows="dynamic", hide_index=True, key=key
    )
    return [{str(name): value for name, value in row.items()} for row in edited.to_dict("records")]


def _dtype(column: str) -> str:
    return "Int64" if column in ("least", "most") else "object"


def _text(row: dict[str, Any], column: str) -> str:
    value = row.get(column)
    return value.strip() if isinstance(value, str) else ""


def gold_item_of(row: dict[str, Any], ids: dict[str, str], protocol: Protocol) -> GoldItem:
    """What a row of the table says; what is missing is refused when the campaign is opened.

    ``ids`` is ``name of a test case -> its id``.
    """
    is_score = protocol is Protocol.SCORE
    return GoldItem(
        test_case_id=ids.get(_text(row, "test case"), ""),
        text=_text(row, "text"),
        minimum=_number(row, "least") if is_score else None,
        maximum=_number(row, "most") if is_score else None,
        better=None if is_score else _BETTER.get(_text(row, "it is")),
        feedback=_text(row, "feedback") or None,
    )


def _number(row: dict[str, Any], column: str) -> int | None:
    value = row.get(column)
    return None if value is None or pd.isna(value) else int(value)


def question_of(row: dict[str, Any]) -> Question:
    """What a row of the table says; options that were left empty are none.

    A right one that is empty is refused when the campaign is opened.
    """
    given = [one for one in _OPTIONS if _text(row, one)]
    right = row.get("right")
    return Question(
        text=_text(row, "question"),
        options=tuple(_text(row, one) for one in given),
        right=given.index(right) if right in given else -1,
    )
