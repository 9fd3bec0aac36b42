"""The screening of a campaign, made once for everybody who looks at it."""

import pandas as pd
import streamlit as st

from core.rating.screening.frames import findings_frame
from core.rating.screening.registry import rules
from core.rating.screening.service import AllThresholds, ScreeningReport, screen
from core.rating.screening.stamp import Stamp, screening_stamp
from db.engine import Database

_KEPT = 3
"""Thousands of sessions take seconds to look at, and much room to keep."""


def screened(
    database: Database, campaign_id: str, thresholds: AllThresholds
) -> tuple[ScreeningReport, pd.DataFrame]:
    """The report and its `findings_frame`; pages share them and change neither.

    Raises:
        InvalidInputError: a threshold cannot be taken.
        NotFoundError: there is no such campaign.
    """
    return _screened(database, campaign_id, thresholds, screening_stamp(database, campaign_id))


# Shared, not copied at every press: `st.cache_data` would spell all of it out and read it again. A
# spinner would push the page down by its own place, so that for a moment all of it is there twice.
@st.cache_resource(max_entries=_KEPT, show_spinner=False)
def _screened(
    _database: Database, campaign_id: str, thresholds: AllThresholds, stamp: Stamp
) -> tuple[ScreeningReport, pd.DataFrame]:
    report = screen(_database, campaign_id, thresholds)
    return report, findings_frame(report, rules())
