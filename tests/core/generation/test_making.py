"""Responses made by a stand-in over HTTP, and what is stored of each call."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx
import pytest
import stamina
from sqlalchemy import Connection

from core.bench.prices import price_of
from core.errors import StoreError
from core.money.prices import costs_of, load_price_book, today
from core.providers.base import ChatReply, ChatRequest, FailureKind, ProviderError, Timeline, Usage
from core.recording import CallContext, PlannedCall, RowRecorder
from core.runs import cancel_run, newest_progress
from db.engine import Database
from db.repositories.work import Work
from db.tables import Attempt, AttemptStatus, CallMode, CallStatus, Response, Run, RunKind
from db.together import WritingTogether
from tests.building import (
    ABSENT,
    ACTOR,
    MEDIUM,
    REFERENCE,
    SMALL,
    Sandbox,
    attempts_at,
    end,
    generate,
    make,
    make_study,
    request_generation,
    store_responses,
    stored,
)

RecorderFor = Callable[..., RowRecorder]


@pytest.mark.parametrize("model", [SMALL, REFERENCE])
def test_a_response_is_stored_with_its_text_tokens_and_timeline(
    database: Database, sandbox: Sandbox, model: str
) -> None:
    sandbox.change(model, time_to_first_token_ms=40, ms_per_token=1)
    content = make_study(database, candidates=[model], reference=None, cases=1)
    run = generate(database, sandbox, content)
    (row,) = stored(database, content)

    assert row.status is CallStatus.OK
    assert row.text
    assert row.finish_reason == "length"
    assert row.prompt_tokens is not None
    assert row.prompt_tokens > 5
    assert row.completion_tokens == 12
    assert row.model_reported == model.split("/")[1]
    assert row.run_id == run.id
    assert row.error_kind is None
    assert row.completed_at is not None
    assert row.first_chunk_ns is not None
    assert row.time_to_first_token_ns is not None
    assert row.last_token_ns is not None
    assert row.duration_ns is not None
    # In nanoseconds: the first token comes after 40 ms, and the whole takes less than a minute.
    assert row.time_to_first_token_ns > 20_000_000
    assert row.first_chunk_ns <= row.time_to_first_token_ns <= row.last_token_ns <= row.duration_ns
    assert row.duration_ns < 60_000_000_000


def test_the_attempt_at_a_response_is_kept_beside_it(database: Database, sandbox: Sandbox) -> None:
    content = make_study(database, candidates=[SMALL], reference=None, cases=1)
    run = generate(database, sandbox, content)
    (row,) = stored(database, content)
    (attempt,) = attempts_at(database, response_id=row.id)
    assert (attempt.status, attempt.number, attempt.run_id) == (AttemptStatus.OK, 1, run.id)
    assert attempt.ended_at is not None
    assert attempt.ended_at >= attempt.sent_at
    assert attempt.completion_tokens == row.completion_tokens
    assert attempt.duration_ns == row.duration_ns


def test_the_attempt_stands_as_sent_while_the_model_answers(
    database: Database, sandbox: Sandbox
) -> None:
    sandbox.change(SMALL, time_to_first_token_ms=700)
    content = make_study(database, candidates=[SMALL], reference=None, cases=1)
    run = request_generation(database, content.study.id, ACTOR)
    (row,) = stored(database, content)

    async def look_while_it_is_made() -> list[Attempt]:
        making = asyncio.create_task(make(database, sandbox, run.id, [row.id]))
        while not sandbox.calls() and not making.done():
            await asyncio.sleep(0.02)
        seen = attempts_at(database, response_id=row.id)
        await making
        return seen

    (seen,) = asyncio.run(look_while_it_is_made())
    assert (seen.status, seen.ended_at) == (AttemptStatus.SENT, None)
    assert attempts_at(database, response_id=row.id)[0].status is AttemptStatus.OK


def test_ollamas_own_durations_are_kept_under_their_names(
    database: Database, sandbox: Sandbox
) -> None:
    content = make_study(database, candidates=[SMALL], reference=None, cases=1)
    generate(database, sandbox, content)
    (row,) = stored(database, content)
    assert {"total_duration", "eval_duration", "prompt_eval_count"} <= set(row.provider_figures)


def test_a_model_that_does_not_exist_is_a_stored_failure_and_the_rest_goes_on(
    database: Database, sandbox: Sandbox
) -> None:
    content = make_study(database, candidates=[ABSENT, SMALL, MEDIUM])
    generate(database, sandbox, content)
    model_of = {one.id: one.model for one in content.candidates}
    for row in stored(database, content):
        if model_of[row.candidate_id] == ABSENT:
            assert row.status is CallStatus.FAILED
            assert row.error_kind == "unknown_model"
            assert row.error_message == (
                "Ollama has no model 'nobody-has-this'; pull it with: ollama pull nobody-has-this."
            )
            assert row.text is None
            (attempt,) = attempts_at(database, response_id=row.id)
            assert (attempt.status, attempt.http_status) == (AttemptStatus.FAILED, 404)
        else:
            assert row.status is CallStatus.OK
    progress = newest_progress(database, content.study.id, RunKind.GENERATION)
    assert progress is not None
    assert (progress.counts.ok, progress.counts.failed) == (6, 2)
    assert [(one.model, one.kind, one.calls) for one in progress.failures] == [
        (ABSENT, "unknown_model", 2)
    ]


def test_retrying_a_failure_makes_a_new_attempt_and_keeps_the_old(
    database: Database, sandbox: Sandbox
) -> None:
    content = make_study(database, candidates=[ABSENT], reference=None, cases=1)
    first = generate(database, sandbox, content)
    sandbox.change(ABSENT, time_to_first_token_ms=5, ms_per_token=0)
    second = generate(database, sandbox, content, retry_failed=True)
    (row,) = stored(database, content)
    attempts = attempts_at(database, response_id=row.id)
    assert row.status is CallStatus.OK
    assert (row.error_kind, row.error_message) == (None, None)
    assert [(one.number, one.status, one.run_id) for one in attempts] == [
        (1, AttemptStatus.FAILED, first.id),
        (2, AttemptStatus.OK, second.id),
    ]
    assert attempts[0].error_kind == "unknown_model"


def test_a_429_is_retried_with_every_attempt_recorded(database: Database, sandbox: Sandbox) -> None:
    sandbox.arm(rate_limit={"times": 3, "retry_after_s": 0.2})
    content = make_study(database, candidates=[SMALL], cases=1)
    generate(database, sandbox, content)
    everything = [
        attempt
        for row in stored(database, content)
        for attempt in attempts_at(database, response_id=row.id)
    ]
    refused = [one for one in everything if one.status is AttemptStatus.FAILED]
    assert {row.status for row in stored(database, content)} == {CallStatus.OK}
    assert [(one.http_status, one.error_kind) for one in refused] == [(429, "rate_limited")] * 3
    assert len(everything) == sandbox.calls() == 5


def test_used_up_credit_is_final_at_once(database: Database, sandbox: Sandbox) -> None:
    sandbox.arm(insufficient_quota={"times": None})
    content = make_study(database, candidates=[REFERENCE], reference=None, cases=1)
    generate(database, sandbox, content)
    (row,) = stored(database, content)
    assert (row.status, row.error_kind) == (CallStatus.FAILED, "quota_exhausted")
    assert sandbox.calls() == 1


@pytest.mark.parametrize("how", ["error", "close"])
def test_an_answer_that_breaks_off_is_never_stored_as_a_whole_one(
    database: Database, sandbox: Sandbox, how: str
) -> None:
    for model in (SMALL, REFERENCE):
        cut = {"cut_stream": {"times": 1, "after_tokens": 3, "how": how}}
        name = model.split("/", 1)[1]
        httpx.put(f"{sandbox.url}/sandbox/faults/{name}", json=cut).raise_for_status()
    content = make_study(database, candidates=[SMALL], cases=1)
    generate(database, sandbox, content)
    for row in stored(database, content):
        attempts = attempts_at(database, response_id=row.id)
        assert [one.status for one in attempts] == [AttemptStatus.FAILED, AttemptStatus.OK]
        assert attempts[0].error_kind == "truncated"
        assert row.completion_tokens == 12


def test_making_a_response_twice_calls_the_model_once(database: Database, sandbox: Sandbox) -> None:
    content = make_study(database, candidates=[SMALL], reference=None, cases=1)
    run = generate(database, sandbox, content)
    (row,) = stored(database, content)
    asyncio.run(make(database, sandbox, run.id, [row.id]))
    assert sandbox.calls() == 1
    assert stored(database, content)[0].text == row.text
    assert len(attempts_at(database, response_id=row.id)) == 1


def test_an_attempt_that_a_crash_left_sent_is_in_doubt_at_the_next_one(
    database: Database, sandbox: Sandbox
) -> None:
    content = make_study(database, candidates=[SMALL], reference=None, cases=1)
    run = request_generation(database, content.study.id, ACTOR)
    (row,) = stored(database, content)
    with database.write() as session:
        session.add(Attempt(run_id=run.id, number=1, response_id=row.id))
    asyncio.run(make(database, sandbox, run.id, [row.id]))
    attempts = attempts_at(database, response_id=row.id)
    assert [(one.number, one.status) for one in attempts] == [
        (1, AttemptStatus.IN_DOUBT),
        (2, AttemptStatus.OK),
    ]
    with database.read() as session:
        assert Work(session).counts(run).in_doubt == 1


def test_the_cost_comes_from_the_price_book(database: Database, sandbox: Sandbox) -> None:
    sandbox.change("openai/gpt-4", time_to_first_token_ms=5, ms_per_token=0)
    content = make_study(database, candidates=[SMALL], reference="openai/gpt-4", cases=1)
    run = generate(database, sandbox, content)
    by_candidate = {row.candidate_id: row for row in stored(database, content)}
    assert content.reference is not None
    paid = by_candidate.pop(content.reference.id)
    (free,) = by_candidate.values()
    price = price_of(load_price_book(database), "openai/gpt-4", today())
    assert price is not None
    assert paid.prompt_tokens is not None
    assert paid.completion_tokens is not None
    wanted = (
        paid.prompt_tokens * price.prompt_usd_per_million_tokens
        + paid.completion_tokens * price.completion_usd_per_million_tokens
    ) / 1e6
    assert paid.cost_usd == pytest.approx(wanted)
    assert attempts_at(database, response_id=paid.id)[0].cost_usd == pytest.approx(wanted)
    assert free.cost_usd is None
    with database.read() as session:
        counts = Work(session).counts(run)
    assert counts.cost_usd == pytest.approx(wanted)
    assert counts.unpriced_by_model == {SMALL: 1}


def _reply(text: str) -> ChatReply:
    timeline = Timeline(1, 1, 2, 3)
    return ChatReply(text, "stop", Usage(1000, 0), timeline)


@pytest.fixture
def recorder_for(database: Database) -> Iterator[RecorderFor]:
    """Recorders of rows, as a chunk makes them; the price is that of gpt-4."""
    store = WritingTogether(database)

    def make(run_id: str, row: Response, model: str = "openai/gpt-4") -> RowRecorder:
        request = ChatRequest("gpt-4", "Hello", max_tokens=100)
        planned = PlannedCall(
            Response, row.id, model, lambda: request, lambda reply, _: {"text": reply.text}
        )
        costs = costs_of(load_price_book(database), model, CallMode.DIRECT, today())
        recorder = RowRecorder(store, planned, CallContext(run_id, costs=costs))
        recorder.prepare()
        return recorder

    yield make
    store.close()


def test_a_second_answer_to_a_stored_response_never_takes_its_place(
    database: Database, recorder_for: RecorderFor
) -> None:
    content = make_study(database, candidates=["openai/gpt-4"], reference=None, cases=1)
    run = request_generation(database, content.study.id, ACTOR)
    (row,) = stored(database, content)
    recorder = recorder_for(run.id, row)

    async def two_daemons_answer() -> None:
        first, second = await recorder.sent(), await recorder.sent()
        await recorder.succeeded(second, _reply("stored first"))
        await recorder.succeeded(first, _reply("woke up late"))

    asyncio.run(two_daemons_answer())
    (after,) = stored(database, content)
    assert after.text == "stored first"
    assert after.cost_usd == pytest.approx(0.06), "both calls were paid"
    assert {one.status for one in attempts_at(database, response_id=row.id)} == {AttemptStatus.OK}


def test_a_late_failure_never_undoes_a_stored_response(
    database: Database, recorder_for: RecorderFor
) -> None:
    content = make_study(database, candidates=[SMALL], reference=None, cases=1)
    (row,) = store_responses(database, content)
    recorder = recorder_for("", row, SMALL)
    asyncio.run(recorder.gave_up("unavailable", "Too late."))
    (after,) = stored(database, content)
    assert (after.status, after.text, after.error_kind) == (CallStatus.OK, row.text, None)


@pytest.mark.parametrize("ending", ["succeeded", "failed", "gave_up"])
def test_what_was_paid_is_stored_though_the_store_was_locked_for_long(
    database: Database, recorder_for: RecorderFor, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    content = make_study(database, candidates=["openai/gpt-4"], reference=None, cases=1)
    run = request_generation(database, content.study.id, ACTOR)
    (row,) = stored(database, content)
    recorder = recorder_for(run.id, row)
    write, refused = database.write_bare, [1, 2, 3]

    @contextmanager
    def locked_at_first() -> Iterator[Connection]:
        if refused:
            refused.pop()
            raise StoreError("The database is busy with another writer.")
        with write() as connection:
            yield connection

    async def end_one() -> None:
        attempt_id = await recorder.sent()
        monkeypatch.setattr(database, "write_bare", locked_at_first)
        if ending == "succeeded":
            await recorder.succeeded(attempt_id, _reply("paid"))
        elif ending == "failed":
            await recorder.failed(attempt_id, ProviderError(FailureKind.TIMEOUT, "Too slow."))
        else:
            await recorder.gave_up("timeout", "Too slow.")

    with stamina.set_testing(True, attempts=6, cap=True):
        asyncio.run(end_one())
    (after,) = stored(database, content)
    (attempt,) = attempts_at(database, response_id=row.id)
    assert (after.status, attempt.status) == {
        "succeeded": (CallStatus.OK, AttemptStatus.OK),
        "failed": (CallStatus.PLANNED, AttemptStatus.FAILED),
        "gave_up": (CallStatus.FAILED, AttemptStatus.SENT),
    }[ending]


@pytest.mark.parametrize("why", ["failed", "of a later run", "cancelled"])
def test_no_call_is_made_for_a_row_that_is_not_the_runs_to_make(
    database: Database, sandbox: Sandbox, why: str
) -> None:
    content = make_study(database, candidates=[SMALL], reference=None, cases=1)
    run = request_generation(database, content.study.id, ACTOR)
    (row,) = stored(database, content)
    asking = run.id
    if why == "failed":
        row.status = CallStatus.FAILED
        with database.write() as session:
            session.merge(row)
    elif why == "of a later run":
        asking = "an earlier run"
    else:
        cancel_run(database, run.id, ACTOR)
    asyncio.run(make(database, sandbox, asking, [row.id]))
    assert sandbox.calls() == 0
    assert attempts_at(database, response_id=row.id) == []
    assert stored(database, content)[0].status is row.status


def test_a_late_failure_leaves_a_row_that_a_later_run_has_taken_over_open(
    database: Database, recorder_for: RecorderFor
) -> None:
    content = make_study(database, candidates=[SMALL], reference=None, cases=1)
    run = request_generation(database, content.study.id, ACTOR)
    (row,) = stored(database, content)
    recorder = recorder_for("an earlier run", row, SMALL)
    asyncio.run(recorder.gave_up("unavailable", "Too late."))
    (after,) = stored(database, content)
    assert (after.status, after.run_id) == (CallStatus.PLANNED, run.id)


def test_an_answer_of_no_use_is_paid_and_each_run_shows_what_it_paid_itself(
    database: Database, recorder_for: RecorderFor
) -> None:
    content = make_study(database, candidates=["openai/gpt-4"], reference=None, cases=1)
    first = request_generation(database, content.study.id, ACTOR)
    (row,) = stored(database, content)
    empty = ProviderError(FailureKind.EMPTY, "Empty.", finish_reason="length", usage=Usage(1000, 0))

    async def pay_for_nothing() -> None:
        recorder = recorder_for(first.id, row)
        await recorder.failed(await recorder.sent(), empty)
        await recorder.gave_up("empty", "Empty.")

    async def pay_for_an_answer(run: Run) -> None:
        recorder = recorder_for(run.id, row)
        for _ in range(2):  # another daemon was at it too; both calls were paid
            await recorder.succeeded(await recorder.sent(), _reply("usable"))
            with database.write() as session:
                session.get_one(Response, row.id).status = CallStatus.PLANNED

    asyncio.run(pay_for_nothing())
    (attempt,) = attempts_at(database, response_id=row.id)
    assert (attempt.prompt_tokens, attempt.completion_tokens) == (1000, 0)
    assert attempt.cost_usd == pytest.approx(0.03)
    assert stored(database, content)[0].cost_usd == pytest.approx(0.03)

    end(database, first)
    second = request_generation(database, content.study.id, ACTOR, retry_failed=True)
    asyncio.run(pay_for_an_answer(second))
    with database.read() as session:
        counts = [Work(session).counts(run) for run in (first, second)]
    assert [one.cost_usd for one in counts] == [pytest.approx(0.03), pytest.approx(0.06)]
    assert [one.unpriced_by_model for one in counts] == [{}, {}]
    assert stored(database, content)[0].cost_usd == pytest.approx(0.09), "the row's is of all runs"
