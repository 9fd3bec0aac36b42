"""Judgments by an embedding model: its calls are journalled, paid and stopped like all calls."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import SecretStr

from core.bench.prices import Price
from core.judges.base import Vectors
from core.judging.measuring import measure_chunk, vectors_of
from core.judging.service import plan_judging, request_judging
from core.judging.setups import save_setup
from core.models import Models
from core.money.prices import enter_price
from core.settings import Settings
from db.engine import Database
from db.repositories.studies import VersionContent
from db.tables import Attempt, AttemptStatus, CallMode, CallStatus, Judgment, Run
from db.together import WritingTogether
from db.types import utc_now
from tests.building import (
    ACTOR,
    SETTINGS,
    SMALL,
    Sandbox,
    agreed,
    all_rows,
    end,
    make_study,
    store_responses,
)
from tests.core.judging.making import judgments, open_ids

MODEL = "openai/stand-in-embedding"


PRICE = Price(
    model=MODEL,
    prompt_usd_per_million_tokens=20.0,
    completion_usd_per_million_tokens=0.0,
    valid_from=utc_now().date(),
    source="a test",
)


def settings_of(sandbox: Sandbox, home: Path) -> Settings:
    return Settings(
        home=home,
        ollama_host=sandbox.url,
        openai_base_url=f"{sandbox.url}/v1",
        openai_api_key=SecretStr("any"),
    )


def request(database: Database, content: VersionContent, **terms: Any) -> Run:
    again = bool(plan_judging(database, content.study.id, "openai_embeddings", MODEL).failed)
    return request_judging(
        database, SETTINGS, content.study.id, "openai_embeddings", MODEL, ACTOR,
        agreed(unpriced=(MODEL,), **terms), retry_failed=again,
    )  # fmt: skip


def measured(
    database: Database, sandbox: Sandbox, home: Path, content: VersionContent, **terms: Any
) -> Run:
    """Request the judgments and measure them here, as the daemon does."""
    run = request(database, content, **terms)
    settings = settings_of(sandbox, home)

    async def measure() -> None:
        models = Models(settings)
        store = WritingTogether(database)
        try:
            await measure_chunk(store, models, settings, run.id, open_ids(database, run))
        finally:
            await models.close()
            store.close()

    asyncio.run(measure())
    end(database, run)
    return run


def test_each_text_is_embedded_once_and_paid_once(
    database: Database, sandbox: Sandbox, tmp_path: Path
) -> None:
    enter_price(database, PRICE, ACTOR)
    content = make_study(database, candidates=[SMALL], cases=2, samples=2)
    store_responses(database, content)
    run = measured(database, sandbox, tmp_path, content)
    rows = judgments(database)
    assert {(row.status, row.error_message) for row in rows} == {(CallStatus.OK, None)}
    assert all(0 <= (row.score or -1) <= 1 and row.raw_score is not None for row in rows)
    (attempt,) = all_rows(database, Attempt)
    assert (attempt.status, attempt.model) == (AttemptStatus.OK, MODEL)
    assert attempt.prompt_tokens
    assert attempt.duration_ns
    assert attempt.cost_usd == pytest.approx(attempt.prompt_tokens * 20 / 1e6)
    (stored_run,) = [one for one in all_rows(database, Run) if one.id == run.id]
    assert (stored_run.spent_usd, stored_run.reserved_usd) == (
        pytest.approx(attempt.cost_usd), pytest.approx(0),
    )  # fmt: skip
    assert sandbox.posted("/v1/embeddings") == 1

    save_setup(
        database, content.study.id, "openai_embeddings",
        models=[MODEL], options={"aggregation": "max"}, actor=ACTOR,
    )  # fmt: skip
    measured(database, sandbox, tmp_path, content)
    assert len(judgments(database)) == 2 * len(rows)
    assert sandbox.posted("/v1/embeddings") == 1, "the vectors were kept"


def test_a_server_that_gives_other_vectors_than_asked_is_a_stored_failure_that_can_be_retried(
    database: Database, sandbox: Sandbox, tmp_path: Path
) -> None:
    content = make_study(database, candidates=[SMALL], cases=1, samples=2)
    store_responses(database, content)
    sandbox.arm(odd_embedding={"how": "count", "times": None})
    measured(database, sandbox, tmp_path, content)
    for row in judgments(database):
        assert (row.status, row.score) == (CallStatus.FAILED, None)
        assert MODEL.partition("/")[2] in (row.error_message or "")
    sandbox.reset()
    measured(database, sandbox, tmp_path, content)
    assert {row.status for row in judgments(database)} == {CallStatus.OK}


def test_what_the_budget_does_not_allow_stays_open(
    database: Database, sandbox: Sandbox, tmp_path: Path
) -> None:
    enter_price(database, PRICE, ACTOR)
    content = make_study(database, candidates=[SMALL], cases=1, samples=2)
    store_responses(database, content)
    run = measured(database, sandbox, tmp_path, content, budget_usd=1e-9)
    assert {row.status for row in judgments(database)} == {CallStatus.PLANNED}
    (stored_run,) = [one for one in all_rows(database, Run) if one.id == run.id]
    assert stored_run.stop_reason is not None
    assert sandbox.posted("/v1/embeddings") == 0


def test_embeddings_are_only_asked_for_one_by_one(database: Database) -> None:
    content = make_study(database, candidates=[SMALL], cases=1, samples=2)
    store_responses(database, content)
    with pytest.raises(Exception, match="choose “One by one”"):
        request(database, content, mode=CallMode.BATCH)
    assert all_rows(database, Judgment) == []


def test_a_text_that_the_model_refuses_fails_its_own_judgment_and_no_other(
    database: Database, sandbox: Sandbox, tmp_path: Path
) -> None:
    enter_price(database, PRICE, ACTOR)
    content = make_study(database, candidates=[SMALL], cases=1, samples=4)
    endless = "word " * 100_000
    store_responses(database, content, text=lambda n: endless if n == 1 else f"An answer {n}.")
    save_setup(
        database, content.study.id, "openai_embeddings",
        models=[MODEL], options={"max_bytes": 1_000_000}, actor=ACTOR,
    )  # fmt: skip
    measured(database, sandbox, tmp_path, content)
    rows = judgments(database)
    failed = [row for row in rows if row.status is CallStatus.FAILED]
    assert [row.error_kind for row in failed] == ["invalid_request"]
    assert {row.status for row in rows if row not in failed} == {CallStatus.OK}
    assert len(rows) > 1
    attempts = all_rows(database, Attempt)
    assert len(attempts) == sandbox.posted("/v1/embeddings"), "each call is journalled"
    assert {one.status for one in attempts} == {AttemptStatus.OK, AttemptStatus.FAILED}
    [run] = all_rows(database, Run)
    assert run.reserved_usd == pytest.approx(0)


def test_another_address_of_the_provider_is_another_model(
    database: Database, sandbox: Sandbox, tmp_path: Path
) -> None:
    def ask(model: str, texts: Sequence[str]) -> Vectors:
        asked.extend(texts)
        return np.ones((len(texts), 3), np.float32)

    asked: list[str] = []
    ours = settings_of(sandbox, tmp_path)
    with_password = sandbox.url.replace("://", "://someone:secret@")
    for address in (f"{sandbox.url}/v1", f"{with_password}/v1/", "https://api.openai.com/v1"):
        there = ours.model_copy(update={"openai_base_url": address})
        vectors_of(there, MODEL, ask).model_vectors(["A text."])
    assert asked == ["A text."] * 2, "a password makes no other server"
    assert b"secret" not in ours.embeddings_path.read_bytes()
