"""Calls handed over in bulk: made whole, paid at half the price, and never handed over twice."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import pytest

from core.batching import Batching
from core.bench.prices import cost_of, price_of
from core.generation import service
from core.models import Models
from core.money.prices import load_price_book, today
from core.providers.base import ChatRequest, FailureKind, ProviderError, Usage
from core.providers.openai_api.making import OpenAIProvider
from db.engine import Database
from db.repositories.studies import VersionContent
from db.repositories.work import Work
from db.tables import AttemptStatus, Batch, BatchStatus, CallMode, CallStatus, Response, Run
from db.together import WritingTogether
from tests.building import (
    ACTOR,
    SETTINGS,
    Sandbox,
    agreed,
    attempts_at,
    end,
    make_study,
    rows_of,
    stored,
)

MODEL = "openai/gpt-4"


def batched(
    database: Database, sandbox: Sandbox, cases: int = 3, budget_usd: float | None = None
) -> tuple[VersionContent, Run]:
    """A study whose responses are asked for as batches."""
    sandbox.change(MODEL, time_to_first_token_ms=5, ms_per_token=0)
    content = make_study(database, candidates=[MODEL], reference=None, cases=cases)
    terms = agreed(budget_usd, CallMode.BATCH)
    return content, service.request_generation(database, SETTINGS, content.study.id, ACTOR, terms)


def do(database: Database, sandbox: Sandbox, work: Callable[[Batching], Awaitable[Any]]) -> None:
    """Do something with batches, in a loop of its own."""

    async def run(models: Models) -> None:
        store = WritingTogether(database)
        try:
            await work(Batching(store, models, poll_interval_s=0.05))
        finally:
            await models.close()
            store.close()

    asyncio.run(run(sandbox.models()))


def make(database: Database, sandbox: Sandbox, run: Run) -> None:
    """What the daemon does with the run's rows."""
    with database.read() as session:
        row_ids = [row_id for _, row_id in Work(session).open_calls(run)]
    do(database, sandbox, lambda batching: batching.make(run.id, row_ids))


def cut_off(database: Database, sandbox: Sandbox, run: Run, *, then: str = "crash") -> None:
    """Hand the run's rows over, and be cut off while the batch is waited for."""
    with database.read() as session:
        row_ids = [row_id for _, row_id in Work(session).open_calls(run)]

    async def work(batching: Batching) -> None:
        making = asyncio.ensure_future(batching.make(run.id, row_ids))
        while not any(one.external_id for one in await asyncio.to_thread(batches, database)):
            await asyncio.sleep(0.01)
        making.cancel()
        await asyncio.gather(making, return_exceptions=True)
        if then == "cancel":
            await batching.cancel(run.id)

    do(database, sandbox, work)


def batches(database: Database) -> list[Batch]:
    with database.read() as session:
        found: list[Batch] = rows_of(session, Batch)
        return found


def handed_over(sandbox: Sandbox) -> int:
    """How many batches the provider was given."""
    return sandbox.posted("/v1/batches")


def test_a_batch_makes_every_response_for_half_the_price_and_times_none(
    database: Database, sandbox: Sandbox
) -> None:
    content, run = batched(database, sandbox)
    make(database, sandbox, run)

    rows = stored(database, content)
    assert [row.status for row in rows] == [CallStatus.OK] * 3
    (batch,) = batches(database)
    assert (batch.status, batch.calls, batch.run_id) == (BatchStatus.FINISHED, 3, run.id)
    price = price_of(load_price_book(database), MODEL, today())
    for row in rows:
        assert row.text
        assert (row.duration_ns, row.time_to_first_token_ns) == (None, None)
        (attempt,) = attempts_at(database, response_id=row.id)
        assert (attempt.status, attempt.batch_id) == (AttemptStatus.OK, batch.id)
        usage = Usage(row.prompt_tokens, row.completion_tokens)
        whole = cost_of(price, usage)
        assert whole is not None
        assert row.cost_usd == attempt.cost_usd == pytest.approx(whole / 2)
        assert attempt.reserved_usd is None
    with database.read() as session:
        after = session.get_one(Run, run.id)
    assert after.spent_usd == pytest.approx(sum(row.cost_usd or 0 for row in rows))
    assert after.reserved_usd == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("crash", ["before its id was noted", "while it was waited for"])
