"""When a call to a provider may leave: its pace, its pauses, and whether it is taken for dead.

All values in, all values out: the state of one provider and the moment go in, a new state and the
moments at which calls may leave come out. Whoever keeps the state (`core.gates`) shares it between
processes, so that all daemons together hold one limit.

The pace is the generic cell rate algorithm without a burst (ITU-T I.371): each call moves the
earliest moment of the next one on by an interval, one for requests and one for tokens. A provider
is taken for dead after a row of failures that say nothing of the calls; then one call at a time is
let out as a trial, ever more rarely, until one is answered.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from core.providers.base import OUTAGE_KINDS, FailureKind, ObservedLimits, ProviderError

DEAD_AFTER_FAILURES = 5
FIRST_TRIAL_AFTER_MS = 2_000
LONGEST_TRIAL_WAIT_MS = 60_000
TRIAL_PATIENCE_MS = 150_000
"""How long a trial may take before another call may try; a little over the longest call."""
HORIZON_MS = 1_000
"""No call gets its moment further ahead, so that a pause is obeyed by all that comes after it."""
WAIT_AFTER_REFUSAL_MS = 1_000
"""The pause after a 429 that does not say how long to wait; doubled with each in a row."""
LONGEST_WAIT_MS = 600_000
"""A provider that asks for more is not waited for; calls then fail without being sent."""


@dataclass(frozen=True, slots=True)
class Pace:
    """What may be sent a minute; ``None`` is no limit."""

    requests_per_minute: float | None = None
    tokens_per_minute: float | None = None


@dataclass(frozen=True, slots=True)
class GateState:
    """One provider's state, as `db.tables.ProviderGate` keeps it; moments in ms since 1970, UTC."""

    requests_per_minute: float | None = None
    tokens_per_minute: float | None = None
    next_request_ms: int = 0
    next_token_ms: int = 0
    not_before_ms: int = 0
    failures_in_a_row: int = 0
    dead_since_ms: int | None = None
    retry_at_ms: int = 0
    trials: int = 0
    dead_reason: str | None = None

    @property
    def is_dead(self) -> bool:
        """Whether the provider is taken for dead."""
        return self.dead_since_ms is not None

    @property
    def is_quiet(self) -> bool:
        """Whether nothing has gone wrong that the next answer would have to clear."""
        return not self.failures_in_a_row and not self.is_dead

    def pace(self, configured: Pace) -> Pace:
        """The stricter of what was configured and what the provider told."""
        return Pace(
            _stricter(configured.requests_per_minute, self.requests_per_minute),
            _stricter(configured.tokens_per_minute, self.tokens_per_minute),
        )


@dataclass(frozen=True, slots=True)
class Grant:
    """Moments at which the first calls in line may leave, and when to ask again for the others.

    ``refused_until_ms``: the provider asked for more quiet than anybody waits for.
    """

    leave_at_ms: tuple[int, ...]
    ask_again_ms: int | None = None
    is_trial: bool = False
    refused_until_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Leave:
    """The permission to send one call."""

    expected_tokens: int
    is_trial: bool = False


def admit(
    state: GateState, now_ms: int, configured: Pace, tokens: Sequence[int]
) -> tuple[GateState, Grant]:
    """Give moments to the calls in line, as far as the horizon reaches.

    Args:
        state: the provider's state.
        now_ms: the moment.
        configured: what may be sent at most, whatever the provider says.
        tokens: the tokens that each call in line is expected to use, in its order.
    """
    if state.is_dead:
        return _admit_trial(state, now_ms)
    if state.not_before_ms > now_ms + LONGEST_WAIT_MS:
        return state, Grant((), refused_until_ms=state.not_before_ms)
    pace = state.pace(configured)
    request_interval_ms = 60_000 / pace.requests_per_minute if pace.requests_per_minute else 0.0
    token_interval_ms = 60_000 / pace.tokens_per_minute if pace.tokens_per_minute else 0.0
    # A clock that was put back must not stop the calls for as long as it was put back.
    next_request = min(float(state.next_request_ms), now_ms + HORIZON_MS + request_interval_ms)
    next_token = min(float(state.next_token_ms), float(now_ms + LONGEST_WAIT_MS))
    earliest = float(max(now_ms, state.not_before_ms))
    moments: list[int] = []
    ask_again: int | None = None
    for expected in tokens:
        moment = max(earliest, next_request, next_token)
        if moment > now_ms + HORIZON_MS:
            ask_again = int(moment) - HORIZON_MS // 2
            break
        moments.append(int(moment))
        next_request = moment + request_interval_ms
        next_token = moment + expected * token_interval_ms
    moved = replace(
        state,
        next_request_ms=_ceiling(next_request) if request_interval_ms else state.next_request_ms,
        next_token_ms=_ceiling(next_token) if token_interval_ms else state.next_token_ms,
    )
    return moved, Grant(tuple(moments), ask_again)


