"""Money is set aside before a call and booked after it; a budget is never passed."""

import asyncio
from collections.abc import Callable, Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.generation import service
from core.money.prices import costs_of, load_price_book, today
from core.providers.base import ChatReply, ChatRequest, FailureKind, ProviderError, Timeline, Usage
from core.recording import CallContext, PlannedCall, RowRecorder
from db.engine import Database
from db.tables import Attempt, AttemptStatus, CallMode, CallStatus, Response, Run
from db.together import WritingTogether
from tests.building import (
    ACTOR,
    SETTINGS,
    Sandbox,
    agreed,
    attempts_at,
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
            except Exception as error:
                assert type(error).__name__ == "_NotOpenError"  # noqa: PT017  private, and expected
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
    terms = agreed(budget_usd=0.02)
    run = service.request_generation(database, SETTINGS, content.study.id, ACTOR, terms)
    asyncio.run(make(database, sandbox, run.id, [row.id for row in stored(database, content)]))
    rows = stored(database, content)
    made = [row for row in rows if row.status is CallStatus.OK]
    assert 0 < len(made) < 10
    assert {row.status for row in rows} == {CallStatus.OK, CallStatus.PLANNED}
    spent, _ = money(database, run)
    assert 0 < spent <= 0.02
    with database.read() as session:
        after = session.get_one(Run, run.id)
    assert after.stop_reason is not None
    assert "could have passed the run's budget" in after.stop_reason
    assert after.cancel_requested_at is not None


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
