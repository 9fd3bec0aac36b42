"""Money is set aside before a call and booked after it; a budget is never passed."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import NoReturn

import pytest
import stamina
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection

from core.errors import StoreError
from core.generation import service
from core.models import Models
from core.money.prices import costs_of, load_price_book, today
from core.providers.base import ChatReply, ChatRequest, FailureKind, ProviderError, Timeline, Usage
from core.recording import CallContext, NotOpenError, PlannedCall, RowRecorder
from db.engine import Database
from db.tables import Attempt, AttemptStatus, CallMode, CallStatus, Response, Run
from db.together import WritingTogether
from tests.building import (
    ACTOR,
    SETTINGS,
    Sandbox,
    agreed,
    attempts_at,
    end,
    make,
    make_study,
    rows_of,
    stored,
)

MODEL = "openai/gpt-4"
REQUEST = ChatRequest("gpt-4", "Hello", max_tokens=100)
COSTLY = ProviderError(FailureKind.EMPTY, "Empty.", finish_reason="length", usage=Usage(1000, 0))


def reply(prompt_tokens: int = 1000, completion_tokens: int = 0) -> ChatReply:
    usage = Usage(prompt_tokens, completion_tokens)
    return ChatReply("Hello", "stop", usage, Timeline(1, 1, 2, 3))


def one_response(database: Database, budget_usd: float | None = None) -> tuple[Run, Response]:
    content = make_study(database, candidates=[MODEL], reference=None, cases=1)
    run = service.request_generation(
        database, SETTINGS, content.study.id, ACTOR, agreed(budget_usd)
    )
    return run, stored(database, content)[0]


@pytest.fixture
def record(database: Database) -> Iterator[Callable[[Run, Response], RowRecorder]]:
    store = WritingTogether(database)

    def recorder(run: Run, row: Response) -> RowRecorder:
        planned = PlannedCall(
            Response, row.id, MODEL, lambda: REQUEST, lambda reply, _: {"text": reply.text}
        )
        costs = costs_of(load_price_book(database), MODEL, CallMode.DIRECT, today())
        made = RowRecorder(store, planned, CallContext(run.id, costs=costs))
        made.prepare()
        return made

    yield recorder
    store.close()


Record = Callable[[Run, Response], RowRecorder]


def money(database: Database, run: Run) -> tuple[float, float]:
    """What the run has spent and set aside."""
    with database.read() as session:
        row = session.get_one(Run, run.id)
        attempts: list[Attempt] = rows_of(session, Attempt)
    aside = sum(one.reserved_usd or 0 for one in attempts if one.run_id == run.id)
    assert row.reserved_usd == pytest.approx(aside, abs=1e-12), "the run and its attempts agree"
    paid = sum(one.cost_usd or 0 for one in attempts if one.run_id == run.id)
    assert row.spent_usd == pytest.approx(paid, abs=1e-12)
    return row.spent_usd, row.reserved_usd


def test_a_call_sets_its_most_aside_and_books_what_it_cost(
    database: Database, record: Record
) -> None:
    run, row = one_response(database)
    recorder = record(run, row)
    attempt_id = asyncio.run(recorder.sent())
    most = recorder.call.costs.most_of(REQUEST)
    assert most is not None
    assert list(money(database, run)) == pytest.approx([0, most])
    asyncio.run(recorder.succeeded(attempt_id, reply()))
    assert list(money(database, run)) == pytest.approx([0.03, 0], abs=1e-12)


@pytest.mark.parametrize(
    ("error", "spent", "is_doubtful"),
    [
        (COSTLY, 0.03, False),
        (ProviderError(FailureKind.RATE_LIMITED, "Too many."), 0.0, False),
        (ProviderError(FailureKind.UNREACHABLE, "Nobody."), 0.0, False),
        (ProviderError(FailureKind.TIMEOUT, "Too slow."), 0.0, True),
        (ProviderError(FailureKind.TRUNCATED, "Cut."), 0.0, True),
    ],
    ids=["useless but counted", "refused", "unreachable", "timed out", "cut off"],
)
def test_a_failed_call_is_booked_as_paid_unpaid_or_doubtful(
    database: Database, record: Record, error: ProviderError, spent: float, is_doubtful: bool
) -> None:
    run, row = one_response(database)
    recorder = record(run, row)
    asyncio.run(recorder.failed(asyncio.run(recorder.sent()), error))
    booked, aside = money(database, run)
    assert booked == pytest.approx(spent)
    assert (aside > 1e-12) is is_doubtful


def test_what_a_crash_left_in_doubt_stays_set_aside(database: Database, record: Record) -> None:
    run, row = one_response(database)
    asyncio.run(record(run, row).sent())
    again = record(run, row)
    asyncio.run(again.succeeded(asyncio.run(again.sent()), reply()))
    first, second = attempts_at(database, response_id=row.id)
    assert (first.status, second.status) == (AttemptStatus.IN_DOUBT, AttemptStatus.OK)
    assert first.reserved_usd is not None
    assert list(money(database, run)) == pytest.approx([0.03, first.reserved_usd])


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.floats(min_value=0.001, max_value=0.1),
    st.lists(st.sampled_from(["answer", "useless", "refused", "cut", "crash"]), max_size=12),
)
def test_whatever_happens_what_is_spent_and_set_aside_never_passes_the_budget(
    database: Database, record: Record, budget_usd: float, endings: list[str]
) -> None:
    run, row = one_response(database, budget_usd)

    async def go() -> None:
        for ending in endings:
            recorder = record(run, row)
            try:
                attempt_id = await recorder.sent()
            except NotOpenError:
                return
            if ending == "answer":
                await recorder.succeeded(attempt_id, reply(14, 100))
                with database.write() as session:
                    session.get_one(Response, row.id).status = CallStatus.PLANNED
            elif ending == "useless":
                useless = ProviderError(FailureKind.EMPTY, "Empty.", usage=Usage(14, 50))
                await recorder.failed(attempt_id, useless)
            elif ending != "crash":
                kind = FailureKind.RATE_LIMITED if ending == "refused" else FailureKind.TRUNCATED
                await recorder.failed(attempt_id, ProviderError(kind, "No."))
            spent, aside = money(database, run)
            assert spent + aside <= budget_usd + 1e-12

    asyncio.run(go())


def test_the_budget_stops_a_run_before_it_is_passed_and_says_so(
    database: Database, sandbox: Sandbox
) -> None:
    sandbox.change(MODEL, time_to_first_token_ms=5, ms_per_token=0)
    content = make_study(database, candidates=[MODEL], reference=None, cases=10)
    terms = agreed(budget_usd=0.01)
    run = service.request_generation(database, SETTINGS, content.study.id, ACTOR, terms)
    asyncio.run(make(database, sandbox, run.id, [row.id for row in stored(database, content)]))
    rows = stored(database, content)
    made = [row for row in rows if row.status is CallStatus.OK]
    assert 0 < len(made) < 10
    assert {row.status for row in rows} == {CallStatus.OK, CallStatus.PLANNED}
    spent, _ = money(database, run)
    assert 0 < spent <= 0.01
    with database.read() as session:
        after = session.get_one(Run, run.id)
    assert after.stop_reason is not None
    assert "could have passed the run's budget" in after.stop_reason


def test_in_the_background_a_call_cut_off_by_a_crash_is_fetched_and_not_paid_again(
    database: Database, sandbox: Sandbox
) -> None:
    sandbox.change(MODEL, time_to_first_token_ms=900, ms_per_token=0)
    content = make_study(database, candidates=[MODEL], reference=None, cases=1)
    terms = agreed(mode=CallMode.BACKGROUND)
    run = service.request_generation(database, SETTINGS, content.study.id, ACTOR, terms)
    (row,) = stored(database, content)

    async def crash() -> None:
        making = asyncio.ensure_future(
            make(database, sandbox, run.id, [row.id], CallMode.BACKGROUND)
        )
        while not any(one.external_id for one in attempts_at(database, response_id=row.id)):
            await asyncio.sleep(0.02)
        making.cancel()
        await asyncio.gather(making, return_exceptions=True)

    asyncio.run(crash())
    asyncio.run(make(database, sandbox, run.id, [row.id], CallMode.BACKGROUND))
    (attempt,) = attempts_at(database, response_id=row.id)
    (after,) = stored(database, content)
    assert (attempt.status, after.status) == (AttemptStatus.OK, CallStatus.OK)
    assert after.text
    assert sandbox.posted("/v1/responses") == 1


@pytest.mark.parametrize("kind", [FailureKind.UNPARSABLE, FailureKind.EMPTY, FailureKind.REFUSED])
def test_an_answer_of_no_use_and_unknown_size_stays_set_aside(
    database: Database, record: Record, kind: FailureKind
) -> None:
    run, row = one_response(database)
    recorder = record(run, row)
    asyncio.run(recorder.failed(asyncio.run(recorder.sent()), ProviderError(kind, "No use.")))
    spent, aside = money(database, run)
    assert spent == 0
    assert aside > 0, "the provider may charge for it"


def test_an_answer_is_booked_once_though_the_word_of_its_commit_was_lost(
    database: Database, record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, row = one_response(database)
    recorder = record(run, row)
    write, lost = database.write_bare, [1]

    @contextmanager
    def word_lost() -> Iterator[Connection]:
        with write() as connection:
            yield connection
        if lost:
            lost.pop()
            raise StoreError("The database did not answer; try again.")

    async def go() -> None:
        with stamina.set_testing(True, attempts=6, cap=True):
            lost.append(1)
            monkeypatch.setattr(database, "write_bare", word_lost)
            attempt_id = await recorder.sent()
            lost.append(1)
            await recorder.succeeded(attempt_id, reply())

    asyncio.run(go())
    (attempt,) = attempts_at(database, response_id=row.id)
    assert attempt.status is AttemptStatus.OK
    assert list(money(database, run)) == pytest.approx([0.03, 0], abs=1e-12)
    with database.read() as session:
        assert session.get_one(Response, row.id).cost_usd == pytest.approx(0.03)


def test_what_a_later_run_fetches_is_booked_on_the_run_that_sent_it_and_only_once(
    database: Database, record: Record
) -> None:
    first, row = one_response(database)
    recorder = record(first, row)
    recorder.call = replace(recorder.call, mode=CallMode.BACKGROUND)

    async def lose_it() -> str:
        attempt_id = await recorder.sent()
        await recorder.started(attempt_id, "answer-1")
        unreachable = ProviderError(FailureKind.UNREACHABLE, "Nobody answers.")
        await recorder.failed(attempt_id, unreachable)
        await recorder.gave_up("unreachable", "Nobody answers.")
        return attempt_id

    attempt_id = asyncio.run(lose_it())
    assert money(database, first)[1] > 0, "the answer is still being made, and will be paid"
    end(database, first)
    with database.read() as session:
        study_id = session.get_one(Response, row.id).study_id
    second = service.request_generation(
        database, SETTINGS, study_id, ACTOR, agreed(mode=CallMode.BACKGROUND), retry_failed=True
    )
    later = record(second, row)
    assert asyncio.run(later.resumable()) == (attempt_id, "answer-1")
    for _ in range(2):  # two daemons fetch the same answer
        asyncio.run(later.succeeded(attempt_id, reply()))
    (attempt,) = attempts_at(database, response_id=row.id)
    assert (attempt.status, attempt.error_kind) == (AttemptStatus.OK, None)
    assert list(money(database, first)) == pytest.approx([0.03, 0], abs=1e-12)
    assert list(money(database, second)) == pytest.approx([0, 0], abs=1e-12)


def test_one_row_that_breaks_leaves_no_call_of_its_chunk_behind(
    database: Database, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox.change(MODEL, time_to_first_token_ms=100, ms_per_token=0)
    content = make_study(database, candidates=[MODEL], reference=None, cases=4)
    run = service.request_generation(database, SETTINGS, content.study.id, ACTOR, agreed())
    whole, broken = RowRecorder.make, [1]

    async def breaks_once(self: RowRecorder, models: Models) -> CallStatus:
        if broken:
            broken.pop()
            raise StoreError("The database did not answer; try again.")
        return await whole(self, models)

    monkeypatch.setattr(RowRecorder, "make", breaks_once)
    rows = [row.id for row in stored(database, content)]
    with pytest.raises(StoreError):
        asyncio.run(make(database, sandbox, run.id, rows))
    made = [row for row in stored(database, content) if row.status is CallStatus.OK]
    assert len(made) == 3, "the others were under way and are stored"
    asyncio.run(make(database, sandbox, run.id, rows))
    assert sandbox.posted("/v1/chat/completions") == 4


@pytest.mark.parametrize("error", [KeyError("x"), SystemExit("\ud800\x00x")], ids=type)
def test_whatever_breaks_at_a_reply_the_reply_is_kept_and_booked(
    database: Database, record: Record, error: BaseException
) -> None:
    run, row = one_response(database)
    recorder = record(run, row)

    def breaks(*_: object) -> NoReturn:
        raise error

    recorder.planned = replace(recorder.planned, values=breaks)
    attempt_id = asyncio.run(recorder.sent())
    with pytest.raises(ProviderError, match=type(error).__name__) as caught:
        asyncio.run(recorder.succeeded(attempt_id, reply()))
    asyncio.run(recorder.failed(attempt_id, caught.value))
    (attempt,) = attempts_at(database, response_id=row.id)
    assert (attempt.status, attempt.error_kind) == (AttemptStatus.FAILED, "internal")
    assert (attempt.raw_reply, attempt.prompt_tokens) == ("Hello", 1000)
    assert list(money(database, run)) == pytest.approx([0.03, 0], abs=1e-12)


def test_a_call_that_ends_in_an_exit_fails_its_row_alone(
    database: Database, sandbox: Sandbox, record: Record
) -> None:
    run, row = one_response(database)
    recorder = record(run, row)

    def breaks() -> NoReturn:
        raise SystemExit(3)

    recorder.planned = replace(recorder.planned, request=breaks)

    async def go() -> CallStatus:
        models = sandbox.models()
        try:
            return await recorder.make(models)
        finally:
            await models.close()

    assert asyncio.run(go()) is CallStatus.FAILED
    with database.read() as session:
        after = session.get_one(Response, row.id)
    assert (after.error_kind, after.error_message) == ("internal", "SystemExit: 3")
