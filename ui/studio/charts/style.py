"""What the charts have in common: colours, text sizes, row labels, and the chart of nothing."""

from collections.abc import Sequence
from typing import Final

import altair as alt
import pandas as pd
from pandas.api.typing import NAType

__all__ = [
    "BLUE",
    "FAINT",
    "GREY",
    "INK",
    "ORANGE",
    "REFERENCE_SUFFIX",
    "interval_text",
    "model_axis",
    "model_label",
    "nothing_to_draw",
    "source_colours",
    "styled",
]

INK: Final = "#1a1a1a"
GREY: Final = "#5f5f5f"
FAINT: Final = "#f1f1f1"

# Okabe and Ito's palette: told apart with any colour vision, and no meaning rests on red or green.
BLUE: Final = "#0072B2"
ORANGE: Final = "#D55E00"
_PALETTE: Final = (BLUE, ORANGE, "#CC79A7", "#56B4E9", "#E69F00", "#009E73")

REFERENCE_SUFFIX: Final = " (reference)"

_LONGEST_LABEL: Final = 240  # pixels; fits ollama/neural-chat:7b-v3.2-q3_K_L (reference)


def source_colours(sources: Sequence[str]) -> alt.Scale:
    """Return the colour scale of sources, the people's blue first; it repeats after six."""
    colours = [_PALETTE[number % len(_PALETTE)] for number in range(len(sources))]
    return alt.Scale(domain=list(sources), range=colours)


def model_label(model: str, reference_model: str | None) -> str:
    """Return how a row is labelled: the model's full name, and that it is the reference."""
    return model + REFERENCE_SUFFIX if model == reference_model else model


def model_axis() -> alt.Axis:
    """Return the axis of row labels, the reference's in bold."""
    is_reference = alt.expr.indexof(alt.datum.value, REFERENCE_SUFFIX) > 0
    return alt.Axis(
        title=None,
        domain=False,
        ticks=False,
        labelPadding=8,
        labelLimit=_LONGEST_LABEL,
        labelFontWeight=alt.condition(is_reference, alt.value("bold"), alt.value("normal")),
    )


def interval_text(
    lower: float | NAType, upper: float | NAType, status: str, digits: int = 2
) -> str:
    """Return an interval in words for tooltips, or why there is none."""
    if pd.isna(lower) or pd.isna(upper):
        return f"none: {status}"
    return f"{lower:.{digits}f} to {upper:.{digits}f}"


def nothing_to_draw(title: str) -> alt.LayerChart:
    """Return a chart that has a title and says that there are no data yet."""
    message = alt.Chart(pd.DataFrame({"message": ["No data yet"]})).mark_text(color=GREY)
    return styled([message.encode(text="message:N")], title, subtitle=[], height=80)


def styled(
    layers: Sequence[alt.Chart],
    title: str,
    subtitle: Sequence[str],
    height: float | alt.Step,
    description: str = "",
) -> alt.LayerChart:
    """Return the layers as one chart with a title, a subtitle that explains them, and our look.

    `description` is read by screen readers; the title is, where there is none.
    """
    heading = alt.Title(title, subtitle=list(subtitle), anchor="start", frame="bounds")
    chart: alt.LayerChart = (
        alt.LayerChart(layer=list(layers))
        .properties(title=heading, height=height, description=description or title)
        .configure(background="white", padding=12, font="system-ui, Helvetica, Arial, sans-serif")
        .configure_title(fontSize=16, color=INK, subtitleFontSize=12, subtitleColor=GREY, offset=12)
        .configure_view(stroke=None)
        .configure_axis(
            labelFontSize=12,
            labelColor=INK,
            titleFontSize=12,
            titleFontWeight="normal",
            titleColor=GREY,
            gridColor="#e6e6e6",
            tickColor="#bbbbbb",
        )
        .configure_legend(
            labelFontSize=12,
            titleFontSize=12,
            labelColor=INK,
            labelLimit=330,
            columns=1,
            symbolStrokeWidth=0,
        )
    )
    return chart
