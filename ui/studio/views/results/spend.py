"""What was spent: by study, model, judge and day, over every attempt that was ever made."""

import pandas as pd
import streamlit as st

from core.money.spend import GROUPS, load_spend, spend_by
from ui.store import database
from ui.studio.charts.spend import spend_chart
from ui.studio.downloads import offer_downloads
from ui.studio.progress import UNKNOWN, dollars
from ui.studio.session import require_staff

_ALL = "All studies"
_WHOLE = st.column_config.NumberColumn(format="localized")
_COLUMNS = {
    "day": st.column_config.DateColumn("day (UTC)", format="YYYY-MM-DD"),
    "calls": _WHOLE,
    "failed": _WHOLE,
    "prompt_tokens": st.column_config.NumberColumn("prompt tokens", format="localized"),
    "completion_tokens": st.column_config.NumberColumn("completion tokens", format="localized"),
    "unpriced": st.column_config.NumberColumn("unpriced calls", format="localized"),
    "in_doubt": st.column_config.NumberColumn("calls in doubt", format="localized"),
    "cost_usd": st.column_config.NumberColumn("spent", format="$%.4f"),
    "in_doubt_usd": st.column_config.NumberColumn("in doubt, at most", format="$%.4f"),
}


def page() -> None:
    """Draw the page."""
    require_staff()
    st.title("Spend")
    spend = load_spend(database())
    if spend.empty:
        st.info("No model was called yet. What calls cost appears here as soon as they are made.")
        return
    study = st.selectbox("Calls of", [_ALL, *sorted(spend["study"].unique())], key="spend_study")
    if study not in (None, _ALL):
        spend = spend[spend["study"] == study]
    _totals(spend)
    group = st.radio("Sum by", GROUPS, index=1, horizontal=True, key="spend_group") or "model"
    sums = spend_by(spend, group)
    st.altair_chart(spend_chart(sums, group), theme=None)
    st.dataframe(sums, hide_index=True, column_config=_COLUMNS, placeholder=UNKNOWN)
    st.subheader("Everything")
    st.dataframe(spend, hide_index=True, column_config=_COLUMNS, placeholder=UNKNOWN)
    offer_downloads(spend, "SLaM spend")


def _totals(spend: pd.DataFrame) -> None:
    with st.container(horizontal=True):
        st.metric("Spent", dollars(_sum(spend["cost_usd"])))
        st.metric("Calls", f"{spend['calls'].sum():,}")
        st.metric("Tokens", f"{spend['prompt_tokens'].sum() + spend['completion_tokens'].sum():,}")
        st.metric("In doubt, at most", dollars(_sum(spend["in_doubt_usd"])))
    in_doubt, unpriced = int(spend["in_doubt"].sum()), int(spend["unpriced"].sum())
    if unpriced:
        st.warning(
            f"Calls to paid models without a price: {unpriced}; what they cost is not in these "
            "sums. A price that is entered now counts for later calls."
        )
    if in_doubt:
        st.caption(
            f"Calls in doubt: {in_doubt}, which were cut off or got no answer and may have been "
            "paid all the same; the provider's invoice tells."
        )


def _sum(money: pd.Series) -> float | None:
    known = money.dropna()
    return None if known.empty else float(known.sum())


page()
