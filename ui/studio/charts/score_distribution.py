"""Scores by model with means and intervals: figures 8 and 9 of the SLaM paper.

Each model is a row; in it each source (the people, a judge) has a strip of cells along the
scale, the darker the more of its scores fell there, with the mean and its 95 % interval on top. The
strips of people and judge lie under each other, where the eye compares them best, and need no
second panel, so the chart fits a phone.
"""

from dataclasses import dataclass
from typing import Final

import altair as alt
import pandas as pd

from core.analysis.frames import PEOPLE
from core.errors import InvalidInputError
from ui.studio.charts.style import (
    FAINT,
    INK,
    interval_text,
    model_axis,
    model_label,
    nothing_to_draw,
    source_colours,
    styled,
)

__all__ = ["score_distribution_chart"]

_TITLE: Final = "Response quality by model"
_STRIP_PIXELS: Final = 14
_MOST_LABELLED_STEPS: Final = 6
_NAME_STRIP: Final = ""  # no source has this name
_MEAN_TOOLTIP: Final = [
    alt.Tooltip("model:N", title="model"),
    alt.Tooltip("source:N", title="scored by"),
    alt.Tooltip("mean:Q", title="mean score", format=".2f"),
    alt.Tooltip("interval:N", title="95 % interval"),
    alt.Tooltip("ratings:Q", title="scores"),
    alt.Tooltip("raters:Q", title="raters"),
    alt.Tooltip("test_cases:Q", title="test cases"),
    alt.Tooltip("note:N", title="note"),
]
_CELL_TOOLTIP: Final = [
    alt.Tooltip("model:N", title="model"),
    alt.Tooltip("source:N", title="scored by"),
    alt.Tooltip("score:Q", title="score"),
    alt.Tooltip("share:Q", title="share of scores", format=".1%"),
    alt.Tooltip("count:Q", title="scores"),
]


def score_distribution_chart(
    distribution: pd.DataFrame,
    quality: pd.DataFrame,
    *,
    reference_model: str | None = None,
    narrow: bool = False,
) -> alt.LayerChart:
    """Draw how the scores of each model are distributed, with mean and 95 % interval.

    `distribution` has `DISTRIBUTION_COLUMNS`, `quality` has `QUALITY_COLUMNS`, both with one or
    several sources (concatenate the people's and the judge's). Models come by the people's mean,
    best first, then those without one by the other sources' means. The `reference_model` is set in
    bold, with a dashed line at its mean by the first source. Sources without quality are left out.
    With `narrow`, for phones, the names
    stand above the strips instead of beside them. Raises `InvalidInputError` if the sources have
    different scales, which one axis cannot show.
    """
    if distribution.empty or quality.empty:
        return nothing_to_draw(_TITLE)
    low, high = _common_scale(quality)
    ordered = _people_then_best_first(quality)
    rows = _Rows(
        sources=tuple(ordered["source"].unique()),
        labels=tuple(model_label(model, reference_model) for model in ordered["model"].unique()),
        edge=low - float(distribution["bin_width"].max()) / 2,
        narrow=narrow,
    )
    cells = _labelled(distribution[distribution["source"].isin(rows.sources)], reference_model)
    half = cells["bin_width"] / 2
    cells = cells.assign(left=cells["score"] - half, right=cells["score"] + half)
    means = _labelled(ordered, reference_model)
    layers = [*_strips(cells, rows, low, high), *_reference_line(means, reference_model)]
    layers += _intervals(means, rows)
    return styled(
        [*layers, *([_names(rows)] if narrow else [])],
        _TITLE,
        subtitle=_subtitle(ordered, reference_model, narrow),
        height=alt.Step(_STRIP_PIXELS),
        description=f"Score distribution, mean and 95 % interval of {len(rows.labels)} models.",
    )


@dataclass(frozen=True)
class _Rows:
    """Where marks stand: in the row of their model, in the strip of their source."""

    sources: tuple[str, ...]
    labels: tuple[str, ...]
    edge: float
    narrow: bool

    def y(self) -> alt.Y:
        return alt.Y(
            "label:N",
            sort=list(self.labels),
            axis=None if self.narrow else model_axis(),
            scale=alt.Scale(paddingInner=0.25, paddingOuter=0.1),
        )

    def strip(self) -> alt.YOffset:
        strips = [_NAME_STRIP, *self.sources] if self.narrow else list(self.sources)
        return alt.YOffset("source:N", sort=strips, scale=alt.Scale(domain=strips))

    def colour(self) -> alt.Color:
        legend = alt.Legend(title=None, orient="top", symbolType="square", symbolSize=140)
        return alt.Color("source:N", scale=source_colours(self.sources), legend=legend)


