"""Durations, limits and waits are read from headers, and from nothing that is none."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.providers.base import ObservedLimits
from core.providers.openai_api.headers import duration_s, observed_limits, wait_ms


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1s", 1.0),
        ("6m0s", 360.0),
        ("12ms", 0.012),
        ("1h2m3.5s", 3723.5),
        ("1d", 86_400.0),
        ("2m59.56s", 179.56),
        ("0s", 0.0),
        ("7", 7.0),
        (" 1S ", 1.0),
    ],
)
def test_a_duration_is_read_in_seconds(text: str, seconds: float) -> None:
    assert duration_s(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", [None, "", "soon", "-1s", "s", "1s?", "1 s", "\u0661s", "9" * 99])
def test_what_is_no_duration_is_none(text: str | None) -> None:
    assert duration_s(text) is None


@given(st.integers(0, 23), st.integers(0, 59), st.integers(0, 59_999))
def test_a_written_duration_is_read_as_itself(hours: int, minutes: int, thousandths: int) -> None:
    text = f"{hours}h{minutes}m{thousandths / 1000:.3f}s"
    assert duration_s(text) == pytest.approx(hours * 3600 + minutes * 60 + thousandths / 1000)


@given(st.text(alphabet="0123456789.dhms µn-", max_size=20))
def test_any_text_gives_a_duration_of_none_or_more(text: str) -> None:
    seconds = duration_s(text)
    assert seconds is None or seconds >= 0


def told(limit: float, remaining: float, reset: str, unit: str = "requests") -> dict[str, str]:
    return {
        f"x-ratelimit-limit-{unit}": f"{limit:.0f}",
        f"x-ratelimit-remaining-{unit}": f"{remaining:.0f}",
        f"x-ratelimit-reset-{unit}": reset,
    }


def test_a_minutes_limits_are_taken_as_they_are() -> None:
    headers = told(500, 499, "120ms") | told(30_000, 29_000, "2s", "tokens")
    assert observed_limits(headers) == ObservedLimits(500, 30_000)


def test_a_days_limit_is_spread_over_its_minutes() -> None:
    headers = told(200, 199, "7m12s")
    assert observed_limits(headers) == ObservedLimits(200 / 1440, None)


def test_an_hours_limit_is_told_from_a_days() -> None:
    headers = told(600, 300, "30m0s")
    assert observed_limits(headers) == ObservedLimits(10, None)


@given(
    st.integers(1, 10**7),
    st.floats(0.001, 1),
    st.sampled_from([60.0, 3_600.0, 86_400.0]),
)
def test_a_limit_that_refills_steadily_is_never_taken_for_a_slower_one(
    limit: int, share_used: float, window_s: float
) -> None:
    used = min(limit, max(1, round(limit * share_used)))
    reset_s = window_s * used / limit
    observed = observed_limits(told(limit, limit - used, f"{reset_s:.3f}s"))
    assert observed is not None
    assert observed.requests_per_minute is not None
    true = limit * 60 / window_s
    assert observed.requests_per_minute >= true * 0.999
    if reset_s > 62:
        assert observed.requests_per_minute == pytest.approx(true)


@given(st.dictionaries(st.sampled_from(sorted(told(1, 1, "1s"))), st.text(max_size=12)))
def test_headers_of_any_kind_give_limits_above_zero_or_none(headers: dict[str, str]) -> None:
    observed = observed_limits(headers)
    assert observed is None or (observed.requests_per_minute or 0) > 0


@pytest.mark.parametrize("limit", ["0", "-1", "many", ""])
def test_a_limit_that_is_none_is_not_learned(limit: str) -> None:
    assert observed_limits({"x-ratelimit-limit-requests": limit}) is None


def test_the_exact_wait_goes_before_the_whole_seconds() -> None:
    assert wait_ms({"retry-after-ms": "1250", "retry-after": "2"}) == 1250
    assert wait_ms({"retry-after-ms": "soon", "retry-after": "2"}) == 2000
    assert wait_ms({"retry-after-ms": "3600000"}) == 3_600_000
    assert wait_ms({}) is None


@given(st.integers(0, 10**6), st.integers(0, 3 * 10**9))
def test_a_date_is_counted_from_the_servers_own_date(seconds: int, since_1970_s: int) -> None:
    now = datetime.fromtimestamp(since_1970_s, UTC)
    headers = {
        "date": format_datetime(now, usegmt=True),
        "retry-after": format_datetime(now + timedelta(seconds=seconds), usegmt=True),
    }
    assert wait_ms(headers) == seconds * 1000
    assert wait_ms({"retry-after": headers["retry-after"]}) is None


@given(st.text(max_size=30), st.text(max_size=30))
def test_any_header_gives_a_wait_that_can_be_waited_or_none(asked: str, date: str) -> None:
    wait = wait_ms({"retry-after": asked, "date": date, "retry-after-ms": date})
    assert wait is None or 0 <= wait < 2**31
