"""A pull is asked for once, told while it goes, stopped when wanted, and goes on after a crash."""

import asyncio
import time
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
import stamina
from sqlmodel import col, select

from core.errors import InvalidInputError, NotFoundError
from core.hosting.acquisition import (
    STRANDED_AFTER,
    cancel_pull,
    list_pulls,
    request_pulls,
    waiting_pulls,
)
from core.hosting.disk import Disk, disk_of_models, is_this_machine
from core.hosting.pulling import MAX_ATTEMPTS
from core.settings import Settings
from db.engine import Database
from db.repositories.hosting import Hosting
from db.tables import Audit, ModelPull, PullStatus
from db.types import utc_now
from tests.core.hosting.helping import (
    ABSENT,
    ACTOR,
    arm,
    change,
    make,
    pull,
    request,
    requests,
    settings_for,
    stored,
)


def test_a_pulled_model_is_installed_and_its_digest_kept(database: Database, base_url: str) -> None:
    done = pull(database, settings_for(base_url))
    listed = httpx.get(f"{base_url}/api/tags").json()["models"]
    digests = {one["name"]: one["digest"] for one in listed}
    assert done.status is PullStatus.FINISHED
    assert done.digest == digests[ABSENT]
    assert done.completed_bytes == done.total_bytes == 700_000_000
    assert done.started_at is not None
    assert done.ended_at is not None
    assert waiting_pulls(database) == []


def test_a_pull_under_way_is_not_asked_for_twice(database: Database) -> None:
    first, again, other = request_pulls(database, [ABSENT, f"ollama/{ABSENT}", "mistral"], ACTOR)
    assert first.id == again.id != other.id
    assert waiting_pulls(database) == [first.id, other.id]
    with database.read() as session:
        audits = session.exec(select(Audit).where(col(Audit.subject) == "model_pull")).all()
    assert [audit.after for audit in audits] == [
        {"model": f"ollama/{ABSENT}"},
        {"model": "ollama/mistral"},
    ]


@pytest.mark.parametrize(
    "name", ["", "two words", "a/b/c/d", "hf.co/owner", "mistral:", ":7b", "../x", "x" * 300]
)
def test_a_name_that_ollama_cannot_have_is_refused(database: Database, name: str) -> None:
    with pytest.raises(InvalidInputError, match="is no name of a model that Ollama can fetch"):
        request_pulls(database, ["mistral", name], ACTOR)
    assert waiting_pulls(database) == []


def test_models_of_hugging_face_and_of_other_registries_can_be_asked_for(
    database: Database,
) -> None:
    names = ["hf.co/bartowski/Llama-3.2-1B-Instruct-GGUF:Q4_K_M", "registry.example:5000/me/x:1"]
    pulls = request_pulls(database, names, ACTOR)
    assert [one.model for one in pulls] == [f"ollama/{name}" for name in names]


def test_progress_is_told_with_bytes_speed_and_time_left(database: Database, base_url: str) -> None:
    change(base_url, ABSENT, pull_ms=2500)
    pull_id = request(database).id

    async def watch() -> None:
        making = asyncio.create_task(make(database, settings_for(base_url), pull_id))
        await asyncio.sleep(1.7)
        [view] = await asyncio.to_thread(list_pulls, database)
        assert view.is_active
        assert view.share is not None
        assert 0.2 < view.share < 0.9
        assert view.pull.bytes_per_second == pytest.approx(700e6 / 2.5, rel=0.35)
        assert view.time_left is not None
        assert timedelta(seconds=0.3) < view.time_left < timedelta(seconds=2.5)
        await making

    asyncio.run(watch())
    assert stored(database, pull_id).status is PullStatus.FINISHED


def test_a_cancelled_pull_stops_within_a_second_and_goes_on_later(
    database: Database, base_url: str
) -> None:
    change(base_url, ABSENT, pull_ms=4000)
    pull_id = request(database).id

    async def cancel_midway() -> float:
        making = asyncio.create_task(make(database, settings_for(base_url), pull_id))
        await asyncio.sleep(1.5)
        await asyncio.to_thread(cancel_pull, database, pull_id, ACTOR)
        asked_at = time.monotonic()
        await making
        return time.monotonic() - asked_at

    assert asyncio.run(cancel_midway()) < 1
    cancelled = stored(database, pull_id)
    assert cancelled.status is PullStatus.CANCELLED
    assert cancelled.error_message is None
    assert cancelled.completed_bytes is not None
    assert cancelled.completed_bytes > 50_000_000
    change(base_url, ABSENT, pull_ms=40)
    assert pull(database, settings_for(base_url)).status is PullStatus.FINISHED
    first_told = requests(base_url, "/api/pull")
    assert [one["outcome"] for one in first_told] == ["disconnected", "complete"]


def test_a_pull_that_nobody_began_is_cancelled_at_once(database: Database) -> None:
    pull_id = request(database).id
    cancel_pull(database, pull_id, ACTOR)
    cancel_pull(database, pull_id, ACTOR)
    assert stored(database, pull_id).status is PullStatus.CANCELLED
    assert waiting_pulls(database) == []
    with pytest.raises(NotFoundError, match="There is no pull 'nobody'"):
        cancel_pull(database, "nobody", ACTOR)


def test_a_pull_that_a_crash_stranded_is_taken_up_once(database: Database, base_url: str) -> None:
    pull_id = request(database).id
    long_ago = utc_now() - 2 * STRANDED_AFTER
    with database.write() as session:
        assert Hosting(session).take_pull(pull_id, long_ago, long_ago)
    with database.write() as session:
        row = session.get_one(ModelPull, pull_id)
        assert row.status is PullStatus.RUNNING
    assert waiting_pulls(database) == [pull_id]

    async def two_daemons() -> None:
        settings = settings_for(base_url)
        await asyncio.gather(*(make(database, settings, pull_id) for _ in range(2)))

    asyncio.run(two_daemons())
    assert stored(database, pull_id).status is PullStatus.FINISHED
    assert len(requests(base_url, "/api/pull")) == 1