def _common_scale(quality: pd.DataFrame) -> tuple[float, float]:
    scales = set(zip(quality["scale_min"], quality["scale_max"], strict=True))
    if len(scales) > 1:
        raise InvalidInputError(
            "These scores lie on different scales: draw the sources of each scale on their own."
        )
    low, high = scales.pop()
    return float(low), float(high)


def _people_then_best_first(quality: pd.DataFrame) -> pd.DataFrame:
    by_source = quality.assign(is_judge=quality["source"] != PEOPLE)
    return by_source.sort_values(
        ["is_judge", "source", "mean", "model"],
        ascending=[True, True, False, True],
        ignore_index=True,
    ).drop(columns="is_judge")


def _labelled(frame: pd.DataFrame, reference_model: str | None) -> pd.DataFrame:
    labelled = frame.assign(label=[model_label(model, reference_model) for model in frame["model"]])
    if "mean" not in frame.columns:
        return labelled
    bounds = zip(frame["lower"], frame["upper"], frame["status"], strict=True)
    return labelled.assign(interval=[interval_text(*bound) for bound in bounds])


def _strips(cells: pd.DataFrame, rows: _Rows, low: float, high: float) -> list[alt.Chart]:
    """Return a faint track for every strip, and on it the cells that hold scores."""
    tracks = cells.groupby(["label", "source"], as_index=False).agg(
        left=("left", "min"), right=("right", "max")
    )
    width = float(cells["bin_width"].max())
    steps = round((high - low) / width)
    stride = 2 if steps % 2 == 0 and steps > _MOST_LABELLED_STEPS else 1
    x = alt.X(
        "left:Q",
        title=f"Score ({low:g} worst, {high:g} best)",
        scale=alt.Scale(domain=[low - width / 2, high + width / 2], nice=False, zero=False),
        axis=alt.Axis(
            values=[low + step * width for step in range(0, steps + 1, stride)],
            grid=False,
            domain=False,
            format="~f",
        ),
    )
    position = {"x": x, "x2": "right:Q", "y": rows.y(), "yOffset": rows.strip()}
    share = alt.Opacity(
        "share:Q", scale=alt.Scale(domain=[0, 0.5], range=[0.08, 0.95], clamp=True), legend=None
    )
    return [
        alt.Chart(tracks).mark_rect(color=FAINT).encode(**position),
        alt.Chart(cells[cells["count"] > 0])
        .mark_rect(stroke="white", strokeWidth=0.5)
        .encode(**position, color=rows.colour(), opacity=share, tooltip=_CELL_TOOLTIP),
    ]


def _intervals(means: pd.DataFrame, rows: _Rows) -> list[alt.Chart]:
    """Return the means and their intervals, each in a white halo to stand out from any cell."""
    position = {"y": rows.y(), "yOffset": rows.strip()}
    known = alt.Chart(means[means["lower"].notna()])
    unknown = alt.Chart(means[means["lower"].isna()])
    dot = {**position, "x": alt.X("mean:Q"), "tooltip": _MEAN_TOOLTIP}
    span = {**position, "x": alt.X("lower:Q"), "x2": alt.X2("upper:Q"), "tooltip": _MEAN_TOOLTIP}
    return [
        known.mark_rule(color="white", strokeWidth=4.5, strokeCap="round").encode(**span),
        known.mark_rule(color=INK, strokeWidth=2, strokeCap="round").encode(**span),
        known.mark_point(size=52, opacity=1, fill=INK, stroke="white", strokeWidth=1.5).encode(
            **dot
        ),
        unknown.mark_point(size=40, opacity=1, fill="white", stroke=INK, strokeWidth=2).encode(
            **dot
        ),
    ]


def _reference_line(means: pd.DataFrame, reference_model: str | None) -> list[alt.Chart]:
    reference = means[means["model"] == reference_model].head(1)
    if reference.empty:
        return []
    line = alt.Chart(reference).mark_rule(color=INK, strokeDash=[4, 3], strokeWidth=1)
    return [line.encode(x=alt.X("mean:Q"))]


def _names(rows: _Rows) -> alt.Chart:
    names = pd.DataFrame({"label": rows.labels, "source": _NAME_STRIP, "edge": rows.edge})
    chart: alt.Chart = (
        alt.Chart(names)
        .mark_text(align="left", baseline="middle", color=INK, fontSize=12)
        .encode(x=alt.X("edge:Q"), y=rows.y(), yOffset=rows.strip(), text="label:N")
    )
    return chart


def _subtitle(quality: pd.DataFrame, reference_model: str | None, narrow: bool) -> list[str]:
    lines = [
        "Cells: the darker, the larger the share of scores.",
        "Dot and bar: mean, 95 % interval.",
    ]
    if quality["lower"].isna().any():
        lines.append("Hollow dot: interval unknown.")
    if reference_model in set(quality["model"]):
        lines.append(f"Dashed line: the reference's mean ({quality['source'].iloc[0]}).")
    return lines if narrow else [" ".join(lines[:2]), *lines[2:]]
