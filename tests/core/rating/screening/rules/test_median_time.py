"""The median time per item."""

import pytest

from tests.core.rating.screening.behaving import seen, session

RULE = "median_time"


def test_half_of_the_items_under_the_threshold_are_too_fast() -> None:
    evidence = seen(RULE, session(*({"active_ms": ms} for ms in (1000, 2900, 60_000))))
    assert evidence.flagged is True
    assert evidence.figures == {"median_seconds": 2.9}


def test_the_threshold_itself_is_slow_enough() -> None:
    assert seen(RULE, session(*[{"active_ms": 3000}] * 3)).flagged is False
    assert seen(RULE, session(*[{"active_ms": 3000}] * 3), seconds=3.5).flagged is True


def test_server_times_stand_in_where_the_browser_gave_none_and_that_is_said() -> None:
    evidence = seen(RULE, session({"active_ms": 9000, "server_ms": 1}, *[{"server_ms": 500}] * 2))
    assert evidence.figures["median_seconds"] == 0.5
    assert "Server times stand in for 2 of 3 items" in evidence.sentence


@pytest.mark.parametrize("items", [[], [{"active_ms": 1}] * 2, [{}] * 9])
def test_without_three_times_nothing_is_said(items: list[dict[str, int]]) -> None:
    assert seen(RULE, session(*items)).flagged is None
