"""A call goes on until it has an answer, within its limits, and every attempt is written down."""

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

import pytest
import stamina

from core.errors import StoreError
from core.gates import Gate, OwnKeeper
from core.providers.base import (
    RETRIED_KINDS,
    ChatReply,
    ChatRequest,
    FailureKind,
    Provider,
    ProviderError,
    Timeline,
    Usage,
)
from core.providers.calling import MAX_ATTEMPTS, Lane, call
from core.providers.gate import DEAD_AFTER_FAILURES, GateState, Pace
from tests.core.providers.helping import (
    LARGE,
    PROMPT,
    arm,
    change,
    journal,
    ollama_at,
    openai_at,
    with_provider,
)

REQUEST = ChatRequest(LARGE, PROMPT)


@dataclass
class MemoryRecorder:
    """Writes attempts into a list: ``(attempt's id, what became of it)``."""

    unusable_replies: int = 0
    notes: list[tuple[str, str]] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)
    waits_s: list[float] = field(default_factory=list)
    kept: tuple[str, str] | None = None

    async def sent(self) -> str:
        attempt_id = str(sum(note == "sent" for _, note in self.notes) + 1)
        self.notes.append((attempt_id, "sent"))
        self.waits_s.append(time.perf_counter())
        return attempt_id

    async def resumable(self) -> tuple[str, str] | None:
        return self.kept

    async def started(self, attempt_id: str, external_id: str) -> None:
        self.notes.append((attempt_id, f"started {external_id}"))

    async def succeeded(self, attempt_id: str, reply: ChatReply) -> str:
        if self.unusable_replies:
            self.unusable_replies -= 1
            raise ProviderError(FailureKind.UNPARSABLE, "No judgment.")
        self.notes.append((attempt_id, "ok"))
        return reply.text

    async def failed(self, attempt_id: str, error: ProviderError) -> None:
        self.notes.append((attempt_id, error.kind.value))
        self.messages.append(str(error))


@dataclass
class ScriptedProvider:
    """Fails in the given ways, one a call, then answers; notes how many calls are in flight."""

    failures: list[ProviderError] = field(default_factory=list)
    takes_s: float = 0.0
    in_flight: int = 0
    most_in_flight: int = 0

    async def chat(self, request: ChatRequest) -> ChatReply:
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            await asyncio.sleep(self.takes_s)
            if self.failures:
                raise self.failures.pop(0)
        finally:
            self.in_flight -= 1
        return ChatReply("Hello", "stop", Usage(1, 1), Timeline(1, 1, 1, 1))

    async def list_models(self) -> list[str]:
        return []

    async def close(self) -> None:
        pass


@pytest.fixture
def no_waits() -> Iterator[None]:
    """Stamina's waits are left out; the number of attempts stays ours."""
    with stamina.set_testing(True, attempts=MAX_ATTEMPTS, cap=True):
        yield


def lane(at_once: int = 2, per_minute: float = 60_000, keeper: OwnKeeper | None = None) -> Lane:
    """The way to a provider, through a gate of its own."""
    return Lane(at_once, Gate(Pace(per_minute), keeper or OwnKeeper()))


def made(provider: Provider, recorder: MemoryRecorder) -> str:
    return with_provider(provider, lambda one: call(one, REQUEST, lane(), recorder))


def failure(
    kind: FailureKind, retry_after_ms: int | None = None, finish_reason: str | None = "stop"
) -> ProviderError:
    return ProviderError(
        kind, "It failed.", retry_after_ms=retry_after_ms, finish_reason=finish_reason
    )


def test_a_call_that_works_is_one_attempt(base_url: str) -> None:
    recorder = MemoryRecorder()
    assert made(openai_at(base_url), recorder)
    assert recorder.notes == [("1", "sent"), ("1", "ok")]
    assert len(journal(base_url)) == 1


@pytest.mark.usefixtures("no_waits")
def test_passing_failures_are_tried_again_until_it_works_each_attempt_recorded(
    base_url: str,
) -> None:
    arm(
        base_url,
        rate_limit={"times": 1, "retry_after_s": 0},
        server_error={"times": 1, "status": 503},
        cut_stream={"times": 2, "after_tokens": 2},
    )
    recorder = MemoryRecorder()
    assert made(openai_at(base_url), recorder)
    assert recorder.notes == [
        ("1", "sent"),
        ("1", "rate_limited"),
        ("2", "sent"),
        ("2", "unavailable"),
        ("3", "sent"),
        ("3", "truncated"),
        ("4", "sent"),
        ("4", "truncated"),
        ("5", "sent"),
        ("5", "ok"),
    ]
    assert len(journal(base_url)) == 5


