"""Where a judge and people are furthest apart, and one of these responses close up."""

from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd
import streamlit as st

from core.analysis.calibration.disagreements import disagreements
from core.judging.reading import JudgedClosely, load_closely
from core.results import StudyResults
from ui.plain import plain
from ui.store import database
from ui.studio.downloads import offer_downloads

_MOST = 200
_COLUMNS = {
    "response_id": None,
    "test_case": "test case",
    "people": st.column_config.NumberColumn("people", format="%.2f"),
    "raters": "people who rated",
    "judged": st.column_config.NumberColumn("judge, on people's scale", format="%.2f"),
    "difference": st.column_config.NumberColumn("judge minus people", format="%+.2f"),
    "score": st.column_config.NumberColumn("judge's own score", format="%.3g"),
}


def show_disagreements(
    results: StudyResults, items: pd.DataFrame, calls: pd.DataFrame, name: str, judge_key: str
) -> None:
    """The largest differences; a chosen row shows what was asked, answered, rated and reasoned."""
    st.subheader("Disagreements")
    found = disagreements(items, _MOST)
    if found.empty:
        st.caption("People and this judge share no response.")
        return
    st.caption(
        "The largest differences first. Choose a row to read the prompt, the response, what people "
        "said and what the judge answered."
    )
    state = st.dataframe(
        found,
        hide_index=True,
        column_config=_COLUMNS,
        on_select="rerun",
        selection_mode="single-row",
        height=320,
        key=f"disagreements_{judge_key}",
    )
    offer_downloads(lambda: disagreements(items), f"{name} disagreements")
    chosen = state.selection.rows
    if chosen and chosen[0] < len(found):
        _close_up(results, str(found.loc[chosen[0], "response_id"]), calls)


def _close_up(results: StudyResults, response_id: str, calls: pd.DataFrame) -> None:
    sessions = {*results.ratings["session_id"], *results.preferences["session_id"]}
    seen = load_closely(database(), results.content.study.id, response_id, sessions)
    with st.container(border=True):
        st.markdown(f"**{plain(seen.model)}** on **{plain(seen.test_case)}**")
        st.caption("Prompt")
        st.code(seen.prompt, language=None, wrap_lines=True)
        st.caption("Response")
        st.code(seen.text, language=None, wrap_lines=True)
        _people(seen)
        _judge(response_id, calls)


def _people(seen: JudgedClosely) -> None:
    st.caption("People")
    if seen.answers.empty:
        st.write("Nobody's answer counts.")
    else:
        st.dataframe(seen.answers, hide_index=True)


def _judge(response_id: str, calls: pd.DataFrame) -> None:
    """What the judge answered to every question that showed the response."""
    st.caption("Judge")
    about = calls["response_id"].eq(response_id) | calls["shown_response_ids"].map(
        lambda shown: response_id in shown
    )
    for call in calls[about & (calls["purpose"] == "score")].to_dict("records"):
        st.markdown(plain(_answer(response_id, call)))
        if call["reasoning"]:
            st.code(call["reasoning"], language=None, wrap_lines=True)
        if call["raw_reply"]:
            with st.expander("Raw reply"):
                st.code(call["raw_reply"], language=None, wrap_lines=True)


def _answer(response_id: str, call: Mapping[Hashable, Any]) -> str:
    if call["status"] == "planned":
        return "Not judged yet."
    if call["status"] == "failed":
        return f"Failed: {call['error_message'] or call['error_kind']}"
    shown, chosen = call["shown_response_ids"], call["chosen_response_id"]
    if pd.isna(call["score"]):
        place = shown.index(response_id) + 1
        said = "tied" if not chosen else "chosen" if chosen == response_id else "not chosen"
        return f"Shown as {place} of {len(shown)}: {said}."
    return f"Score {call['score']:g}."
