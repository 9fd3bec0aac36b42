"""The histogram of a screening rule's figure, with its threshold."""

import pandas as pd

from tests.ui.charts.drawn import marks, rows, text_in_picture
from ui.studio.charts.screening import FLAGGED, NOT_FLAGGED, screening_chart


def drawn(*findings: tuple[bool | None, float | None]) -> tuple[list[dict[str, object]], list[str]]:
    frame = pd.DataFrame(findings, columns=["flagged", "value"])
    frame = frame.astype({"flagged": "boolean", "value": "Float64"})
    chart = screening_chart(frame, title="Median time", x_title="seconds", threshold=3)
    return rows(chart), [*marks(chart), *text_in_picture(chart)]


def test_sessions_are_counted_by_verdict_and_the_threshold_is_a_line() -> None:
    data, shown = drawn((True, 1.5), (False, 8.0), (False, 9.0), (None, None))
    verdicts = [(row["verdict"], row["value"]) for row in data if "verdict" in row]
    assert verdicts == [(FLAGGED, 1.5), (NOT_FLAGGED, 8.0), (NOT_FLAGGED, 9.0)]
    assert {"threshold": 3} in data
    assert shown[:2] == ["bar", "rule"]
    assert {"Median time", "seconds", FLAGGED, NOT_FLAGGED} <= set(shown)


def test_where_nothing_can_be_said_the_chart_says_so() -> None:
    _, shown = drawn((None, None), (None, None))
    assert "No data yet" in shown
