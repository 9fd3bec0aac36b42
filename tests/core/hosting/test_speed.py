"""A pull's bytes are added up over its layers, and its rate is of what really came."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.hosting.speed import PullMeter, seconds_left
from core.providers.base import PullProgress


def layer(digest: str, completed: int | None, total: int | None) -> PullProgress:
    return PullProgress(f"pulling {digest}", digest, completed, total)


def test_nothing_is_known_before_a_layer_is_told_of() -> None:
    meter = PullMeter()
    meter.add(PullProgress("pulling manifest"))
    meter.measure(0)
    assert (meter.completed_bytes, meter.total_bytes, meter.bytes_per_second) == (None, None, None)
    assert meter.step == "pulling manifest"


def test_layers_are_summed_and_their_latest_message_counts() -> None:
    meter = PullMeter()
    for progress in (layer("a", None, 100), layer("a", 40, 100), layer("b", 5, 10)):
        meter.add(progress)
    assert (meter.completed_bytes, meter.total_bytes, meter.missing_bytes) == (45, 110, 65)


def test_what_was_on_the_disk_already_is_no_speed() -> None:
    meter = PullMeter()
    meter.add(layer("a", 90, 100))
    meter.measure(0)
    meter.add(layer("a", 92, 100))
    meter.measure(2)
    assert meter.bytes_per_second == 1
    assert meter.fetched_bytes == 2


def test_the_rate_follows_a_change_smoothly() -> None:
    meter = PullMeter()
    meter.add(layer("a", 0, 10_000))
    for second in range(11):
        meter.add(layer("a", 100 * second, 10_000))
        meter.measure(second)
    assert meter.bytes_per_second == pytest.approx(100)
    meter.measure(11)
    assert meter.bytes_per_second is not None
    # One second of standstill, smoothed over five: exp(-1/5) of the rate is left.
    assert meter.bytes_per_second == pytest.approx(81.87, abs=0.01)


@given(st.lists(st.tuples(st.integers(0, 2**50), st.floats(0.001, 1000)), min_size=2, max_size=20))
def test_the_rate_is_never_negative_nor_more_than_the_fastest_step(
    steps: list[tuple[int, float]],
) -> None:
    meter, now, fastest, before = PullMeter(), 0.0, 0.0, None
    for completed, span in steps:
        meter.add(layer("a", completed, 2**50))
        now += span
        meter.measure(now)
        if before is not None:
            fastest = max(fastest, (completed - before) / span)
        before = completed
    assert meter.bytes_per_second is not None
    assert 0 <= meter.bytes_per_second <= fastest * 1.001 + 1e-6


def test_time_left_is_unknown_while_nothing_moves() -> None:
    assert seconds_left(1000, 100) == 10
    assert seconds_left(1000, 0) is None
    assert seconds_left(1000, None) is None
    assert seconds_left(None, 100) is None
