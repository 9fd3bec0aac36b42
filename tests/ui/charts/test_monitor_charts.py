"""The charts of the monitor: sessions an hour, and counts against their target."""

import pandas as pd

from tests.ui.charts.drawn import marks, rows, text_in_picture
from ui.studio.charts.completions import completions_chart
from ui.studio.charts.heat_map import heat_map


def completions(*counts: int) -> pd.DataFrame:
    hours = pd.date_range("2026-03-01 22:00", periods=len(counts), freq="h", tz="UTC")
    return pd.DataFrame({"hour": hours, "complete": list(counts)})


def cells(*counts: int, columns: int = 2, target: float = 4) -> pd.DataFrame:
    return pd.DataFrame(
        [
            (f"Candidate {'AB'[number // columns]}", f"case {number % columns}", count, target)
            for number, count in enumerate(counts)
        ],
        columns=["row", "column", "count", "target"],
    )


def test_hours_are_those_of_utc_and_empty_ones_keep_their_place() -> None:
    chart = completions_chart(completions(2, 0, 1))
    assert rows(chart) == [
        {"hour": "03-01 22:00", "complete": 2},
        {"hour": "03-01 23:00", "complete": 0},
        {"hour": "03-02 00:00", "complete": 1},
    ]


def test_a_cell_holds_its_count_and_is_as_dark_as_it_is_full() -> None:
    chart = heat_map(cells(0, 1, 4, 5), "Ratings", column="test case")
    assert marks(chart) == ["rect", "text"]
    assert [row["share"] for row in rows(chart)] == [0, 0.25, 1, 1.25]
    drawn = text_in_picture(chart)
    for text in ("Candidate A", "case 1", "0", "4", "5", "test case"):
        assert text in drawn


def test_a_wide_heat_map_leaves_the_numbers_to_the_tooltip() -> None:
    chart = heat_map(cells(*range(40), columns=20), "Ratings", column="test case")
    assert marks(chart) == ["rect"]


def test_a_target_of_nothing_divides_nothing() -> None:
    chart = heat_map(cells(0, 0, target=0), "Ratings", column="test case")
    assert [row["share"] for row in rows(chart)] == [0, 0]


def test_without_data_both_say_so() -> None:
    for chart in (
        completions_chart(completions()),
        heat_map(cells(), "Ratings", column="test case"),
    ):
        assert "No data yet" in text_in_picture(chart)