def test_a_batch_that_a_crash_cut_off_is_found_again_and_not_handed_over_twice(
    database: Database, sandbox: Sandbox, crash: str
) -> None:
    content, run = batched(database, sandbox)
    sandbox.change(MODEL, time_to_first_token_ms=700)
    cut_off(database, sandbox, run)
    if crash == "before its id was noted":
        with database.write() as session:
            (batch,) = rows_of(session, Batch)
            batch.external_id, batch.status = None, BatchStatus.PREPARING
            session.add(batch)
    make(database, sandbox, run)

    assert [row.status for row in stored(database, content)] == [CallStatus.OK] * 3
    assert handed_over(sandbox) == 1
    assert [one.status for one in batches(database)] == [BatchStatus.FINISHED]


def test_a_batch_that_could_pass_the_budget_is_not_handed_over(
    database: Database, sandbox: Sandbox
) -> None:
    content, run = batched(database, sandbox, budget_usd=1e-5)
    make(database, sandbox, run)
    with database.read() as session:
        after = session.get_one(Run, run.id)
    assert "could have passed the run's budget" in (after.stop_reason or "")
    assert (after.reserved_usd, batches(database), handed_over(sandbox)) == (0, [], 0)
    assert {row.status for row in stored(database, content)} == {CallStatus.PLANNED}


def test_a_call_that_fails_in_a_batch_is_a_failed_response_and_the_rest_is_kept(
    database: Database, sandbox: Sandbox
) -> None:
    content, run = batched(database, sandbox)
    sandbox.arm(server_error={"times": 1, "status": 500})
    make(database, sandbox, run)
    by_status: dict[CallStatus, list[Response]] = {}
    for row in stored(database, content):
        by_status.setdefault(row.status, []).append(row)
    (failed,) = by_status[CallStatus.FAILED]
    assert failed.error_message
    assert len(by_status[CallStatus.OK]) == 2


def test_cancelling_stops_the_batch_at_the_provider_and_keeps_what_was_answered(
    database: Database, sandbox: Sandbox
) -> None:
    content, run = batched(database, sandbox)
    sandbox.change(MODEL, time_to_first_token_ms=3000)
    cut_off(database, sandbox, run, then="cancel")
    (batch,) = batches(database)
    assert batch.status is BatchStatus.CANCELLED
    rows = stored(database, content)
    assert {row.status for row in rows} <= {CallStatus.PLANNED, CallStatus.OK}
    for row in rows:
        for attempt in attempts_at(database, response_id=row.id):
            assert attempt.status is not AttemptStatus.SENT


class LosesItsWord(OpenAIProvider):
    """Hands batches over, and is cut off before it can say so."""

    async def submit_batch(self, label: str, requests: Mapping[str, ChatRequest]) -> str:
        await super().submit_batch(label, requests)
        raise ProviderError(FailureKind.TRUNCATED, "The connection was lost.")


def test_a_batch_whose_receipt_was_lost_is_looked_for_and_not_handed_over_again(
    database: Database, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    content, run = batched(database, sandbox)
    monkeypatch.setattr("core.providers.openai_api.making.OpenAIProvider", LosesItsWord)
    make(database, sandbox, run)
    assert [row.status for row in stored(database, content)] == [CallStatus.OK] * 3
    assert handed_over(sandbox) == 1


def test_a_batch_is_found_again_though_its_first_row_is_not_in_it(
    database: Database, sandbox: Sandbox
) -> None:
    content, run = batched(database, sandbox)
    with database.read() as session:
        row_ids = [row_id for _, row_id in Work(session).open_calls(run)]
    with database.write() as session:
        session.get_one(Response, row_ids[0]).status = CallStatus.FAILED
    sandbox.change(MODEL, time_to_first_token_ms=1000)
    cut_off(database, sandbox, run)
    do(database, sandbox, lambda batching: batching.make(run.id, row_ids))
    assert handed_over(sandbox) == 1
    assert sorted(row.status for row in stored(database, content)) == [
        CallStatus.FAILED, CallStatus.OK, CallStatus.OK,
    ]  # fmt: skip


def test_answers_of_a_cancelled_batch_serve_a_run_that_asked_again_meanwhile(
    database: Database, sandbox: Sandbox
) -> None:
    content, first = batched(database, sandbox)
    sandbox.change(MODEL, time_to_first_token_ms=500)
    cut_off(database, sandbox, first)
    end(database, first)
    second = service.request_generation(
        database, SETTINGS, content.study.id, ACTOR, agreed(mode=CallMode.BATCH)
    )
    time.sleep(2.5)  # all three are answered by now, and nobody has looked
    do(database, sandbox, lambda batching: batching.cancel(first.id))
    rows = stored(database, content)
    assert [(row.status, row.run_id) for row in rows] == [(CallStatus.OK, second.id)] * 3
    assert handed_over(sandbox) == 1