@pytest.mark.usefixtures("no_waits")
@pytest.mark.parametrize("kind", sorted(RETRIED_KINDS))
def test_every_passing_kind_is_tried_again(kind: FailureKind) -> None:
    recorder = MemoryRecorder()
    assert made(ScriptedProvider([failure(kind)]), recorder) == "Hello"
    assert recorder.notes == [("1", "sent"), ("1", kind.value), ("2", "sent"), ("2", "ok")]


@pytest.mark.parametrize("kind", sorted(set(FailureKind) - RETRIED_KINDS))
def test_a_final_failure_is_final_at_once(kind: FailureKind) -> None:
    recorder = MemoryRecorder()
    with pytest.raises(ProviderError) as raised:
        made(ScriptedProvider([failure(kind)]), recorder)
    assert raised.value.kind is kind
    assert recorder.notes == [("1", "sent"), ("1", kind.value)]


def test_no_credit_is_final_though_it_looks_like_a_rate_limit(base_url: str) -> None:
    arm(base_url, insufficient_quota={"times": None})
    recorder = MemoryRecorder()
    with pytest.raises(ProviderError, match="has no credit left"):
        made(openai_at(base_url), recorder)
    assert len(journal(base_url)) == 1


@pytest.mark.usefixtures("no_waits")
def test_patience_ends_after_the_last_attempt_and_the_failure_is_raised(base_url: str) -> None:
    arm(base_url, server_error={"times": None, "status": 500})
    recorder = MemoryRecorder()
    with pytest.raises(ProviderError) as raised:
        made(openai_at(base_url), recorder)
    assert raised.value.kind is FailureKind.UNAVAILABLE
    assert [note for _, note in recorder.notes] == ["sent", "unavailable"] * MAX_ATTEMPTS
    assert len(journal(base_url)) == MAX_ATTEMPTS


@pytest.mark.parametrize("at", [openai_at, ollama_at])
def test_retry_after_is_obeyed(base_url: str, at: Callable[[str], Provider]) -> None:
    change(base_url, LARGE, provider="openai" if at is openai_at else "ollama", jitter=0)
    arm(base_url, rate_limit={"times": 1, "retry_after_s": 1})
    recorder = MemoryRecorder()
    assert made(at(base_url), recorder)
    first, second = recorder.waits_s
    assert second - first >= 1.0


def test_a_rate_limit_holds_back_the_other_calls_of_the_provider_too() -> None:
    async def run() -> float:
        way = lane(4)
        limited = ScriptedProvider([failure(FailureKind.RATE_LIMITED, 400)])
        recorder = MemoryRecorder()
        started = time.perf_counter()
        first = asyncio.create_task(call(limited, REQUEST, way, recorder))
        await asyncio.sleep(0.05)
        await call(ScriptedProvider(), REQUEST, way, MemoryRecorder())
        waited = time.perf_counter() - started
        await first
        return waited

    assert asyncio.run(run()) >= 0.4


def test_without_a_word_of_when_to_come_again_waits_grow_from_half_a_second() -> None:
    recorder = MemoryRecorder()
    made(ScriptedProvider([failure(FailureKind.UNAVAILABLE)]), recorder)
    first, second = recorder.waits_s
    assert second - first >= 0.45


@pytest.mark.parametrize("at_once", [1, 3])
def test_calls_in_flight_never_exceed_the_limit(at_once: int) -> None:
    provider = ScriptedProvider(takes_s=0.01)

    async def run() -> list[str]:
        way = lane(at_once)
        calls = [call(provider, REQUEST, way, MemoryRecorder()) for _ in range(20)]
        return await asyncio.gather(*calls)

    assert asyncio.run(run()) == ["Hello"] * 20
    assert provider.most_in_flight == at_once


def test_a_pace_of_calls_a_minute_is_kept() -> None:
    async def run() -> float:
        way = lane(10, 240)  # four a second
        started = time.perf_counter()
        calls = [call(ScriptedProvider(), REQUEST, way, MemoryRecorder()) for _ in range(6)]
        await asyncio.gather(*calls)
        return time.perf_counter() - started

    # The first at once, then one each quarter of a second.
    assert 1.25 <= asyncio.run(run()) < 2.5


def test_a_reply_that_cannot_be_read_is_recorded_and_asked_for_once_more_at_once() -> None:
    recorder = MemoryRecorder(unusable_replies=1)
    assert made(ScriptedProvider(), recorder) == "Hello"
    assert recorder.notes == [("1", "sent"), ("1", "unparsable"), ("2", "sent"), ("2", "ok")]
    first, second = recorder.waits_s
    assert second - first < 0.3


