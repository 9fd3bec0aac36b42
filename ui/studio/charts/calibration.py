"""One judge between what people agree on and what reading nothing gives."""

from typing import Final

import altair as alt
import pandas as pd

from core.analysis.calibration.bounds import BY_LENGTH, ONE_PERSON, OTHER_HALF, SAME_FOR_ALL
from core.analysis.calibration.frames import Role, Statistic
from ui.studio.charts.style import (
    BLUE,
    GREY,
    INK,
    ORANGE,
    interval_text,
    model_axis,
    nothing_to_draw,
    styled,
)

__all__ = ["MAIN_STATISTICS", "bias_curve_chart", "calibration_chart", "positions_chart"]

MAIN_STATISTICS: Final = {
    Statistic.SPEARMAN_WITHIN_MODELS: "Ranks within models",
    Statistic.SPEARMAN_OVER_RESPONSES: "Ranks over responses",
    Statistic.SPEARMAN_OVER_MODELS: "Ranks over models",
    Statistic.WEIGHTED_KAPPA: "Weighted kappa",
    Statistic.ALPHA_ORDINAL: "Krippendorff's alpha, ordinal",
    Statistic.PAIRS_AGREED: "Pairs agreed, ties too",
}
"""The statistics that are drawn, with their names."""

_TITLE: Final = "Agreement with people"
_THIS_JUDGE: Final = "this judge"
_ROW_PIXELS: Final = 13
_GREEN: Final = "#009E73"
_LOOKS: Final = {
    _THIS_JUDGE: (BLUE, "circle"),
    OTHER_HALF: (_GREEN, "triangle-right"),
    ONE_PERSON: (_GREEN, "square"),
    BY_LENGTH: (ORANGE, "diamond"),
    SAME_FOR_ALL: (GREY, "cross"),
}


def calibration_chart(statistics: pd.DataFrame) -> alt.LayerChart:
    """Draw the main statistics of one judge, of the ceilings and of the floors.

    `statistics` has `STATISTIC_COLUMNS`. Each statistic has a row a source, with its 95 % interval;
    what is not known is left out.
    """
    rows = _named(statistics)
    if rows.empty:
        return nothing_to_draw(_TITLE)
    sources = [one for one in _LOOKS if one in set(rows["source"])]
    names = [one for one in MAIN_STATISTICS.values() if one in set(rows["name"])]
    y = alt.Y("name:N", sort=names, axis=model_axis(), scale=alt.Scale(paddingInner=0.25))
    offset = alt.YOffset("source:N", sort=sources, scale=alt.Scale(domain=sources))
    domain = [min(-0.1, float(rows["lower"].fillna(rows["value"]).min())), 1]
    x = alt.X(
        "value:Q",
        title="Value",
        scale=alt.Scale(domain=domain, nice=False),
        axis=alt.Axis(domain=False, tickCount=6, format=".2~f"),
    )
    colour = alt.Color(
        "source:N",
        scale=alt.Scale(domain=sources, range=[_LOOKS[one][0] for one in sources]),
        legend=alt.Legend(title=None, orient="top"),
    )
    shape = alt.Shape(
        "source:N",
        scale=alt.Scale(domain=sources, range=[_LOOKS[one][1] for one in sources]),
        legend=alt.Legend(title=None, orient="top"),
    )
    tooltip = [
        alt.Tooltip("name:N", title="statistic"),
        alt.Tooltip("source:N", title="of"),
        alt.Tooltip("value:Q", format=".3f"),
        alt.Tooltip("interval:N", title="95 % interval"),
        alt.Tooltip("items:Q", title="responses"),
    ]
    known = alt.Chart(rows[rows["lower"].notna()])
    zero = alt.Chart(pd.DataFrame({"zero": [0.0]}))
    layers = [
        zero.mark_rule(color=GREY, strokeDash=[3, 3]).encode(x=alt.X("zero:Q")),
        known.mark_rule(strokeWidth=2.5, opacity=0.5).encode(
            x=alt.X("lower:Q"), x2="upper:Q", y=y, yOffset=offset, color=colour, tooltip=tooltip
        ),
        alt.Chart(rows)
        .mark_point(filled=True, size=60, opacity=1)
        .encode(x=x, y=y, yOffset=offset, color=colour, shape=shape, tooltip=tooltip),
    ]
    return styled(
        layers,
        _TITLE,
        subtitle=[
            "Line: 95 % interval over test cases.",
            "1 is full agreement; ranks of 0 are chance.",
        ],
        height=alt.Step(_ROW_PIXELS),
        description="Agreement of one judge with people, beside people's own and length alone.",
    )


