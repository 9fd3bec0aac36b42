"""When a campaign can be expected to have all its ratings, if people keep coming as they do."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from scipy.special import gammaincinv  # type: ignore[import-untyped]  # scipy ships no types

WINDOW = timedelta(hours=24)
"""The pace is that of the time just behind, since it changes with the hour and the day."""
FEWEST_COMPLETIONS = 3
_FARTHEST = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Finish:
    """The expected moment with its 95 % range, by the pace alone; null where ``status`` says why.

    ``latest`` is null where the pace may be so slow that it is more than a year away.
    """

    expected: datetime | None
    earliest: datetime | None
    latest: datetime | None
    status: str


def unknown_finish(status: str) -> Finish:
    """No moment, and why there is none."""
    return Finish(None, None, None, status)


def estimated_finish(
    completions: int, began_at: datetime, missing_sessions: int, now: datetime
) -> Finish:
    """When the missing sessions will be complete.

    Completions come by chance at an even pace (a Poisson process): the range is the exact interval
    of its rate (Garwood 1936).

    Args:
        completions: how many sessions were completed since ``began_at``.
        began_at: the beginning of the time that the pace is taken from.
        missing_sessions: how many complete sessions are still needed.
        now: the present moment.
    """
    if missing_sessions <= 0:
        return unknown_finish("all ratings are there")
    hours = (now - began_at) / timedelta(hours=1)
    if completions < FEWEST_COMPLETIONS or hours <= 0:
        return unknown_finish(
            f"fewer than {FEWEST_COMPLETIONS} sessions were completed in the last 24 hours"
        )
    slow = float(gammaincinv(completions, 0.025)) / hours
    fast = float(gammaincinv(completions + 1, 0.975)) / hours
    expected = _after(now, missing_sessions, completions / hours)
    if expected is None:
        return unknown_finish("at this pace it takes more than a year")
    return Finish(
        expected, _after(now, missing_sessions, fast), _after(now, missing_sessions, slow), "ok"
    )


def _after(now: datetime, sessions: int, sessions_per_hour: float) -> datetime | None:
    hours = sessions / sessions_per_hour
    return now + timedelta(hours=hours) if hours <= _FARTHEST / timedelta(hours=1) else None
