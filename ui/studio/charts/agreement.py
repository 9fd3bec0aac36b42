"""Agreement of each judge with the people about the worst models: figure 10 of the SLaM paper."""

from collections.abc import Iterator
from typing import Final

import altair as alt
import pandas as pd

from ui.studio.charts.style import BLUE, GREY, INK, ORANGE, model_axis, nothing_to_draw, styled

__all__ = ["agreement_chart"]

_TITLE: Final = "Agreement on the worst models"
_BAR_PIXELS: Final = 17
_MEASURES: Final = {"jaccard": "Jaccard index", "rank_biased_overlap": "Rank-biased overlap"}
_BAR_COLUMNS: Final = [
    "judge",
    "measure",
    "value",
    "lower",
    "upper",
    "by_chance",
    "ties",
    "shared",
    "text",
    "text_at",
    "compared_models",
    "left_out",
]
_TOOLTIP: Final = [
    alt.Tooltip("judge:N", title="judge"),
    alt.Tooltip("measure:N", title="measure"),
    alt.Tooltip("value:Q", title="agreement (0 to 1)", format=".3f"),
    alt.Tooltip("ties:N", title="range over tie-breaks"),
    alt.Tooltip("by_chance:Q", title="by chance", format=".3f"),
    alt.Tooltip("shared:N", title="worst models shared"),
    alt.Tooltip("compared_models:Q", title="models compared"),
    alt.Tooltip("left_out:N", title="left out"),
]


def agreement_chart(agreement: pd.DataFrame) -> alt.LayerChart:
    """Draw the Jaccard index and rank-biased overlap of each judge with the people, from 0 to 1.

    `agreement` has `AGREEMENT_COLUMNS`. Judges come by Jaccard index, then rank-biased overlap,
    best first. Each bar is the expectation over tie-breaks with the value written beside it; a thin
    line with ends is the range over tie-breaks where ties leave one; a thick stroke is the level
    that a random order reaches. A judge without values keeps its row, with its status in words.
    """
    if agreement.empty:
        return nothing_to_draw(_TITLE)
    ordered = agreement.sort_values(
        ["jaccard", "rank_biased_overlap", "judge"], ascending=[False, False, True]
    )
    bars = pd.DataFrame(list(_bars(ordered)), columns=_BAR_COLUMNS)
    judges = ordered["judge"].tolist()
    y = alt.Y(
        "judge:N",
        sort=judges,
        axis=model_axis(),
        scale=alt.Scale(paddingInner=0.3, paddingOuter=0.1),
    )
    layers = [*_drawn(bars, y), _unknown(ordered, y)]
    return styled(
        layers,
        _TITLE,
        subtitle=_subtitle(agreement),
        height=alt.Step(_BAR_PIXELS),
        description="Jaccard index and rank-biased overlap with people, by judge.",
    )


def _bars(agreement: pd.DataFrame) -> Iterator[dict[str, object]]:
    """Yield a row for each judge and measure that has a value."""
    for row in agreement[agreement["jaccard"].notna()].to_dict("records"):
        for column, measure in _MEASURES.items():
            value, lower, upper, chance = (
                float(row[f"{column}{part}"]) for part in ("", "_lower", "_upper", "_by_chance")
            )
            shared = f"{row['shared_models']:.3g} of {row['depth']}"
            yield {
                "judge": row["judge"],
                "measure": measure,
                "value": value,
                "lower": lower,
                "upper": upper,
                "by_chance": chance,
                "ties": f"{lower:.3f} to {upper:.3f}" if lower < upper else "no ties",
                "shared": shared,
                "text": f"{value:.2f}",
                "compared_models": row["compared_models"],
                "left_out": row["left_out"] or "none",
            }


def _drawn(bars: pd.DataFrame, y: alt.Y) -> list[alt.Chart]:
    names = list(_MEASURES.values())
    offset = alt.YOffset("measure:N", sort=names, scale=alt.Scale(domain=names, paddingInner=0.12))
    place = {"y": y, "yOffset": offset, "tooltip": _TOOLTIP}
    x = alt.X(
        "value:Q",
        title="Agreement (0 none, 1 full)",
        scale=alt.Scale(domain=[0, 1], nice=False),
        axis=alt.Axis(values=[0, 0.25, 0.5, 0.75, 1], domain=False, format=".2~f"),
    )
    colour = alt.Color(
        "measure:N",
        scale=alt.Scale(domain=names, range=[BLUE, ORANGE]),
        legend=alt.Legend(title=None, orient="top", symbolType="square", symbolSize=140),
    )
    tied = alt.Chart(bars[bars["lower"] < bars["upper"]])
    span = {**place, "x": alt.X("lower:Q"), "x2": alt.X2("upper:Q")}
    chart = alt.Chart(bars)
    return [
        chart.mark_bar(opacity=0.75).encode(**place, x=x, color=colour),
        chart.mark_tick(color="white", thickness=6, opacity=1).encode(
            **place, x=alt.X("by_chance:Q")
        ),
        chart.mark_tick(color=INK, thickness=3, opacity=1).encode(**place, x=alt.X("by_chance:Q")),
        tied.mark_rule(color="white", strokeWidth=3).encode(**span),
        tied.mark_rule(color=INK, strokeWidth=1.2).encode(**span),
        tied.mark_tick(color=INK, thickness=1.2, size=7).encode(**place, x=alt.X("lower:Q")),
        tied.mark_tick(color=INK, thickness=1.2, size=7).encode(**place, x=alt.X("upper:Q")),
        chart.mark_text(align="left", dx=6, color=INK, fontSize=11).encode(
            **place, x=alt.datum(1), text="text:N"
        ),
    ]


def _unknown(agreement: pd.DataFrame, y: alt.Y) -> alt.Chart:
    without = agreement[agreement["jaccard"].isna()]
    chart: alt.Chart = (
        alt.Chart(without[["judge", "status"]])
        .mark_text(align="left", dx=4, color=GREY, fontStyle="italic")
        .encode(x=alt.datum(0), y=y, text="status:N")
    )
    return chart


def _subtitle(agreement: pd.DataFrame) -> list[str]:
    depths = sorted({int(depth) for depth in agreement["depth"]})
    worst = "The worst models"
    if len(depths) == 1:
        worst = "The worst model" if depths[0] == 1 else f"The {depths[0]} worst models"
    return [
        f"{worst} by each judge and by people.",
        "Thick stroke: random order. Thin line: tie-breaks.",
    ]
