"""What the pages of results share."""

import streamlit as st

from core.results import StudyResults


def show_counts(results: StudyResults) -> None:
    """Which sessions count, said before any figure."""
    sessions = results.sessions
    columns = st.columns(3)
    columns[0].metric("Sessions that count", sessions.counted)
    columns[1].metric("Left out: not complete", sessions.incomplete)
    columns[2].metric("Left out: excluded", sessions.excluded)
