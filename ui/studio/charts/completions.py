"""Complete sessions an hour: one bar an hour."""

from typing import Final

import altair as alt
import pandas as pd

from ui.studio.charts.style import BLUE, nothing_to_draw, styled

__all__ = ["completions_chart"]

_TITLE: Final = "Complete sessions an hour"
_HEIGHT: Final = 220


def completions_chart(completions: pd.DataFrame) -> alt.LayerChart:
    """Draw how many sessions were completed in each hour (UTC).

    `completions` has ``hour`` and ``complete``, as `core.rating.monitoring.Flow` holds them.
    """
    if completions.empty:
        return nothing_to_draw(_TITLE)
    # Without the zone the browser would shift the hours to its own.
    rows = completions.assign(hour=completions["hour"].dt.strftime("%m-%d %H:00"))
    bars: alt.Chart = alt.Chart(rows).mark_bar(color=BLUE, size=14)
    bars = bars.encode(
        x=alt.X("hour:O", title="hour (UTC)", axis=alt.Axis(labelOverlap=True, labelAngle=0)),
        y=alt.Y("complete:Q", title="sessions", axis=alt.Axis(tickMinStep=1)),
        tooltip=[
            alt.Tooltip("hour:N", title="hour (UTC)"),
            alt.Tooltip("complete:Q", title="complete"),
        ],
    )
    return styled([bars], _TITLE, subtitle=[], height=_HEIGHT)