@pytest.mark.usefixtures("no_waits")
def test_two_replies_that_cannot_be_read_are_enough_whatever_comes_between() -> None:
    recorder = MemoryRecorder(unusable_replies=MAX_ATTEMPTS)
    with pytest.raises(ProviderError) as raised:
        made(ScriptedProvider(), recorder)
    assert raised.value.kind is FailureKind.UNPARSABLE
    assert [note for _, note in recorder.notes] == ["sent", "unparsable"] * 2

    class FailsInBetween(ScriptedProvider):
        calls = 0

        async def chat(self, request: ChatRequest) -> ChatReply:
            self.calls += 1
            self.failures = [failure(FailureKind.TRUNCATED)] if self.calls == 2 else []
            return await super().chat(request)

    recorder = MemoryRecorder(unusable_replies=MAX_ATTEMPTS)
    with pytest.raises(ProviderError):
        made(FailsInBetween(), recorder)
    ends = [note for _, note in recorder.notes if note != "sent"]
    assert ends == ["unparsable", "truncated", "unparsable"]


def test_an_answer_in_a_wrong_encoding_is_not_asked_for_again() -> None:
    recorder = MemoryRecorder()
    with pytest.raises(ProviderError):
        made(ScriptedProvider([failure(FailureKind.UNPARSABLE)]), recorder)
    assert recorder.notes == [("1", "sent"), ("1", "unparsable")]


def test_an_error_that_is_no_failure_of_the_provider_is_raised_at_once() -> None:
    @dataclass
    class BrokenProvider(ScriptedProvider):
        async def chat(self, request: ChatRequest) -> ChatReply:
            raise ZeroDivisionError

    recorder = MemoryRecorder()
    with pytest.raises(ZeroDivisionError):
        made(BrokenProvider(), recorder)
    assert recorder.notes == [("1", "sent")]


def test_a_place_in_flight_is_free_again_after_a_failure() -> None:
    async def run() -> str:
        way = lane(1)
        broken = ScriptedProvider([failure(FailureKind.UNAUTHORIZED)])
        with pytest.raises(ProviderError):
            await call(broken, REQUEST, way, MemoryRecorder())
        return await call(ScriptedProvider(), REQUEST, way, MemoryRecorder())

    assert asyncio.run(run()) == "Hello"


@pytest.mark.usefixtures("no_waits")
@pytest.mark.parametrize("finish_reason", ["length", "content_filter", None])
def test_an_empty_answer_that_the_model_did_not_end_itself_is_final(
    finish_reason: str | None,
) -> None:
    recorder = MemoryRecorder()
    empty = failure(FailureKind.EMPTY, finish_reason=finish_reason)
    with pytest.raises(ProviderError):
        made(ScriptedProvider([empty]), recorder)
    assert recorder.notes == [("1", "sent"), ("1", "empty")]


def test_a_provider_that_is_down_costs_no_call_its_attempts_and_work_goes_on_by_itself() -> None:
    down = [failure(FailureKind.UNREACHABLE) for _ in range(DEAD_AFTER_FAILURES + 3)]
    provider = ScriptedProvider(down)
    recorder = MemoryRecorder()
    keeper = OwnKeeper()

    async def run() -> str:
        way = lane(1, keeper=keeper)
        with stamina.set_testing(True, attempts=MAX_ATTEMPTS, cap=True):
            asked = asyncio.create_task(call(provider, REQUEST, way, recorder))
            while not way.gate.is_dead:
                await asyncio.sleep(0.01)
            # Trials come seconds apart; the test does not wait for them.
            while not asked.done():
                keeper.state = replace(keeper.state, retry_at_ms=0)
                await asyncio.sleep(0.01)
            return await asked

    assert asyncio.run(run()) == "Hello"
    assert [note for _, note in recorder.notes].count("unreachable") == DEAD_AFTER_FAILURES + 3
    assert recorder.notes[-1][1] == "ok"
    assert not keeper.state.is_dead


@pytest.mark.parametrize("kind", [FailureKind.RATE_LIMITED, FailureKind.UNAVAILABLE])
def test_a_wait_beyond_the_patience_fails_that_call_and_spares_the_provider_the_others(
    kind: FailureKind,
) -> None:
    recorder, other = MemoryRecorder(), MemoryRecorder()

    async def run() -> None:
        way = lane(1)
        with pytest.raises(ProviderError) as raised:
            await call(ScriptedProvider([failure(kind, 3_600_000)]), REQUEST, way, recorder)
        assert raised.value.kind is FailureKind.RATE_LIMITED
        assert raised.value.retry_after_ms == 3_600_000
        with pytest.raises(ProviderError, match="asked to be left alone until") as refused:
            await call(ScriptedProvider(), REQUEST, way, other)
        assert refused.value.kind is FailureKind.RATE_LIMITED

    asyncio.run(asyncio.wait_for(run(), 2))
    assert recorder.notes == [("1", "sent"), ("1", "rate_limited")]
    assert recorder.messages == [
        "It failed. It asks to wait 3600 seconds, which is longer than the 600 that SLaM waits; "
        "retry after that time."
    ]
    assert other.notes == [], "nothing was sent to a provider that asked for quiet"


