"""What a chart draws, read from its specification and from its picture."""

import json
import re
from typing import Any, TypeAlias

import altair as alt
import vl_convert

Spec: TypeAlias = dict[str, Any]


def spec(chart: alt.LayerChart) -> Spec:
    """Return the chart's Vega-Lite specification, checked against the schema."""
    specification: Spec = chart.to_dict()
    return specification


def text_in_picture(chart: alt.LayerChart, width: int = 380) -> list[str]:
    """Render the chart and return its texts in drawing order, each line of a subtitle by itself."""
    svg = vl_convert.vegalite_to_svg(json.dumps(spec(chart.properties(width=width))))
    return re.findall(r"<(?:text|tspan)[^>]*>([^<]+)<", svg)


def rows(chart: alt.LayerChart) -> list[Spec]:
    """Return the data of all layers."""
    return [row for data in spec(chart)["datasets"].values() for row in data]


def marks(chart: alt.LayerChart) -> list[str]:
    """Return the kinds of marks, layer by layer."""
    return [layer["mark"]["type"] for layer in spec(chart)["layer"]]
