"""How a screening rule's figure is spread over the sessions, and where the threshold lies."""

from typing import Final

import altair as alt
import pandas as pd

from ui.studio.charts.style import BLUE, INK, ORANGE, nothing_to_draw, styled

__all__ = ["FLAGGED", "NOT_FLAGGED", "screening_chart"]

FLAGGED: Final = "flagged"
NOT_FLAGGED: Final = "not flagged"
_BARS: Final = 20
_HEIGHT: Final = 220


def screening_chart(
    findings: pd.DataFrame, *, title: str, x_title: str, threshold: float
) -> alt.LayerChart:
    """Draw a histogram of one rule's figure with its threshold as a dashed line.

    `findings` are the rows of one rule in `core.rating.screening.frames.findings_frame`; sessions
    of which the rule can say nothing are not drawn.
    """
    rows = findings[findings["flagged"].notna() & findings["value"].notna()]
    if rows.empty:
        return nothing_to_draw(title)
    figures = pd.DataFrame(
        {
            "value": rows["value"].astype(float),
            "verdict": [FLAGGED if one else NOT_FLAGGED for one in rows["flagged"]],
        }
    )
    verdicts = alt.Scale(domain=[FLAGGED, NOT_FLAGGED], range=[ORANGE, BLUE])
    bars: alt.Chart = alt.Chart(figures).mark_bar()
    bars = bars.encode(
        x=alt.X("value:Q", bin=alt.Bin(maxbins=_BARS), title=x_title),
        y=alt.Y("count():Q", title="sessions", axis=alt.Axis(tickMinStep=1, format="d")),
        color=alt.Color("verdict:N", title=None, scale=verdicts, legend=alt.Legend(orient="top")),
        tooltip=[
            alt.Tooltip("value:Q", bin=alt.Bin(maxbins=_BARS), title=x_title),
            alt.Tooltip("verdict:N", title="verdict"),
            alt.Tooltip("count():Q", title="sessions"),
        ],
    )
    line = alt.Chart(pd.DataFrame({"threshold": [threshold]})).mark_rule(
        color=INK, strokeDash=[5, 4], strokeWidth=2
    )
    line = line.encode(
        x=alt.X("threshold:Q"), tooltip=alt.Tooltip("threshold:Q", title="threshold")
    )
    return styled([bars, line], title, subtitle=["Dashed line: the threshold."], height=_HEIGHT)
