"""The gates in front of the providers: who keeps their state, and how calls wait at them."""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime
from typing import Protocol, TypeVar

from sqlalchemy import RowMapping

from core.patience import patiently
from core.providers.base import ChatReply, FailureKind, ObservedLimits, ProviderError
from core.providers.gate import (
    LONGEST_WAIT_MS,
    GateState,
    Grant,
    Leave,
    Pace,
    admit,
    answered,
    failed,
    unused,
)
from db.engine import Database
from db.repositories import gates

Value = TypeVar("Value")
Change = Callable[[GateState, int], tuple[GateState, Value]]

RAISED_EVERY_S = 60.0
"""How often a gate takes a limit that is higher than the one known."""
TRUSTED_FOR_S = 1.0
"""How long a gate without a pace goes by what it last knew of the provider."""
_COLUMNS = tuple(one.name for one in fields(GateState))


class GateKeeper(Protocol):
    """Keeps the state of one provider's gate."""

    def change(self, change: Change[Value]) -> tuple[GateState, int, Value]:
        """Change the state, alone; gives the new state, the moment in ms, and the change's value.

        Raises:
            StoreError: the state cannot be reached.
        """
        ...


@dataclass(slots=True)
class OwnKeeper:
    """Keeps the state in this process: for a single process, without a store."""

    state: GateState = field(default_factory=GateState)

    def change(self, change: Change[Value]) -> tuple[GateState, int, Value]:
        """See `GateKeeper.change`."""
        now_ms = time.time_ns() // 1_000_000
        self.state, value = change(self.state, now_ms)
        return self.state, now_ms, value


@dataclass(frozen=True, slots=True)
class SharedKeeper:
    """Keeps the state in the store, so that all daemons hold one limit together."""

    database: Database
    provider: str

    def change(self, change: Change[Value]) -> tuple[GateState, int, Value]:
        """See `GateKeeper.change`."""
        with self.database.write_bare() as connection:
            row = gates.locked(connection, self.provider)
            before = _state(row._mapping)
            now_ms = gates.now_ms(connection)
            after, value = change(before, now_ms)
            if after != before:
                gates.keep(connection, self.provider, asdict(after))
        return after, now_ms, value


def gate_states(database: Database) -> dict[str, GateState]:
    """``provider -> state`` of every gate that was ever used."""
    with database.read_bare() as connection:
        return {row.provider: _state(row._mapping) for row in gates.everything(connection)}


@dataclass(slots=True)
class _Waiting:
    leave: asyncio.Future[Leave]
    tokens: int


