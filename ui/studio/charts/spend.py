"""Money spent, and money that may have been: one bar for each study, model, judge or day."""

from typing import Any, Final

import altair as alt
import pandas as pd

from ui.studio.charts.style import BLUE, INK, ORANGE, nothing_to_draw, styled

__all__ = ["IN_DOUBT", "SPENT", "spend_chart"]

SPENT: Final = "spent"
IN_DOUBT: Final = "in doubt, at most"
_MONEY: Final = {SPENT: "cost_usd", IN_DOUBT: "in_doubt_usd"}
_ROW_PIXELS: Final = 26
_ROOM_FOR_FIGURES: Final = 1.3
_DAYS_PIXELS: Final = 240
_AXIS: Final = alt.Axis(format="$~g", tickCount=5)


def spend_chart(sums: pd.DataFrame, group: str) -> alt.LayerChart:
    """Draw sums of money as bars, in the order of the sums.

    Args:
        sums: as `core.money.spend.spend_by` gives them; what knows no money has no bar.
        group: the column that names the bars; days run from left to right, the rest downwards.
    """
    title = f"Money spent by {group}"
    rows = _rows(sums, group)
    if rows.empty:
        return nothing_to_draw(title)
    by_day = group == "day"
    return styled(
        [_days(rows)] if by_day else _names(rows),
        title,
        subtitle=["By list price, over every attempt,", "failed and repeated ones too."],
        height=_DAYS_PIXELS if by_day else alt.Step(_ROW_PIXELS),
    )


def _days(rows: pd.DataFrame) -> alt.Chart:
    bars: alt.Chart = alt.Chart(rows).mark_bar()
    bars = bars.encode(
        x=alt.X("name:O", title="day (UTC)", axis=alt.Axis(labelOverlap=True)),
        y=alt.Y("usd:Q", title="US dollars", axis=_AXIS),
        **_look(),
    )
    return bars


def _names(rows: pd.DataFrame) -> list[alt.Chart]:
    """The bars, and in figures behind them what was spent."""
    order = rows["name"].drop_duplicates().tolist()
    names = alt.Y("name:N", title=None, sort=order, axis=alt.Axis(labelLimit=240, domain=False))
    bars = alt.Chart(rows).mark_bar(size=16)
    ends = _ends(rows)
    room = alt.Scale(domain=[0, float(ends["end"].max()) * _ROOM_FOR_FIGURES])
    figures = alt.Chart(ends).mark_text(align="left", dx=5, color=INK, fontSize=11)
    return [
        bars.encode(x=alt.X("usd:Q", title="US dollars", axis=_AXIS), y=names, **_look()),
        figures.encode(x=alt.X("end:Q", scale=room), y=names, text="text:N"),
    ]


def _look() -> dict[str, Any]:
    """Colours and tooltips of both kinds of bars."""
    kinds = alt.Scale(domain=[SPENT, IN_DOUBT], range=[BLUE, ORANGE])
    return {
        "color": alt.Color("kind:N", title=None, scale=kinds, legend=alt.Legend(orient="top")),
        "order": alt.Order("part:Q"),
        "tooltip": [
            alt.Tooltip("name:N", title="of"),
            alt.Tooltip("kind:N", title="money"),
            alt.Tooltip("usd:Q", title="US dollars", format="$,.4f"),
        ],
    }


def _ends(rows: pd.DataFrame) -> pd.DataFrame:
    """Where each bar ends, and the sums that stand there."""
    spent, in_doubt = (
        rows[rows["kind"] == kind].set_index("name")["usd"].to_dict() for kind in (SPENT, IN_DOUBT)
    )
    ends = rows.groupby("name", as_index=False, sort=False).agg(end=("usd", "sum"))
    figures = [
        f"${spent.get(name, 0.0):,.4g}" + (f" + ${in_doubt[name]:,.4g}" if name in in_doubt else "")
        for name in ends["name"]
    ]
    return ends.assign(text=figures)


def _rows(sums: pd.DataFrame, group: str) -> pd.DataFrame:
    """One row a bar's part: its name, which money, how much."""
    names = sums[group].dt.strftime("%Y-%m-%d") if group == "day" else sums[group]
    parts = [
        pd.DataFrame(
            {
                "name": names,
                "kind": kind,
                "usd": sums[column].astype("Float64").fillna(0.0).astype(float),
                "part": part,
            }
        )
        for part, (kind, column) in enumerate(_MONEY.items())
    ]
    # The index is the place among the sums.
    rows = pd.concat(parts).sort_index(kind="stable")
    return rows[rows["usd"] > 0].reset_index(drop=True)
