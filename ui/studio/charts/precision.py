"""What more raters or test cases buy: the half-width of the interval, a line a number of cases."""

from typing import Final

import altair as alt
import pandas as pd

from ui.studio.charts.style import BLUE, GREY, INK, nothing_to_draw, styled

__all__ = ["precision_chart"]

_TITLE: Final = "How precise it can be"
_HEIGHT: Final = 240


def precision_chart(
    sizes: pd.DataFrame, unit: str, planned: tuple[int, float] | None = None
) -> alt.LayerChart:
    """Draw half-widths against the number of raters, this study's line strong.

    Args:
        sizes: as `core.rating.planning.precision_by_size` gives them.
        unit: what a half-width is in: points of the scale, or a share.
        planned: the raters and the half-width of the design, drawn as a dot.
    """
    if sizes.empty:
        return nothing_to_draw(_TITLE)
    lines = sizes.assign(label=sizes["test_cases"].map("{:,} test cases".format))
    x = alt.X("raters:Q", title="raters", scale=alt.Scale(nice=False))
    y = alt.Y("half_width:Q", title=f"± {unit}", scale=alt.Scale(zero=True))
    chart = alt.Chart(lines).encode(
        x=x,
        y=y,
        detail="label:N",
        color=alt.condition("datum.is_this_study", alt.value(BLUE), alt.value("#b0b0b0")),
        tooltip=[
            alt.Tooltip("label:N", title="with"),
            alt.Tooltip("raters:Q", title="raters"),
            alt.Tooltip("half_width:Q", title="half-width", format=".2f"),
        ],
    )
    last = lines[lines["raters"] == lines["raters"].max()]
    names = alt.Chart(last).mark_text(align="right", dy=-7, fontSize=11, color=GREY)
    layers = [
        chart.mark_line(strokeWidth=2, point=True),
        names.encode(x=x, y=y, text="label:N"),
    ]
    if planned is not None:
        dot = pd.DataFrame({"raters": [planned[0]], "half_width": [planned[1]]})
        mark = alt.Chart(dot).mark_point(size=160, filled=True, color=INK, shape="diamond")
        layers.append(mark.encode(x=x, y=y))
    return styled(
        layers,
        _TITLE,
        subtitle=["Half the width of the 95 % interval.", "Blue: this study. Diamond: this plan."],
        height=_HEIGHT,
        description="Half-width of the interval by number of raters and test cases.",
    )