class Gate:
    """Lets one event loop's calls to one provider out, each at its moment.

    Args:
        pace: what may be sent a minute at most, over all processes that share the keeper.
        keeper: where the state is kept; it is called in a thread.
    """

    def __init__(self, pace: Pace, keeper: GateKeeper) -> None:
        self._pace = pace
        self._keeper = keeper
        self._state = GateState()
        self._known_until_s = 0.0
        self._known_at_ms = 0
        self._in_line: deque[_Waiting] = deque()
        self._serving: asyncio.Task[None] | None = None
        self._may_raise_at_s = 0.0
        # Tokens that answers took beyond what was expected of them, to be made good.
        self._token_debt = 0

    @property
    def is_dead(self) -> bool:
        """Whether the provider is taken for dead, as far as this process knows."""
        return self._state.is_dead

    async def enter(self, expected_tokens: int) -> Leave:
        """Wait until a call that is expected to use so many tokens may leave.

        Raises:
            ProviderError: the provider asked for more quiet than anybody waits for.
            StoreError: the shared state cannot be reached.
        """
        if self._may_go_at_once():
            return Leave(expected_tokens)
        waiting = _Waiting(asyncio.get_running_loop().create_future(), expected_tokens)
        self._in_line.append(waiting)
        if self._serving is None or self._serving.done():
            self._serving = asyncio.create_task(self._serve())
        return await waiting.leave

    async def answered(self, leave: Leave, reply: ChatReply) -> None:
        """A call was answered; told to the others only where that changes anything.

        Raises:
            StoreError: the shared state cannot be reached.
        """
        used = (reply.usage.prompt_tokens or 0) + (reply.usage.completion_tokens or 0)
        self._token_debt += used - leave.expected_tokens if used else 0
        await self.lives(reply.observed_limits)

    async def lives(self, observed: ObservedLimits | None = None) -> None:
        """The provider answered something.

        Raises:
            StoreError: the shared state cannot be reached.
        """
        now_s = asyncio.get_running_loop().time()
        may_raise = now_s >= self._may_raise_at_s
        if answered(self._state, observed, may_raise=may_raise) == self._state:
            return

        def change(state: GateState, now_ms: int) -> tuple[GateState, None]:
            return answered(state, observed, may_raise=may_raise), None

        await self._change(change)
        self._may_raise_at_s = now_s + RAISED_EVERY_S

    async def failed(self, leave: Leave, error: ProviderError) -> None:
        """A call failed; the others learn of a pause or a dead provider.

        Raises:
            StoreError: the shared state cannot be reached.
        """

        def change(state: GateState, now_ms: int) -> tuple[GateState, None]:
            return failed(state, now_ms, error, was_trial=leave.is_trial), None

        await self._change(change)

    async def unused(self, leave: Leave) -> None:
        """A call that was let out is not made; if it was the trial, the next one may be it.

        Raises:
            StoreError: the shared state cannot be reached.
        """
        if leave.is_trial:
            await self._change(lambda state, now_ms: (unused(state, now_ms), None))

    def _may_go_at_once(self) -> bool:
        pace = self._state.pace(self._pace)
        return (
            pace == Pace()
            and not self._in_line
            and self._state.is_quiet
            and self._state.not_before_ms <= self._known_at_ms
            and asyncio.get_running_loop().time() < self._known_until_s
        )

    async def _serve(self) -> None:
        while self._in_line:
            try:
                wait_s = await self._let_out()
            except Exception as error:  # whatever it is, nobody may wait here for ever
                while self._in_line:
                    _fail(self._in_line.popleft(), error)
                return
            if self._in_line:
                await asyncio.sleep(wait_s)

    async def _let_out(self) -> float:
        """Give moments to those in line; says how many seconds to wait before asking again."""
        line = [one for one in self._in_line if not one.leave.cancelled()]
        self._in_line = deque(line)
        if not line:
            return 0.0
        tokens = [one.tokens for one in line]
        debt, self._token_debt = self._token_debt, 0
        tokens[0] += debt

        def change(state: GateState, now_ms: int) -> tuple[GateState, Grant]:
            return admit(state, now_ms, self._pace, tokens)

        grant, now_ms = await self._change(change)
        if not grant.leave_at_ms:
            self._token_debt += debt
        if grant.refused_until_ms is not None:
            raise _too_long_a_wait(grant.refused_until_ms, now_ms)
        loop = asyncio.get_running_loop()
        now_s = loop.time()
        for moment_ms in grant.leave_at_ms:
            waiting = self._in_line.popleft()
            leave = Leave(waiting.tokens, grant.is_trial)
            loop.call_at(now_s + (moment_ms - now_ms) / 1000, _let_go, waiting, leave)
        if grant.ask_again_ms is None:
            return 0.0
        # Somebody else's trial may succeed, or a pause end, earlier than was foreseen.
        return min(max((grant.ask_again_ms - now_ms) / 1000, 0.02), 2.0)

    async def _change(self, change: Change[Value]) -> tuple[Value, int]:
        self._state, now_ms, value = await patiently(asyncio.to_thread, self._keeper.change, change)
        self._known_until_s = asyncio.get_running_loop().time() + TRUSTED_FOR_S
        self._known_at_ms = now_ms
        return value, now_ms


def _too_long_a_wait(until_ms: int, now_ms: int) -> ProviderError:
    until = datetime.fromtimestamp(until_ms / 1000, UTC)
    return ProviderError(
        FailureKind.RATE_LIMITED,
        f"The provider asked to be left alone until {until:%Y-%m-%d %H:%M} UTC, which is longer "
        f"than the {LONGEST_WAIT_MS // 1000} seconds that SLaM waits; retry after that time.",
        retry_after_ms=min(until_ms - now_ms, 2**31 - 1),
    )


def _let_go(waiting: _Waiting, leave: Leave) -> None:
    if not waiting.leave.done():
        waiting.leave.set_result(leave)


def _fail(waiting: _Waiting, error: Exception) -> None:
    if not waiting.leave.done():
        waiting.leave.set_exception(error)


def _state(row: RowMapping) -> GateState:
    return GateState(**{name: row[name] for name in _COLUMNS})
