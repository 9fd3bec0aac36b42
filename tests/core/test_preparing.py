"""Before its first call, a model of our own machine is checked, loaded alone, and warmed up."""

import asyncio
from collections.abc import Sequence

import httpx
import pytest

from core.models import Models
from core.preparing import Checked, Preparing
from core.providers.base import FailureKind, HostingProvider, ModelFacts, ProviderError
from db.engine import Database
from db.repositories.studies import VersionContent
from db.tables import ModelPin, Run, WarmUp, WarmUpStatus
from tests.building import (
    ABSENT,
    MEDIUM,
    REFERENCE,
    SMALL,
    Sandbox,
    make_study,
    request_generation,
    rows_of,
)


def prepare(
    database: Database,
    sandbox: Sandbox,
    run: Run,
    models: Sequence[str],
    warm_up_requests: int = 2,
) -> list[Checked | ProviderError]:
    """Prepare models one after the other, each in its turn, as chunks do."""

    async def go(reached: Models) -> list[Checked | ProviderError]:
        preparing = Preparing(database, reached, warm_up_requests)
        results = []
        try:
            for model in models:
                checked = await preparing.check(run, model)
                results.append(checked)
                if isinstance(checked, Checked):
                    async with reached.turn(model) as turn:
                        await preparing.warm_up(run, model, checked, turn)
        finally:
            await reached.close()
        return results

    return asyncio.run(go(sandbox.models()))


def study_run(database: Database, *models: str) -> tuple[VersionContent, Run]:
    content = make_study(database, candidates=list(models), reference=None, cases=1)
    return content, request_generation(database, content.study.id)


def warm_ups(database: Database) -> list[WarmUp]:
    with database.read() as session:
        return sorted(rows_of(session, WarmUp), key=lambda one: one.sent_at)


def loaded(sandbox: Sandbox) -> list[str]:
    listed = httpx.get(f"{sandbox.url}/api/ps").json()["models"]
    return [one["name"] for one in listed]


def test_a_model_is_loaded_and_warmed_up_once_a_turn_and_that_is_recorded_apart(
    database: Database, sandbox: Sandbox
) -> None:
    sandbox.change(SMALL, load_ms=120, size_vram=3_000_000_000)
    content, run = study_run(database, SMALL)
    first, second = prepare(database, sandbox, run, [SMALL, SMALL])
    assert first == second
    assert isinstance(first, Checked)
    load, *requests = warm_ups(database)
    assert [load.number, *(one.number for one in requests)] == [0, 1, 2]
    assert load.load_duration_ns is not None
    assert load.load_duration_ns >= 100_000_000
    assert load.duration_ns is not None
    assert load.duration_ns >= load.load_duration_ns
    assert load.memory_bytes == 3_000_000_000
    assert {one.status for one in (load, *requests)} == {WarmUpStatus.OK}
    assert {(one.run_id, one.model, one.digest) for one in (load, *requests)} == {
        (run.id, SMALL, first.digest)
    }
    with database.read() as session:
        (pin,) = rows_of(session, ModelPin)
    assert (pin.study_id, pin.model, pin.digest) == (content.study.id, SMALL, first.digest)


def test_the_model_before_leaves_the_memory(database: Database, sandbox: Sandbox) -> None:
    _, run = study_run(database, SMALL, MEDIUM)
    prepare(database, sandbox, run, [SMALL, MEDIUM])
    assert loaded(sandbox) == [MEDIUM.split("/")[1]]


def test_a_model_that_changed_under_its_tag_is_refused_without_a_call(
    database: Database, sandbox: Sandbox
) -> None:
    _, run = study_run(database, SMALL)
    prepare(database, sandbox, run, [SMALL])
    before = sandbox.calls()
    sandbox.change(SMALL, quantization_level="Q8_0")
    (refused,) = prepare(database, sandbox, run, [SMALL])
    assert isinstance(refused, ProviderError)
    assert refused.kind is FailureKind.MODEL_CHANGED
    assert "changed" in str(refused)
    assert sandbox.calls() == before


def test_a_model_that_is_not_there_is_refused_at_once(database: Database, sandbox: Sandbox) -> None:
    _, run = study_run(database, ABSENT)
    (refused,) = prepare(database, sandbox, run, [ABSENT])
    assert isinstance(refused, ProviderError)
    assert refused.kind is FailureKind.UNKNOWN_MODEL


def test_a_look_that_is_lost_once_is_made_again_and_costs_no_chunk(
    database: Database, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, run = study_run(database, SMALL)
    looks: list[str] = []

    async def go() -> Checked | ProviderError:
        models = sandbox.models()
        provider = models.provider("ollama")
        assert isinstance(provider, HostingProvider)
        show = provider.show

        async def lost_once(name: str) -> ModelFacts:
            looks.append(name)
            if len(looks) == 1:
                raise ProviderError(FailureKind.TIMEOUT, "There was no answer in time.")
            return await show(name)

        monkeypatch.setattr(provider, "show", lost_once)
        try:
            return await Preparing(database, models, 0).check(run, SMALL)
        finally:
            await models.close()

    checked = asyncio.run(go())
    assert isinstance(checked, Checked)
    assert len(looks) == 2


def test_a_load_that_fails_is_recorded_and_the_calls_find_out_themselves(
    database: Database, sandbox: Sandbox
) -> None:
    _, run = study_run(database, SMALL)
    sandbox.arm(server_error={"times": 1, "status": 500})
    (result,) = prepare(database, sandbox, run, [SMALL])
    assert isinstance(result, Checked)
    assert result.digest is not None
    (failed,) = warm_ups(database)
    assert (failed.number, failed.status) == (0, WarmUpStatus.FAILED)
    assert failed.error_message


def test_a_model_that_lives_elsewhere_needs_nothing(database: Database, sandbox: Sandbox) -> None:
    _, run = study_run(database, REFERENCE)
    assert prepare(database, sandbox, run, [REFERENCE]) == [Checked()]
    assert warm_ups(database) == []
    assert sandbox.calls() == 0
