"""The chart of money: one bar a name, what is in doubt behind it, days from left to right."""

from typing import Any

import pandas as pd

from core.money.spend import COLUMNS, spend_by
from tests.ui.charts.drawn import marks, rows, spec, text_in_picture
from ui.studio.charts.spend import IN_DOUBT, SPENT, spend_chart


def spend(*values: dict[str, Any]) -> pd.DataFrame:
    filled = [
        {
            **dict.fromkeys(COLUMNS, 0), "study": "a study", "judge": "none",
            "day": "2026-01-02", "model": "a model", "cost_usd": None, "in_doubt_usd": None, **one,
        }
        for one in values
    ]  # fmt: skip
    frame = pd.DataFrame(filled, columns=list(COLUMNS))
    frame["day"] = pd.to_datetime(frame["day"])
    return frame.astype({"cost_usd": "Float64", "in_doubt_usd": "Float64"})


def test_the_dearest_stands_on_top_with_its_sum_and_its_doubts() -> None:
    sums = spend_by(
        spend(
            {"model": "cheap", "cost_usd": 0.5},
            {"model": "dear", "cost_usd": 2.0, "in_doubt_usd": 0.25},
            {"model": "ours"},
        ),
        "model",
    )
    chart = spend_chart(sums, "model")
    bars = [row for row in rows(chart) if "kind" in row]
    assert [(row["name"], row["kind"], row["usd"]) for row in bars] == [
        ("dear", SPENT, 2.0), ("dear", IN_DOUBT, 0.25), ("cheap", SPENT, 0.5),
    ]  # fmt: skip
    ends = {row["name"]: (row["end"], row["text"]) for row in rows(chart) if "text" in row}
    assert ends == {"dear": (2.25, "$2 + $0.25"), "cheap": (0.5, "$0.5")}
    drawn = text_in_picture(chart)
    assert drawn.index("dear") < drawn.index("cheap")
    assert "ours" not in drawn


def test_days_stand_side_by_side_in_their_order() -> None:
    sums = spend_by(
        spend({"day": "2026-01-03", "cost_usd": 5.0}, {"day": "2026-01-02", "cost_usd": 1.0}), "day"
    )
    chart = spend_chart(sums, "day")
    assert [row["name"] for row in rows(chart)] == ["2026-01-02", "2026-01-03"]
    assert marks(chart) == ["bar"]
    assert spec(chart)["layer"][0]["encoding"]["x"]["field"] == "name"


def test_without_any_money_the_chart_says_so() -> None:
    chart = spend_chart(spend_by(spend({}), "model"), "model")
    assert "No data yet" in text_in_picture(chart)
