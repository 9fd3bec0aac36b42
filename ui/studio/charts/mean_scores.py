"""Means of one source with 95 % intervals: a similarity judge, or shares of comparisons won."""

from typing import Final

import altair as alt
import pandas as pd

from ui.studio.charts.style import (
    BLUE,
    GREY,
    INK,
    interval_text,
    model_axis,
    model_label,
    nothing_to_draw,
    styled,
)

__all__ = ["mean_scores_chart"]

_ROW_PIXELS: Final = 24
_TOOLTIP: Final = [
    alt.Tooltip("model:N", title="model"),
    alt.Tooltip("source:N", title="scored by"),
    alt.Tooltip("mean:Q", title="mean", format=".3f"),
    alt.Tooltip("interval:N", title="95 % interval"),
    alt.Tooltip("ratings:Q", title="scores"),
    alt.Tooltip("raters:Q", title="raters"),
    alt.Tooltip("test_cases:Q", title="test cases"),
    alt.Tooltip("note:N", title="note"),
]


def mean_scores_chart(
    quality: pd.DataFrame,
    *,
    title: str,
    x_title: str,
    reference_model: str | None = None,
    even: float | None = None,
) -> alt.LayerChart:
    """Draw the mean of each model with its 95 % interval and value, best first.

    `quality` has `QUALITY_COLUMNS` or `SHARE_COLUMNS` and one source, whose scale is the axis.
    `x_title` names the measure and its unit. A model whose interval is unknown has a hollow dot.
    The `reference_model` is set in bold; a dashed line marks `even`, e.g. 0.5 for shares of
    comparisons, if it is given.
    """
    if quality.empty:
        return nothing_to_draw(title)
    rows = _prepared(quality, reference_model)
    y = alt.Y("label:N", sort=rows["label"].tolist(), axis=model_axis())
    x = alt.X(
        "mean:Q",
        title=x_title,
        scale=alt.Scale(
            domain=[float(rows["scale_min"].min()), float(rows["scale_max"].max())], nice=False
        ),
        axis=alt.Axis(domain=False, tickCount=5, format="~f"),
    )
    chart, known = alt.Chart(rows), alt.Chart(rows[rows["lower"].notna()])
    layers = [
        *_even_line(even),
        known.mark_rule(color=BLUE, strokeWidth=3, opacity=0.55, strokeCap="round").encode(
            x=alt.X("lower:Q"), x2="upper:Q", y=y, tooltip=_TOOLTIP
        ),
        chart.mark_point(size=70, opacity=1, color=BLUE, fill="white", strokeWidth=2).encode(
            x=x, y=y, tooltip=_TOOLTIP
        ),
        known.mark_point(size=70, opacity=1, color=BLUE, filled=True).encode(
            x=alt.X("mean:Q"), y=y, tooltip=_TOOLTIP
        ),
        chart.mark_text(align="left", dx=8, color=INK, fontSize=11).encode(
            x=alt.X("right_end:Q"), y=y, text=alt.Text("mean:Q", format=".2f")
        ),
    ]
    words = "Dot and bar: mean, 95 % interval."
    if rows["lower"].isna().any():
        words += " Hollow dot: interval unknown."
    return styled(layers, title, subtitle=[words], height=alt.Step(_ROW_PIXELS))


def _prepared(quality: pd.DataFrame, reference_model: str | None) -> pd.DataFrame:
    ordered = quality.sort_values(["mean", "model"], ascending=[False, True])
    bounds = zip(ordered["lower"], ordered["upper"], ordered["status"], strict=True)
    return ordered.assign(
        label=[model_label(model, reference_model) for model in ordered["model"]],
        right_end=ordered["upper"].fillna(ordered["mean"]),
        interval=[interval_text(*bound, digits=3) for bound in bounds],
    )


def _even_line(even: float | None) -> list[alt.Chart]:
    if even is None:
        return []
    line = alt.Chart(pd.DataFrame({"even": [even]}))
    return [line.mark_rule(color=GREY, strokeDash=[4, 3]).encode(x=alt.X("even:Q"))]
