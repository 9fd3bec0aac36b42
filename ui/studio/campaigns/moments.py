"""Moments in forms and tables, in UTC."""

from datetime import UTC, datetime

import streamlit as st

MOMENT = st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm [UTC]", timezone="UTC")
"""The column of a table that holds moments."""


def moment_input(label: str, key: str, value: datetime | None = None) -> datetime | None:
    """A date with a time, in UTC; empty is none."""
    # The field knows no zones: what is typed is taken for UTC, as its label says.
    naive = None if value is None else value.astimezone(UTC).replace(tzinfo=None)
    chosen = st.datetime_input(label, naive, key=key)
    return None if chosen is None else chosen.replace(tzinfo=UTC)
