"""Counts in rows and columns: the fuller a cell, the bluer; the number stands in it."""

from typing import Final

import altair as alt
import pandas as pd

from ui.studio.charts.style import BLUE, INK, nothing_to_draw, styled

__all__ = ["heat_map"]

_ROW_PIXELS: Final = 26
_MOST_COLUMNS_WITH_NUMBERS: Final = 16


def heat_map(
    cells: pd.DataFrame,
    title: str,
    *,
    column: str,
    subtitle: tuple[str, ...] = (),
) -> alt.LayerChart:
    """Draw counts as a heat map, rows and columns in the order of the frame.

    Args:
        cells: ``row``, ``column``, ``count`` and ``target`` (the count of a full cell).
        title: the chart's title.
        column: what the columns are.
        subtitle: lines below the title.
    """
    if cells.empty:
        return nothing_to_draw(title)
    rows = cells.assign(
        share=cells["count"] / cells["target"].where(cells["target"] > 0, 1),
        # White is read on the darkest blues only.
        dark=lambda one: one["share"] > 0.8 * max(1.0, one["share"].max()),
    )
    columns = rows["column"].unique().tolist()
    y = alt.Y(
        "row:N", title=None, sort=None, axis=alt.Axis(labelLimit=200, domain=False, ticks=False)
    )
    x = alt.X("column:O", title=column, sort=None, axis=alt.Axis(labelLimit=90, labelOverlap=True))
    top = max(1.0, float(rows["share"].max()))
    chart = alt.Chart(rows).encode(x=x, y=y)
    squares = chart.mark_rect(stroke="white").encode(
        color=alt.Color(
            "share:Q",
            scale=alt.Scale(domain=[0, top], range=["#eef4fa", BLUE]),
            legend=None,
        ),
        tooltip=[
            alt.Tooltip("row:N", title="of"),
            alt.Tooltip("column:N", title=column),
            alt.Tooltip("count:Q", title="count"),
            alt.Tooltip("target:Q", title="target", format=".4~g"),
        ],
    )
    layers = [squares]
    if len(columns) <= _MOST_COLUMNS_WITH_NUMBERS:
        colour = alt.condition("datum.dark", alt.value("white"), alt.value(INK))
        layers.append(chart.mark_text(fontSize=11).encode(text="count:Q", color=colour))
    return styled(layers, title, subtitle=list(subtitle), height=alt.Step(_ROW_PIXELS))
