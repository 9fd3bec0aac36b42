"""Calls wait at gates that all daemons share: one limit, one pause, one death for everybody."""

import asyncio
from collections.abc import Sequence

import pytest

from core.gates import Gate, SharedKeeper, gate_states
from core.providers.base import (
    ChatReply,
    FailureKind,
    ObservedLimits,
    ProviderError,
    Timeline,
    Usage,
)
from core.providers.gate import DEAD_AFTER_FAILURES, Leave, Pace
from db.engine import Database

PROVIDER = "gateway"
DOWN = ProviderError(FailureKind.UNREACHABLE, "Nobody answers.")
LEAVE = Leave(1)


def gate(database: Database, pace: Pace | None = None) -> Gate:
    """The gate of a daemon of its own."""
    return Gate(pace or Pace(), SharedKeeper(database, PROVIDER))


def reply(tokens: int = 0, observed: ObservedLimits | None = None) -> ChatReply:
    timeline = Timeline(1, 1, 1, 1)
    return ChatReply("Hello", "stop", Usage(tokens, 0), timeline, observed_limits=observed)


async def leave_times(gates: Sequence[Gate], calls: int, tokens: int = 1) -> list[float]:
    """When that many calls left, shared out among the gates, in seconds."""
    loop = asyncio.get_running_loop()
    began, times = loop.time(), []

    async def one(number: int) -> None:
        await gates[number % len(gates)].enter(tokens)
        times.append(loop.time() - began)

    await asyncio.gather(*(one(number) for number in range(calls)))
    return sorted(times)


@pytest.mark.parametrize("daemons", [1, 2])
def test_twenty_a_second_are_held_whether_one_daemon_calls_or_two(
    database: Database, daemons: int
) -> None:
    gates = [gate(database, Pace(requests_per_minute=1200)) for _ in range(daemons)]
    times = asyncio.run(leave_times(gates, 60))
    # 59 steps of 50 ms; ten per cent is what may be missed in either direction.
    assert times[-1] == pytest.approx(2.95, rel=0.1)
    for number, first in enumerate(times):
        in_a_second = sum(first <= moment < first + 1 for moment in times[number:])
        assert in_a_second <= 22


def test_tokens_are_paced_too_and_what_an_answer_took_beyond_is_made_good(
    database: Database,
) -> None:
    async def run() -> tuple[float, float]:
        one = gate(database, Pace(tokens_per_minute=60_000))
        loop = asyncio.get_running_loop()
        leave = await one.enter(100)
        began = loop.time()
        await one.enter(100)
        first = loop.time() - began
        await one.answered(leave, reply(tokens=600))
        await one.enter(100)
        began = loop.time()
        await one.enter(100)
        return first, loop.time() - began

    first, after_debt = asyncio.run(run())
    assert first == pytest.approx(0.1, abs=0.06)
    assert after_debt == pytest.approx(0.6, abs=0.15), "500 tokens more than were expected"


def test_limits_that_a_provider_tells_hold_for_the_other_daemon_too(database: Database) -> None:
    async def run() -> list[float]:
        one, other = gate(database), gate(database)
        await one.answered(LEAVE, reply(observed=ObservedLimits(requests_per_minute=600)))
        return await leave_times([other], 6)

    assert asyncio.run(run())[-1] == pytest.approx(0.5, abs=0.15)


def test_a_pause_that_one_daemon_is_told_holds_back_the_other(database: Database) -> None:
    async def run() -> list[float]:
        one, other = gate(database), gate(database)
        refused = ProviderError(FailureKind.RATE_LIMITED, "Too many.", retry_after_ms=700)
        await one.failed(LEAVE, refused)
        return await leave_times([other], 2)

    assert asyncio.run(run())[0] == pytest.approx(0.7, abs=0.15)


def test_a_provider_that_one_daemon_finds_dead_is_tried_by_one_call_and_lives_for_all(
    database: Database,
) -> None:
    async def run() -> None:
        one, other = gate(database), gate(database)
        for _ in range(DEAD_AFTER_FAILURES):
            await one.failed(LEAVE, DOWN)
        assert one.is_dead
        assert gate_states(database)[PROVIDER].dead_reason == "Nobody answers."
        waiting = [asyncio.create_task(other.enter(1)) for _ in range(3)]
        done, _ = await asyncio.wait(waiting, timeout=1)
        assert not done, "the first trial comes after two seconds"
        done, held = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED, timeout=5)
        (trial,) = done
        assert trial.result().is_trial
        await other.answered(trial.result(), reply())
        done, _ = await asyncio.wait(held, timeout=5)
        assert len(done) == 2
        assert not gate_states(database)[PROVIDER].is_dead

    asyncio.run(run())


def test_without_a_pace_calls_leave_at_once(database: Database) -> None:
    times = asyncio.run(leave_times([gate(database)], 200))
    assert times[-1] < 1


def test_a_call_that_is_given_up_while_it_waits_takes_nobodys_moment(database: Database) -> None:
    async def run() -> list[float]:
        one = gate(database, Pace(requests_per_minute=60))
        await one.enter(1)
        given_up = asyncio.create_task(one.enter(1))
        await asyncio.sleep(0.1)
        given_up.cancel()
        return await leave_times([one], 1)

    assert asyncio.run(run())[0] < 2.5
