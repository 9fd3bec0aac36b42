"""Codes and outcomes of a campaign's sessions, and a look at codes that people handed in."""

import pandas as pd
import streamlit as st

from core.errors import SlamError
from core.rating.codes import CodeStatus, PastedCode, codes_frame, verify_codes
from db.tables import Campaign
from ui.plain import plain
from ui.store import database
from ui.studio.campaigns.moments import MOMENT
from ui.studio.downloads import offer_downloads
from ui.studio.progress import UNKNOWN

_ROWS_SHOWN = 200
_STATUS = {
    CodeStatus.KNOWN: "known",
    CodeStatus.PLATFORM: "the platform's own, the same for everybody",
    CodeStatus.UNKNOWN: "unknown",
}
_DUE = {True: "yes", False: "no", None: None}


def show_codes(campaign: Campaign) -> None:
    """Draw them."""
    frame = codes_frame(database(), campaign.id)
    if frame.empty:
        st.info("Nobody has started yet.")
        return
    shown = frame.tail(_ROWS_SHOWN).iloc[::-1]
    st.dataframe(
        shown.rename(columns=lambda name: name.replace("_", " ")),
        hide_index=True,
        placeholder=UNKNOWN,
        column_config={"started at": MOMENT, "ended at": MOMENT},
    )
    if len(frame) > _ROWS_SHOWN:
        st.caption(f"The newest {_ROWS_SHOWN} of {len(frame):,}; the files hold all of them.")
    offer_downloads(frame, f"{campaign.name} codes {campaign.id[:6]}")
    pasted = st.text_area(
        "Check codes: paste those that people handed in", key=f"verify_{campaign.id}"
    )
    if pasted.strip():
        try:
            _verified(verify_codes(database(), campaign.id, pasted))
        except SlamError as error:
            st.error(plain(error))


def _verified(found: list[PastedCode]) -> None:
    unknown = sum(one.status is CodeStatus.UNKNOWN for one in found)
    twice = sum(one.times_pasted > 1 for one in found)
    due = sum(one.pay_is_due is True for one in found)
    st.write(
        f"Codes: {len(found):,}, of which unknown: {unknown:,}, pasted more than once: {twice:,}. "
        f"Pay is due for {due:,} of them."
    )
    st.dataframe(
        pd.DataFrame(
            {
                "code": one.code,
                "it is": _STATUS[one.status],
                "outcome": one.outcome.value if one.outcome else None,
                "of": one.rater,
                "pay is due": _DUE[one.pay_is_due],
                "times pasted": one.times_pasted,
            }
            for one in found
        ),
        hide_index=True,
        placeholder=UNKNOWN,
    )