def answered(
    state: GateState, observed: ObservedLimits | None, *, may_raise: bool = True
) -> GateState:
    """An answer came: the provider lives, and may have told its limits.

    Args:
        state: the provider's state.
        observed: what it told.
        may_raise: whether a limit that is higher than the one known is taken. Models of one
            provider can have different limits, of which the lowest is held.
    """
    told = observed or ObservedLimits()
    return replace(
        state,
        requests_per_minute=_learned(
            state.requests_per_minute, told.requests_per_minute, may_raise=may_raise
        ),
        tokens_per_minute=_learned(
            state.tokens_per_minute, told.tokens_per_minute, may_raise=may_raise
        ),
        failures_in_a_row=0,
        dead_since_ms=None,
        retry_at_ms=0,
        trials=0,
        dead_reason=None,
    )


def failed(state: GateState, now_ms: int, error: ProviderError, *, was_trial: bool) -> GateState:
    """A call failed: perhaps all have to wait, perhaps the provider is dead."""
    if error.kind is FailureKind.RATE_LIMITED:
        return _refused(state, now_ms, error)
    if error.retry_after_ms is not None:
        state = _paused(state, now_ms, error.retry_after_ms)
    if is_outage(error):
        return _nearer_death(state, now_ms, error, was_trial=was_trial)
    if error.kind in _PROVING_NOTHING:
        return state
    return answered(state, error.observed_limits)


def unused(state: GateState, now_ms: int) -> GateState:
    """A trial was not made after all; the next call in line may be it."""
    return replace(state, retry_at_ms=min(state.retry_at_ms, now_ms))


def is_outage(error: ProviderError) -> bool:
    """Whether the failure says that the provider is down, rather than that one model broke.

    A plain 500 is what a server says when one model crashed; the others may be well.
    """
    return (error.kind in OUTAGE_KINDS and error.http_status != 500) or error.was_silent


_PROVING_NOTHING = frozenset({FailureKind.TIMEOUT, FailureKind.TRUNCATED})
"""A silence or a cut can come from a long answer, one model, or a machine that is going down."""


def _refused(state: GateState, now_ms: int, error: ProviderError) -> GateState:
    """Everybody waits: as long as was asked for, or ever longer while refusals follow each other.

    Refusals of calls that had left before the pause began are part of the same refusal.
    """
    follows = now_ms >= state.not_before_ms
    refusals = state.trials + 1 if follows and not state.is_dead else state.trials
    wait_ms = error.retry_after_ms
    if wait_ms is None:
        doubled = WAIT_AFTER_REFUSAL_MS * 2 ** min(max(refusals - 1, 0), 10)
        wait_ms = min(doubled, LONGEST_TRIAL_WAIT_MS) if follows else 0
    told = answered(state, error.observed_limits)
    return replace(_paused(told, now_ms, wait_ms), trials=refusals)


def _learned(known: float | None, told: float | None, *, may_raise: bool) -> float | None:
    if told is None or known is None:
        return known if told is None else told
    return told if told < known or may_raise else known


def _admit_trial(state: GateState, now_ms: int) -> tuple[GateState, Grant]:
    # No trial is put off for longer, so a moment beyond it comes from a clock that was put back.
    if now_ms < state.retry_at_ms <= now_ms + LONGEST_WAIT_MS:
        return state, Grant((), state.retry_at_ms)
    moved = replace(state, retry_at_ms=now_ms + TRIAL_PATIENCE_MS)
    return moved, Grant((now_ms,), moved.retry_at_ms, is_trial=True)


def _paused(state: GateState, now_ms: int, wait_ms: int) -> GateState:
    return replace(state, not_before_ms=max(state.not_before_ms, now_ms + wait_ms))


def _nearer_death(
    state: GateState, now_ms: int, error: ProviderError, *, was_trial: bool
) -> GateState:
    failures = state.failures_in_a_row + 1
    if state.is_dead and not was_trial:
        # It left before the provider was taken for dead; nothing new is learned from it.
        return replace(state, failures_in_a_row=failures)
    if failures < DEAD_AFTER_FAILURES:
        return replace(state, failures_in_a_row=failures)
    wait_ms = min(FIRST_TRIAL_AFTER_MS * 2 ** min(state.trials, 10), LONGEST_TRIAL_WAIT_MS)
    return replace(
        state,
        failures_in_a_row=failures,
        dead_since_ms=state.dead_since_ms if state.is_dead else now_ms,
        retry_at_ms=max(now_ms + wait_ms, state.not_before_ms),
        trials=state.trials + 1,
        dead_reason=str(error),
    )


def _stricter(one: float | None, other: float | None) -> float | None:
    limits = [limit for limit in (one, other) if limit is not None]
    return min(limits) if limits else None


def _ceiling(moment: float) -> int:
    return -int(-moment // 1)
