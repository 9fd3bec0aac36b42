"""What the pages of results share."""

import pandas as pd
import streamlit as st

from core.results import StudyResults
from ui.plain import plain


def show_counts(results: StudyResults) -> None:
    """Which sessions count, said before any figure."""
    sessions = results.sessions
    st.caption(f"Version {results.content.version.number} of “{results.content.study.name}”")
    columns = st.columns(3)
    columns[0].metric("Sessions that count", sessions.counted)
    columns[1].metric("Left out: not complete", sessions.incomplete)
    columns[2].metric("Left out: excluded", sessions.excluded)
    if sessions.other_question:
        st.caption(
            f"{sessions.other_question} sessions answered another question and are not mixed in."
        )


def show_cautions(quality: pd.DataFrame) -> None:
    """What a reader must know beside the intervals: too few raters, only these prompts, …"""
    unsure = quality[(quality["status"] != "ok") | (quality["note"] != "")]
    cautions: dict[str, set[str]] = {}
    for row in unsure.to_dict("records"):
        caution = row["status"] if row["status"] != "ok" else row["note"]
        cautions.setdefault(str(row["source"]), set()).update(str(caution).split("; "))
    for source, said in sorted(cautions.items()):
        st.caption(plain(f"Mind ({source}): {'; '.join(sorted(said))}."))