def _named(statistics: pd.DataFrame) -> pd.DataFrame:
    main = {one.value: name for one, name in MAIN_STATISTICS.items()}
    rows = statistics[statistics["statistic"].isin(list(main)) & statistics["value"].notna()]
    is_judge = rows["role"] == Role.JUDGE.value
    bounds = zip(rows["lower"], rows["upper"], rows["status"], strict=True)
    return rows.assign(
        name=rows["statistic"].map(main),
        source=rows["source"].where(~is_judge, _THIS_JUDGE),
        interval=[interval_text(*bound) for bound in bounds],
    )


def bias_curve_chart(bias: pd.DataFrame, scale: tuple[float, float]) -> alt.LayerChart:
    """Draw judge minus people over people's scale: `BIAS_COLUMNS`, dots as large as their bins."""
    title = "Bias over the scale"
    if bias.empty:
        return nothing_to_draw(title)
    bounds = zip(bias["lower"], bias["upper"], bias["status"], strict=True)
    rows = bias.assign(interval=[interval_text(*bound) for bound in bounds])
    x = alt.X(
        "people_score:Q",
        title="People's score",
        scale=alt.Scale(domain=list(scale), nice=False, padding=12),
        axis=alt.Axis(grid=False, format=".3~g"),
    )
    tooltip = [
        alt.Tooltip("people_score:Q", title="people's score"),
        alt.Tooltip("bias:Q", title="judge minus people", format="+.2f"),
        alt.Tooltip("interval:N", title="95 % interval"),
        alt.Tooltip("items:Q", title="responses"),
    ]
    chart, known = alt.Chart(rows), alt.Chart(rows[rows["lower"].notna()])
    zero = alt.Chart(pd.DataFrame({"zero": [0.0]}))
    y = alt.Y("bias:Q", title="Judge minus people (points)", axis=alt.Axis(tickCount=6))
    layers = [
        zero.mark_rule(color=GREY, strokeDash=[4, 3]).encode(y=alt.Y("zero:Q")),
        known.mark_rule(color=BLUE, strokeWidth=3, opacity=0.5).encode(
            x=x, y=alt.Y("lower:Q"), y2="upper:Q", tooltip=tooltip
        ),
        chart.mark_line(color=BLUE, strokeWidth=1, opacity=0.5).encode(x=x, y=y),
        chart.mark_point(color=BLUE, filled=True, opacity=1).encode(
            x=x,
            y=y,
            size=alt.Size("items:Q", legend=None, scale=alt.Scale(range=[30, 180])),
            tooltip=tooltip,
        ),
    ]
    return styled(
        layers,
        title,
        subtitle=[
            "Above 0 the judge is kinder than people.",
            "No line: too few test cases to say.",
        ],
        height=240,
        description="Mean of judge minus people by people's score.",
    )


def positions_chart(positions: pd.DataFrame) -> alt.LayerChart:
    """Draw how often each position was chosen beside an even choice: `POSITION_COLUMNS`."""
    title = "Which position is chosen"
    if positions.empty:
        return nothing_to_draw(title)
    bounds = zip(positions["lower"], positions["upper"], strict=True)
    rows = positions.assign(
        label=[
            f"{position} of {shown}"
            for position, shown in zip(positions["position"], positions["shown"], strict=True)
        ],
        interval=[interval_text(*bound, "no choice") for bound in bounds],
    )
    y = alt.Y("label:N", sort=rows["label"].tolist(), axis=model_axis())
    tooltip = [
        alt.Tooltip("label:N", title="position"),
        alt.Tooltip("share:Q", title="chosen", format=".1%"),
        alt.Tooltip("interval:N", title="95 % interval"),
        alt.Tooltip("by_chance:Q", title="even", format=".1%"),
        alt.Tooltip("choices:Q", title="choices"),
    ]
    chart = alt.Chart(rows)
    x = alt.X(
        "share:Q",
        title="Share of choices",
        scale=alt.Scale(domain=[0, 1], nice=False),
        axis=alt.Axis(format="%", domain=False, tickCount=5),
    )
    layers = [
        chart.mark_bar(color=BLUE, opacity=0.7, height=12).encode(x=x, y=y, tooltip=tooltip),
        chart.mark_rule(color=INK, strokeWidth=1.2).encode(
            x=alt.X("lower:Q"), x2="upper:Q", y=y, tooltip=tooltip
        ),
        chart.mark_tick(color=ORANGE, thickness=3, size=18).encode(x=alt.X("by_chance:Q"), y=y),
    ]
    return styled(
        layers,
        title,
        subtitle=["Bar and line: share, 95 % interval.", "Stroke: an even choice."],
        height=alt.Step(24),
        description="Share of choices that fell on each position.",
    )
