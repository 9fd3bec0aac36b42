"""The proof of balance: how evenly the items of a campaign are spread, counted from themselves."""

from collections.abc import Mapping

import pandas as pd
import streamlit as st

from core.rating.balance import Axis, Balance, balance_of
from core.rating.blinded import Blinded, blinded
from db.tables import Campaign
from ui.plain import plain
from ui.store import database
from ui.studio.charts.heat_map import heat_map
from ui.studio.downloads import offer_downloads

_AXES: Mapping[Axis, str] = {
    Axis.ARM: "candidate",
    Axis.TEST_CASE: "test case",
    Axis.CELL: "candidate of a test case",
    Axis.UNIT: "response or pair",
    Axis.POSITION: "candidate at a position",
    Axis.SIDE_OF_ARM: "side, by candidates",
    Axis.SIDE_OF_UNIT: "side, by pair",
}
_COMPLETE, _HELD = "Complete sessions", "Sessions under way too"


def show_balance(campaign: Campaign) -> None:
    """Draw it."""
    which = st.radio("Items of", [_COMPLETE, _HELD], horizontal=True, key=f"balance_{campaign.id}")
    found = (
        balance_of(database(), campaign.id, statuses=None)
        if which == _HELD
        else balance_of(database(), campaign.id)
    )
    if not found.items:
        st.info("No session is complete yet." if which == _COMPLETE else "Nobody has started yet.")
        return
    names = blinded(database(), campaign.id)
    st.write(f"{found.items:,} items in {found.sessions:,} sessions.")
    frame = _dimensions(found)
    st.dataframe(frame, hide_index=True)
    offer_downloads(frame, f"{campaign.name} balance {campaign.id[:6]}")
    _maps(found, names)
    if found.counters_agree:
        st.caption("The counters that items are given out by agree with the items themselves.")
    else:
        wrong = ", ".join(f"{name}: {rows}" for name, rows in found.disagreements.items())
        st.error(plain(f"Counters disagree with the items, by rows of each table: {wrong}."))


def _dimensions(found: Balance) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "spread over": _AXES[one.axis],
            "parts": one.parts,
            "ideal": round(one.ideal, 2),
            "least": one.least,
            "most": one.most,
            "farthest from its ideal": round(one.greatest_deviation, 2),
        }
        for one in found.dimensions
    )


def _maps(found: Balance, names: Blinded) -> None:
    cells = pd.DataFrame(
        {
            "row": names.arm(one.arm),
            "column": names.test_cases[one.test_case_id],
            "count": one.items,
        }
        for one in found.cells
    )
    _map(cells, "Items by candidate and test case", "test case")
    places = pd.DataFrame(
        {"row": names.arm(one.arm), "column": one.position + 1, "count": one.items}
        for one in found.places
    )
    _map(places, "Items by candidate and position", "position")


def _map(cells: pd.DataFrame, title: str, column: str) -> None:
    ordered = cells.sort_values(["row", "column"], ignore_index=True)
    ordered["target"] = ordered["count"].max()
    st.altair_chart(heat_map(ordered, title, column=column), theme=None)