def test_refusals_use_up_no_attempts_and_their_pauses_grow() -> None:
    refusals = [failure(FailureKind.RATE_LIMITED) for _ in range(MAX_ATTEMPTS + 2)]
    recorder, keeper = MemoryRecorder(), OwnKeeper()
    pauses: list[int] = []

    async def run() -> str:
        way = lane(1, keeper=keeper)
        asked = asyncio.create_task(call(ScriptedProvider(refusals), REQUEST, way, recorder))
        seen = 0
        while not asked.done():
            if keeper.state.trials > seen:
                seen = keeper.state.trials
                pauses.append(keeper.state.not_before_ms - time.time_ns() // 1_000_000)
                keeper.state = replace(keeper.state, not_before_ms=0)
            await asyncio.sleep(0.005)
        return await asked

    assert asyncio.run(asyncio.wait_for(run(), 30)) == "Hello"
    assert [note for _, note in recorder.notes].count("rate_limited") == MAX_ATTEMPTS + 2
    assert pauses[:4] == [pytest.approx(wait, abs=100) for wait in (1000, 2000, 4000, 8000)]


def test_a_trial_that_is_not_made_leaves_the_trial_to_the_next_call() -> None:
    class ClosedRecorder(MemoryRecorder):
        async def sent(self) -> str:
            raise RuntimeError("The run was cancelled.")

    async def run() -> str:
        now_ms = time.time_ns() // 1_000_000
        dead = GateState(dead_since_ms=now_ms - 5000, retry_at_ms=now_ms, trials=1)
        way = lane(1, keeper=OwnKeeper(dead))
        with pytest.raises(RuntimeError):
            await call(ScriptedProvider(), REQUEST, way, ClosedRecorder())
        return await call(ScriptedProvider(), REQUEST, way, MemoryRecorder())

    assert asyncio.run(asyncio.wait_for(run(), 5)) == "Hello"


def test_an_answer_is_stored_though_the_gate_cannot_be_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def unreachable(self: Gate, leave: object, reply: object) -> None:
        raise StoreError("The database did not answer; try again.")

    monkeypatch.setattr(Gate, "answered", unreachable)
    recorder = MemoryRecorder()
    assert made(ScriptedProvider(), recorder) == "Hello"
    assert recorder.notes == [("1", "sent"), ("1", "ok")]


@dataclass
class KeepingProvider(ScriptedProvider):
    """Makes an answer and keeps it; notes what was asked of it."""

    asked: list[str] = field(default_factory=list)

    async def start(self, request: ChatRequest) -> str:
        self.asked.append("start")
        return "answer-1"

    async def fetch(self, external_id: str, request: ChatRequest) -> ChatReply:
        self.asked.append(f"fetch {external_id}")
        return await self.chat(request)


def _in_background(provider: Provider, recorder: MemoryRecorder) -> str:
    async def run(one: Provider) -> str:
        return await call(one, REQUEST, lane(), recorder, in_background=True)

    return with_provider(provider, run)


def test_in_the_background_an_answer_is_started_noted_and_fetched() -> None:
    provider, recorder = KeepingProvider(), MemoryRecorder()
    assert _in_background(provider, recorder) == "Hello"
    assert provider.asked == ["start", "fetch answer-1"]
    assert recorder.notes == [("1", "sent"), ("1", "started answer-1"), ("1", "ok")]


def test_an_answer_that_the_provider_still_keeps_is_fetched_and_not_paid_again() -> None:
    provider, recorder = KeepingProvider(), MemoryRecorder(kept=("7", "answer-7"))
    assert _in_background(provider, recorder) == "Hello"
    assert provider.asked == ["fetch answer-7"]
    assert recorder.notes == [("7", "ok")]


def test_a_provider_that_keeps_no_answers_is_called_as_ever() -> None:
    recorder = MemoryRecorder(kept=("7", "answer-7"))
    assert _in_background(ScriptedProvider(), recorder) == "Hello"
    assert recorder.notes == [("1", "sent"), ("1", "ok")]
