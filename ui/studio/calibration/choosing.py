"""Which judge a card is about: chosen at the top, kept in the address."""

from urllib.parse import urlencode

import pandas as pd
import streamlit as st

PARAMETER = "judge"
_CARD = "judge_card"


def judge_keys(judgments: pd.DataFrame) -> dict[str, str]:
    """``key -> name`` of every judge that scored something, in order of name.

    The key goes into an address: the judge's id, with the criterion if it is of one. A panel has no
    id and goes by its name.
    """
    firsts = judgments.groupby("judge", sort=True)[["judge_id", "criterion"]].first()
    keys = {}
    for name, judge_id, criterion in firsts.itertuples():
        key = ".".join(part for part in (judge_id, criterion) if part) if judge_id else name
        keys[str(key)] = str(name)
    return keys


def card_address(study_name: str, key: str) -> str:
    """The address of a judge's card, from another page of the studio."""
    return f"{_CARD}?{urlencode({'study': study_name, PARAMETER: key})}"


def choose_judge(keys: dict[str, str], study_id: str) -> str:
    """The key of the judge that the reader chose, or that the address names."""
    widget = f"card_judge_{study_id}"
    wanted = st.query_params.get(PARAMETER)
    if widget not in st.session_state and wanted in keys:
        st.session_state[widget] = wanted
    chosen = st.selectbox("Judge", list(keys), format_func=lambda key: keys[key], key=widget)
    chosen = chosen if chosen in keys else next(iter(keys))
    st.query_params[PARAMETER] = chosen
    return chosen
