"""When calls may leave: the pace is held, pauses are obeyed, a dead provider is tried rarely."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.providers.base import FailureKind, ObservedLimits, ProviderError
from core.providers.gate import (
    DEAD_AFTER_FAILURES,
    FIRST_TRIAL_AFTER_MS,
    HORIZON_MS,
    LONGEST_TRIAL_WAIT_MS,
    WAIT_AFTER_REFUSAL_MS,
    GateState,
    Pace,
    admit,
    answered,
    failed,
)

NOW = 1_800_000_000_000
DOWN = ProviderError(FailureKind.UNREACHABLE, "Nobody answers.")
REFUSED = ProviderError(FailureKind.RATE_LIMITED, "Too many.")


def _leaves(pace: Pace, arrivals: list[int], tokens: int = 1) -> list[int]:
    """When calls that arrive in those batches (one every 100 ms) leave, asked again and again."""
    state, waiting = GateState(), 0
    moments: list[int] = []
    for tick in range(2_000):
        waiting += arrivals[tick] if tick < len(arrivals) else 0
        state, grant = admit(state, NOW + 100 * tick, pace, [tokens] * waiting)
        moments += grant.leave_at_ms
        waiting -= len(grant.leave_at_ms)
        if not waiting and tick >= len(arrivals):
            return moments
    raise AssertionError("somebody waits for ever")


@given(
    st.floats(min_value=60, max_value=6_000),
    st.lists(st.integers(min_value=0, max_value=20), min_size=1, max_size=30),
)
def test_in_any_ten_seconds_no_more_calls_leave_than_the_pace_allows(
    per_minute: float, arrivals: list[int]
) -> None:
    moments = _leaves(Pace(requests_per_minute=per_minute), arrivals)
    assert len(moments) == sum(arrivals)
    assert moments == sorted(moments)
    for number, first in enumerate(moments):
        within = [moment for moment in moments[number:] if moment < first + 10_000]
        # A moment is a whole millisecond, so one call may seem to leave a little early.
        assert len(within) <= per_minute / 6 + 2


def test_the_pace_is_used_to_the_full_while_calls_wait() -> None:
    moments = _leaves(Pace(requests_per_minute=1_200), [400])
    assert moments[0] == NOW
    assert moments[-1] - moments[0] == pytest.approx(399 * 50, rel=0.01)


@given(st.integers(min_value=1, max_value=5_000))
def test_tokens_a_minute_space_calls_by_what_they_are_expected_to_use(tokens: int) -> None:
    moments = _leaves(Pace(tokens_per_minute=600_000), [5], tokens)
    assert moments[-1] - moments[0] == pytest.approx(4 * tokens / 10, abs=8)


def test_without_a_pace_everybody_leaves_at_once() -> None:
    state, grant = admit(GateState(), NOW, Pace(), [1] * 50)
    assert grant.leave_at_ms == (NOW,) * 50
    assert grant.ask_again_ms is None
    assert state == GateState()


def test_nobody_gets_a_moment_beyond_the_horizon() -> None:
    _, grant = admit(GateState(), NOW, Pace(requests_per_minute=60), [1] * 5)
    assert grant.leave_at_ms == (NOW, NOW + HORIZON_MS)
    assert grant.ask_again_ms == NOW + 2_000 - HORIZON_MS // 2


def test_the_stricter_of_what_is_configured_and_what_the_provider_told_holds() -> None:
    told = answered(GateState(), ObservedLimits(requests_per_minute=60, tokens_per_minute=900))
    assert told.pace(Pace(requests_per_minute=600)) == Pace(60, 900)
    assert told.pace(Pace(requests_per_minute=6, tokens_per_minute=90)) == Pace(6, 90)


def test_a_refusal_pauses_everybody_as_long_as_it_says_and_a_second_without_a_word() -> None:
    silent = failed(GateState(), NOW, REFUSED, was_trial=False)
    assert silent.not_before_ms == NOW + WAIT_AFTER_REFUSAL_MS
    words = ProviderError(FailureKind.RATE_LIMITED, "Too many.", retry_after_ms=700)
    told = failed(GateState(), NOW, words, was_trial=False)
    _, grant = admit(told, NOW, Pace(), [1, 1])
    assert grant.leave_at_ms == (NOW + 700,) * 2
    later = failed(told, NOW + 100, replace_wait(100), was_trial=False)
    assert later.not_before_ms == NOW + 700, "the furthest pause wins"


def replace_wait(wait_ms: int) -> ProviderError:
    return ProviderError(FailureKind.RATE_LIMITED, "Too many.", retry_after_ms=wait_ms)


def _dead(now_ms: int = NOW) -> GateState:
    state = GateState()
    for _ in range(DEAD_AFTER_FAILURES):
        state = failed(state, now_ms, DOWN, was_trial=False)
    return state


def test_a_row_of_outages_takes_the_provider_for_dead_and_says_why() -> None:
    state = _dead()
    assert state.dead_since_ms == NOW
    assert state.dead_reason == "Nobody answers."
    assert state.retry_at_ms == NOW + FIRST_TRIAL_AFTER_MS
    _, grant = admit(state, NOW + 1, Pace(), [1] * 3)
    assert grant.leave_at_ms == ()
    assert grant.ask_again_ms == state.retry_at_ms


@pytest.mark.parametrize(
    "kind", sorted(set(FailureKind) - {FailureKind.UNREACHABLE, FailureKind.UNAVAILABLE})
)
def test_failures_that_say_something_of_the_call_take_nobody_for_dead(kind: FailureKind) -> None:
    state = GateState()
    for _ in range(2 * DEAD_AFTER_FAILURES):
        state = failed(state, NOW, ProviderError(kind, "No."), was_trial=False)
    assert not state.is_dead


def test_one_model_that_crashes_with_500_does_not_take_the_provider_for_dead() -> None:
    crashed = ProviderError(FailureKind.UNAVAILABLE, "It crashed.", http_status=500)
    state = GateState()
    for _ in range(2 * DEAD_AFTER_FAILURES):
        state = failed(state, NOW, crashed, was_trial=False)
    assert not state.is_dead


def test_one_call_alone_tries_a_dead_provider_whoever_else_asks() -> None:
    state = _dead()
    after, grant = admit(state, state.retry_at_ms, Pace(), [1] * 5)
    assert (len(grant.leave_at_ms), grant.is_trial) == (1, True)
    _, other = admit(after, state.retry_at_ms + 1, Pace(), [1])
    assert other.leave_at_ms == ()


def test_trials_grow_rarer_up_to_a_minute_and_an_answer_ends_it_all() -> None:
    state, waits = _dead(), []
    for _ in range(12):
        now = state.retry_at_ms
        state, _ = admit(state, now, Pace(), [1])
        state = failed(state, now, DOWN, was_trial=True)
        waits.append(state.retry_at_ms - now)
    assert waits == sorted(waits)
    assert waits[0] == 2 * FIRST_TRIAL_AFTER_MS
    assert waits[-1] == LONGEST_TRIAL_WAIT_MS
    assert state.dead_since_ms == NOW
    assert answered(state, None) == replace(GateState())


def test_calls_that_left_before_the_death_do_not_put_the_trial_off() -> None:
    state = _dead()
    assert failed(state, NOW + 500, DOWN, was_trial=False).retry_at_ms == state.retry_at_ms


def test_a_connection_lost_in_silence_is_an_outage_and_a_cut_answer_proves_nothing() -> None:
    silent = ProviderError(FailureKind.TRUNCATED, "The connection was lost.")
    silent.was_silent = True
    cut = ProviderError(FailureKind.TRUNCATED, "It broke off.")
    state = GateState()
    for _ in range(DEAD_AFTER_FAILURES - 1):
        state = failed(state, NOW, silent, was_trial=False)
    assert failed(state, NOW, cut, was_trial=False) == state
    assert failed(state, NOW, silent, was_trial=False).is_dead


def test_a_wait_of_an_hour_refuses_calls_instead_of_holding_them() -> None:
    hour = ProviderError(FailureKind.RATE_LIMITED, "Too many.", retry_after_ms=3_600_000)
    state = failed(GateState(), NOW, hour, was_trial=False)
    _, grant = admit(state, NOW, Pace(), [1])
    assert (grant.leave_at_ms, grant.refused_until_ms) == ((), NOW + 3_600_000)
    _, later = admit(state, NOW + 3_600_000, Pace(), [1])
    assert later.leave_at_ms == (NOW + 3_600_000,)


def test_a_clock_that_is_put_back_does_not_stop_the_calls() -> None:
    state = GateState(next_request_ms=NOW + 3_600_000)
    _, grant = admit(state, NOW, Pace(requests_per_minute=600), [1])
    assert grant.ask_again_ms is not None
    assert grant.ask_again_ms <= NOW + 2 * HORIZON_MS


def test_a_higher_limit_is_taken_only_now_and_then_and_a_lower_one_at_once() -> None:
    low, high = ObservedLimits(60, 600), ObservedLimits(600, 6000)
    state = answered(GateState(), low)
    assert answered(state, high, may_raise=False) == state
    assert answered(state, high).pace(Pace()) == Pace(600, 6000)
    assert answered(answered(GateState(), high), low, may_raise=False).pace(Pace()) == Pace(60, 600)
