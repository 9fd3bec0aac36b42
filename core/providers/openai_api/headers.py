"""What the headers of an answer tell: the limits, and how long to wait before the next call.

https://platform.openai.com/docs/guides/rate-limits (rate limits in headers) and RFC 9110, 10.2.3.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from core.providers.base import ObservedLimits, retry_after_ms

_UNIT_S = {"d": 86_400.0, "h": 3_600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|us|ns|[dhms])")
_DURATION = re.compile(rf"(?:{_PART.pattern})+")
_MINUTE_S, _HOUR_S, _DAY_S = 60.0, 3_600.0, 86_400.0
_MOST_DIGITS = 30
_SLACK_S = 1.0
"""Resets are rounded, up to a whole second."""


def duration_s(text: str | None) -> float | None:
    """Seconds of a duration such as ``1s``, ``6m0s``, ``12ms`` or ``1h2m3.5s``, or of bare seconds.

    ``None`` where it is no duration.
    """
    text = (text or "").strip().lower()
    if len(text) > _MOST_DIGITS:
        return None
    if re.fullmatch(r"\d+(?:\.\d+)?", text, re.ASCII):
        return float(text)
    if not text.isascii() or not _DURATION.fullmatch(text):
        return None
    return sum(float(number) * _UNIT_S[unit] for number, unit in _PART.findall(text))


def observed_limits(headers: Mapping[str, str]) -> ObservedLimits | None:
    """The limits that ``x-ratelimit-*`` headers tell; ``None`` where they tell none."""
    requests, tokens = _a_minute(headers, "requests"), _a_minute(headers, "tokens")
    if requests is None and tokens is None:
        return None
    return ObservedLimits(requests, tokens)


def wait_ms(headers: Mapping[str, str]) -> int | None:
    """How long to wait before the next call; ``None`` where nothing is asked.

    ``retry-after-ms`` is exact and goes first. A date is compared with the answer's own ``date``,
    so that a wrong clock on either side does no harm.
    """
    exact = _count(headers.get("retry-after-ms"))
    if exact is not None:
        return retry_after_ms(str(exact / 1000))
    asked = headers.get("retry-after")
    in_seconds = retry_after_ms(asked)
    if in_seconds is not None:
        return in_seconds
    until, now = _moment(asked), _moment(headers.get("date"))
    if until is None or now is None:
        return None
    return retry_after_ms(str((until - now).total_seconds()))


def _a_minute(headers: Mapping[str, str], unit: str) -> float | None:
    limit = _count(headers.get(f"x-ratelimit-limit-{unit}"))
    if not limit:
        return None
    remaining = _count(headers.get(f"x-ratelimit-remaining-{unit}"))
    reset_s = duration_s(headers.get(f"x-ratelimit-reset-{unit}"))
    return limit * _MINUTE_S / _window_s(limit, remaining, reset_s)


def _window_s(limit: float, remaining: float | None, reset_s: float | None) -> float:
    """The window of a limit that refills steadily and is whole again in ``reset_s``.

    A limit by the minute is always whole again within a minute, so a longer reset is of a longer
    window. A shorter one may be of a day that has hardly begun; it is taken for a minute's until it
    shows, since that is never slower than what the server allows.
    """
    if reset_s is None or reset_s <= _MINUTE_S + _SLACK_S:
        return _MINUTE_S
    used = limit - remaining if remaining is not None else 0.0
    if used <= 0:
        return _HOUR_S if reset_s <= _HOUR_S + _SLACK_S else _DAY_S
    # Halfway, by factors, between an hour and a day.
    return _HOUR_S if reset_s * limit / used <= (_HOUR_S * _DAY_S) ** 0.5 else _DAY_S


def _count(text: str | None) -> float | None:
    text = (text or "").strip()
    if len(text) > _MOST_DIGITS or not re.fullmatch(r"\d+(?:\.\d+)?", text, re.ASCII):
        return None
    return float(text)


def _moment(text: str | None) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text or "")
    except (ValueError, IndexError, OverflowError):
        return None
    # An HTTP date is in GMT, also where it leaves that out.
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
