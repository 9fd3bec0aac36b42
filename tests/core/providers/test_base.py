"""Times are taken from a clock that is handed in, and ``Retry-After`` is read with care."""

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.providers.base import (
    RETRIED_KINDS,
    FailureKind,
    ProviderError,
    Stopwatch,
    Timeline,
    retry_after_ms,
)


def stopwatch(*times: int) -> Stopwatch:
    left: Iterable[int] = iter(times)
    return Stopwatch(lambda: next(iter(left)))


def test_times_count_from_the_moment_the_request_was_sent() -> None:
    watch = stopwatch(1_000, 1_010, 1_025, 1_040, 1_055, 1_060)
    watch.start()
    for has_text in (False, True, True, False):
        watch.chunk(has_text=has_text)
    assert watch.stop() == Timeline(
        first_chunk_ns=10, time_to_first_token_ns=25, last_token_ns=40, duration_ns=60
    )


def test_a_stream_of_empty_chunks_has_no_token() -> None:
    watch = stopwatch(5, 6, 7, 9)
    watch.start()
    watch.chunk(has_text=False)
    watch.chunk(has_text=False)
    assert watch.stop() == Timeline(1, None, None, 4)


def test_a_stream_of_nothing_has_only_a_duration() -> None:
    watch = stopwatch(5, 9)
    watch.start()
    assert watch.stop() == Timeline(None, None, None, 4)


@given(st.lists(st.tuples(st.integers(0, 10**9), st.booleans()), max_size=10))
def test_the_times_of_a_stream_are_in_their_natural_order(steps: list[tuple[int, bool]]) -> None:
    now = 0

    def clock() -> int:
        return now

    watch = Stopwatch(clock)
    watch.start()
    for step, has_text in steps:
        now += step
        watch.chunk(has_text=has_text)
    timeline = watch.stop()
    marks = [
        mark
        for mark in (
            timeline.first_chunk_ns,
            timeline.time_to_first_token_ns,
            timeline.last_token_ns,
            timeline.duration_ns,
        )
        if mark is not None
    ]
    assert marks == sorted(marks)
    assert (timeline.first_chunk_ns is None) == (not steps)
    assert (timeline.time_to_first_token_ns is None) == (not any(text for _, text in steps))


@given(st.integers(0, 10**6))
def test_seconds_become_milliseconds(seconds: int) -> None:
    assert retry_after_ms(str(seconds)) == seconds * 1000
    assert retry_after_ms(f" {seconds}.5 ") == seconds * 1000 + 500


@given(st.one_of(st.none(), st.text(), st.floats().map(str)))
def test_any_header_gives_a_wait_that_can_be_waited_or_none(header: str | None) -> None:
    wait = retry_after_ms(header)
    assert wait is None or (isinstance(wait, int) and wait >= 0)


@pytest.mark.parametrize(
    "header", [None, "", "soon", "nan", "inf", "Wed, 21 Oct 2026 07:28:00 GMT", "1e999"]
)
def test_what_is_no_number_of_seconds_is_ignored(header: str | None) -> None:
    assert retry_after_ms(header) is None


def test_a_wait_below_zero_is_none_at_all() -> None:
    assert retry_after_ms("-5") == 0


def test_a_failure_carries_its_kind_and_reads_as_its_sentence() -> None:
    error = ProviderError(FailureKind.RATE_LIMITED, "Wait.", http_status=429, retry_after_ms=1500)
    assert str(error) == "Wait."
    assert (error.kind, error.http_status, error.retry_after_ms) == ("rate_limited", 429, 1500)


def test_a_time_out_is_not_tried_again_since_it_may_have_been_paid() -> None:
    assert FailureKind.TIMEOUT not in RETRIED_KINDS
    assert FailureKind.QUOTA_EXHAUSTED not in RETRIED_KINDS