def test_a_pull_whose_daemon_is_stopped_is_left_to_the_next(
    database: Database, base_url: str
) -> None:
    change(base_url, ABSENT, pull_ms=4000)
    pull_id = request(database).id

    async def stop_midway() -> None:
        making = asyncio.create_task(make(database, settings_for(base_url), pull_id))
        await asyncio.sleep(0.7)
        making.cancel()
        with pytest.raises(asyncio.CancelledError):
            await making

    asyncio.run(stop_midway())
    assert stored(database, pull_id).status is PullStatus.RUNNING
    assert waiting_pulls(database, utc_now() + 2 * STRANDED_AFTER) == [pull_id]


@pytest.mark.parametrize("how", ["close", "error"])
def test_a_pull_that_is_cut_goes_on_where_it_was(
    database: Database, base_url: str, how: str
) -> None:
    arm(base_url, ABSENT, pull_cut={"times": 2, "after_share": 0.5, "how": how})
    with stamina.set_testing(True, attempts=MAX_ATTEMPTS, cap=True):
        done = pull(database, settings_for(base_url))
    assert done.status is PullStatus.FINISHED
    assert len(requests(base_url, "/api/pull")) == 3
    assert done.completed_bytes == 700_000_000


def test_a_pull_that_is_cut_ever_again_fails_in_one_sentence(
    database: Database, base_url: str
) -> None:
    arm(base_url, ABSENT, pull_cut={"times": None})
    with stamina.set_testing(True, attempts=MAX_ATTEMPTS, cap=True):
        done = pull(database, settings_for(base_url))
    assert (done.status, done.error_kind) == (PullStatus.FAILED, "truncated")
    assert done.error_message == (
        f"Ollama's answer to the call to '{ABSENT}' broke off: the connection was lost; try again."
    )
    assert len(requests(base_url, "/api/pull")) == MAX_ATTEMPTS


def test_a_model_that_does_not_exist_fails_at_once(database: Database, base_url: str) -> None:
    done = pull(database, settings_for(base_url), "unheard-of:7b")
    assert (done.status, done.error_kind) == (PullStatus.FAILED, "unknown_model")
    assert done.error_message == (
        "No model 'unheard-of:7b' can be fetched: there is none of that name and tag; "
        "check it in Ollama's library or on Hugging Face."
    )
    assert len(requests(base_url, "/api/pull")) == 1


def test_a_disk_that_is_full_at_ollamas_fails_at_once(database: Database, base_url: str) -> None:
    arm(base_url, ABSENT, pull_disk_full={})
    done = pull(database, settings_for(base_url))
    assert (done.status, done.error_kind) == (PullStatus.FAILED, "disk_full")
    assert done.error_message == (
        f"The disk of Ollama at {base_url} is full, so '{ABSENT}' could not be stored; "
        "remove a model or free space, then pull again."
    )


def test_a_model_larger_than_the_disk_is_not_begun(
    database: Database, base_url: str, tmp_path: Path
) -> None:
    change(base_url, ABSENT, size=10**18)
    done = pull(database, settings_for(base_url, ollama_models=tmp_path))
    assert (done.status, done.error_kind) == (PullStatus.FAILED, "disk_full")
    assert done.error_message is not None
    assert done.error_message.startswith(f"'{ABSENT}' needs 1000000000.0 GB more, and the disk")
    assert not done.completed_bytes


def test_a_dead_ollama_is_told(database: Database) -> None:
    with stamina.set_testing(True, attempts=MAX_ATTEMPTS, cap=True):
        done = pull(database, settings_for("http://127.0.0.1:9"))
    assert (done.status, done.error_kind) == (PullStatus.FAILED, "unreachable")
    assert done.error_message == (
        "Ollama does not answer at http://127.0.0.1:9; start it, or set OLLAMA_HOST."
    )


def test_only_the_newest_pull_of_a_model_is_listed(database: Database, base_url: str) -> None:
    pull(database, settings_for(base_url))
    again = pull(database, settings_for(base_url))
    assert [view.pull.id for view in list_pulls(database)] == [again.id]
    assert list_pulls(database)[0].share == 1


def test_the_disk_is_looked_at_only_where_ollama_stores_models_here(tmp_path: Path) -> None:
    here = Settings(ollama_host="localhost:11434", ollama_models=tmp_path)
    assert disk_of_models(here).free_bytes is not None
    elsewhere = disk_of_models(Settings(ollama_host="http://gpu.example:11434"))
    assert elsewhere == Disk(
        None,
        "Ollama answers at http://gpu.example:11434, so the room on its disk cannot be seen from "
        "here.",
    )
    unknown = disk_of_models(Settings(ollama_models=tmp_path / "none"))
    assert unknown.free_bytes is None
    assert unknown.why is not None
    assert unknown.why.endswith("set OLLAMA_MODELS.")


@pytest.mark.parametrize("address", ["localhost", "127.0.0.1:11434", "http://[::1]:1"])
def test_an_address_of_this_machine_is_known(address: str) -> None:
    assert is_this_machine(address)
    assert not is_this_machine("https://192.0.2.7:11434")


def test_room_is_compared_with_what_is_needed() -> None:
    assert Disk(100).refusal("m", 100) is None
    assert Disk(None).refusal("m", 100) is None
    assert Disk(1_500_000_000).refusal("m", 3_800_000_000) == (
        "'m' needs 3.8 GB more, and the disk of Ollama's models has 1.5 GB free; "
        "remove a model or free space, then pull again."
    )
