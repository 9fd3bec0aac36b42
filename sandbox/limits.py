"""Requests and tokens a minute, and which keys are accepted, as OpenAI's side enforces them."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_SHOWN_REQUESTS, _SHOWN_TOKENS = 10_000, 2_000_000
_EVERY_KEY = "*"


@dataclass
class Bucket:
    """A limit that refills steadily, over a window in seconds."""

    limit: float
    window_s: float = 60.0
    used: float = 0.0
    looked_at: float = 0.0

    def refill(self, now: float) -> None:
        """Give back what the time since the last look restores."""
        self.used = max(0.0, self.used - (now - self.looked_at) * self.limit / self.window_s)
        self.looked_at = now

    def wait_s(self, amount: float) -> float:
        """How long until so much fits; 0 where it fits now."""
        excess = self.used + min(amount, self.limit) - self.limit
        return max(0.0, excess) * self.window_s / self.limit

    @property
    def reset_s(self) -> float:
        """How long until the limit is whole again."""
        return self.used * self.window_s / self.limit


@dataclass(frozen=True)
class Standing:
    """How an account stands after a request: its buckets, and what the request has to wait for.

    `lacking` is "requests" or "tokens" where the request is refused.
    """

    requests: Bucket
    tokens: Bucket
    lacking: str | None = None
    wait_s: float = 0.0

    def headers(self) -> dict[str, str]:
        """The `x-ratelimit-*` headers."""
        told: dict[str, str] = {}
        for unit, bucket in (("requests", self.requests), ("tokens", self.tokens)):
            told[f"x-ratelimit-limit-{unit}"] = f"{bucket.limit:.0f}"
            told[f"x-ratelimit-remaining-{unit}"] = f"{max(0.0, bucket.limit - bucket.used):.0f}"
            told[f"x-ratelimit-reset-{unit}"] = written_duration(bucket.reset_s)
        return told


class Limits:
    """The limits by key; those of `*` hold for the keys without their own, each with its count."""

    def __init__(self) -> None:
        self._configured: dict[str, dict[str, float]] = {}
        self._buckets: dict[str, tuple[Bucket, Bucket]] = {}

    def configure(self, wanted: Mapping[str, Any]) -> None:
        """Set the limits of one key or of all; ValueError says what is wrong.

        `window_s` is a minute unless told, so that a day's limits can be played too.
        """
        known = {"key", "requests_per_minute", "tokens_per_minute", "window_s"}
        if unknown := sorted(set(wanted) - known):
            raise ValueError(f"unknown limit {unknown[0]!r}; known are {', '.join(sorted(known))}")
        settings = {name: value for name, value in wanted.items() if name != "key" and value}
        for name, value in settings.items():
            if not isinstance(value, int | float) or isinstance(value, bool) or value <= 0:
                raise ValueError(f"{name} must be a number above 0 or null, not {value!r}")
        self._configured[str(wanted.get("key") or _EVERY_KEY)] = settings
        self._buckets.clear()

    def clear(self) -> None:
        """Go back to limits that nobody reaches."""
        self._configured.clear()
        self._buckets.clear()

    def as_json(self) -> dict[str, Any]:
        """List what is configured, for the control endpoint."""
        return dict(self._configured)

    def shown(self) -> Standing:
        """The limits of keys without their own, with nothing used."""
        requests, tokens = self._made(_EVERY_KEY)
        return Standing(requests, tokens)

    def spend(self, key: str, tokens: float) -> Standing:
        """Count a request that is expected to use so many tokens, unless it is refused."""
        requests, token_bucket = self._of(key)
        now = time.monotonic()
        requests.refill(now)
        token_bucket.refill(now)
        waits = {"requests": requests.wait_s(1), "tokens": token_bucket.wait_s(tokens)}
        lacking = max(waits, key=lambda unit: waits[unit])
        if waits[lacking] > 0:
            return Standing(requests, token_bucket, lacking, waits[lacking])
        requests.used += 1
        token_bucket.used += min(tokens, token_bucket.limit)
        return Standing(requests, token_bucket)

    def _of(self, key: str) -> tuple[Bucket, Bucket]:
        if key not in self._buckets:
            self._buckets[key] = self._made(key)
        return self._buckets[key]

    def _made(self, key: str) -> tuple[Bucket, Bucket]:
        own = self._configured.get(key, self._configured.get(_EVERY_KEY, {}))
        window_s = own.get("window_s", 60.0)
        return (
            Bucket(own.get("requests_per_minute", _SHOWN_REQUESTS), window_s),
            Bucket(own.get("tokens_per_minute", _SHOWN_TOKENS), window_s),
        )


class Keys:
    """Which keys are accepted: all, until some are named."""

    def __init__(self) -> None:
        self._accepted: frozenset[str] | None = None
        self._expired: frozenset[str] = frozenset()

    def configure(self, wanted: Mapping[str, Any]) -> None:
        """Name the accepted keys (null: all) and the expired ones, or raise ValueError."""
        accepted, expired = wanted.get("accepted"), wanted.get("expired") or []
        for keys in (accepted or [], expired):
            if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
                raise ValueError("accepted and expired must be lists of keys")
        self._accepted = None if accepted is None else frozenset(accepted)
        self._expired = frozenset(expired)

    def clear(self) -> None:
        """Accept every key."""
        self.configure({})

    def is_expired(self, key: str) -> bool:
        """Whether the key was good once."""
        return key in self._expired

    def is_accepted(self, key: str) -> bool:
        """Whether the key is good."""
        return not self.is_expired(key) and (self._accepted is None or key in self._accepted)

    def as_json(self) -> dict[str, Any]:
        """List what is configured, for the control endpoint."""
        accepted = None if self._accepted is None else sorted(self._accepted)
        return {"accepted": accepted, "expired": sorted(self._expired)}


def written_duration(seconds: float) -> str:
    """Write a duration as OpenAI does: 12ms, 1.5s, 6m0s, 1h0m0s."""
    milliseconds = round(seconds * 1000)
    if milliseconds < 1000:
        return f"{milliseconds}ms"
    minutes, rest = divmod(milliseconds, 60_000)
    if not minutes:
        return f"{rest / 1000:g}s"
    hours, minutes = divmod(minutes, 60)
    return (f"{hours}h" if hours else "") + f"{minutes}m{rest / 1000:g}s"
