"""The price book: what counts today, entering a price, and all that ever counted."""

from datetime import date

import pandas as pd
import streamlit as st
from streamlit.elements.lib.column_types import ColumnConfig

from core.bench.prices import Price
from core.errors import SlamError
from core.money.price_frame import NOW, price_frame
from core.money.prices import (
    enter_price,
    load_price_book,
    today,
    unpriced_models,
)
from ui.plain import plain
from ui.store import database
from ui.studio.downloads import offer_downloads
from ui.studio.progress import UNKNOWN
from ui.studio.session import require_staff

_ENTERED = "price_entered"
_FORM = "price_form"
_COLUMNS: dict[str, ColumnConfig | str | None] = {
    "model": "model",
    "counts": "counts",
    "prompt_usd_per_million_tokens": st.column_config.NumberColumn("prompt", format="$%.4g"),
    "cached_prompt_usd_per_million_tokens": st.column_config.NumberColumn(
        "cached prompt", format="$%.4g"
    ),
    "completion_usd_per_million_tokens": st.column_config.NumberColumn(
        "completion", format="$%.4g"
    ),
    "batch_factor": st.column_config.NumberColumn("batch factor", format="%.4g"),
    "valid_from": st.column_config.DateColumn("from", format="YYYY-MM-DD"),
    "source": "source",
    "entered_by": "entered by",
    "entered_at": st.column_config.DatetimeColumn("entered (UTC)", format="YYYY-MM-DD HH:mm"),
}


def page() -> None:
    """Draw the page."""
    actor = require_staff()
    st.title("Prices")
    book, on = load_price_book(database()), today()
    missing = unpriced_models(database(), book, on)
    if missing:
        st.warning(
            plain(
                f"Without a price: {', '.join(missing)}. What they cost is not known until "
                "somebody enters it."
            )
        )
    frame = price_frame(book, on)
    st.subheader("What counts today")
    st.caption(
        "US dollars per million tokens. Calls to models on our own machines have no price a call. "
        "Azure OpenAI's deployments have names of their own, so their prices are entered here."
    )
    _table(frame[frame["counts"] == NOW].drop(columns="counts"))
    # Beside the form, where whoever has just sent it looks.
    if entered := st.session_state.pop(_ENTERED, None):
        st.success(plain(entered))
    with st.expander("Add a price", expanded=bool(missing)):
        _form(actor, missing)
    with st.expander(f"All {len(frame)} prices, with replaced and later ones"):
        _table(frame)
    offer_downloads(frame, "SLaM prices")


def _table(frame: pd.DataFrame) -> None:
    st.dataframe(frame, hide_index=True, column_config=_COLUMNS, placeholder=UNKNOWN)


def _form(actor: str, missing: list[str]) -> None:
    # A price that was taken leaves an empty form, one that was refused stays to be mended.
    number = st.session_state.get(_FORM, 0)
    first = missing[0] if missing else ""
    with st.form(f"add_price_{number}", border=False):
        model = st.text_input(
            "Model", first, placeholder="openai/gpt-4", key=f"price_model_{first}_{number}"
        )
        prompt = _amount("Prompt, US dollars per million tokens", f"price_prompt_{number}")
        cached = _amount(
            "Cached part of a prompt, US dollars per million tokens (optional)",
            f"price_cached_{number}",
        )
        completion = _amount(
            "Completion, US dollars per million tokens", f"price_completion_{number}"
        )
        factor = _amount(
            "Batch factor (optional), such as 0.5 for half the price", f"price_batch_{number}"
        )
        valid_from = st.date_input("From this day on (UTC)", today(), key=f"price_from_{number}")
        source = st.text_input(
            "Source",
            placeholder="the address of the price list, or an invoice",
            key=f"price_source_{number}",
        )
        if not st.form_submit_button("Add this price", type="primary", key="add_price_button"):
            return
    if prompt is None or completion is None or not isinstance(valid_from, date):
        st.error("Enter a price for prompt and completion, and a day; 0 is a price too.")
        return
    try:
        price = Price(model, prompt, completion, valid_from, source, cached, factor)
        entered = enter_price(database(), price, actor)
    except SlamError as error:
        st.error(plain(error))
        return
    st.session_state[_FORM] = number + 1
    st.session_state[_ENTERED] = f"The price of {entered.model} is in the book."
    st.rerun()


def _amount(label: str, key: str) -> float | None:
    return st.number_input(label, min_value=0.0, value=None, format="%.4f", key=key)


page()
