"""Models of Ollama's side come, change, spill and go as real ones do."""

from typing import Any

import httpx
import ollama
import pytest

from tests.sandbox.examples import BRIEFING
from tests.sandbox.test_ollama import MESSAGES, MODEL, streamed, talk

ABSENT = "stand-in-1b:q4"


def change(base_url: str, model: str = MODEL, **fields: Any) -> None:
    httpx.put(f"{base_url}/sandbox/models/{model}", json=fields).raise_for_status()


def arm(base_url: str, model: str, **faults: Any) -> None:
    httpx.put(f"{base_url}/sandbox/faults/{model}", json=faults).raise_for_status()


async def pull(client: ollama.AsyncClient) -> list[Any]:
    return [line async for line in await client.pull(ABSENT, stream=True)]


async def first_weights(client: ollama.AsyncClient) -> Any:
    """The first line about the weights, which tells what is on the disk already."""
    async for line in await client.pull(ABSENT, stream=True):
        if line.digest:
            return line
    return None


def test_a_pull_tells_of_every_layer_and_its_bytes(base_url: str) -> None:
    lines = talk(base_url, pull)
    layers = {line.digest: line for line in lines if line.digest}
    assert len(layers) == 5
    assert sum(line.total for line in layers.values()) == 700_000_000
    assert all(line.completed == line.total for line in layers.values())
    assert [line.status for line in lines[-3:]] == [
        "verifying sha256 digest",
        "writing manifest",
        "success",
    ]


@pytest.mark.parametrize("how", ["close", "error"])
def test_a_pull_that_was_cut_goes_on_with_what_is_there(base_url: str, how: str) -> None:
    arm(base_url, ABSENT, pull_cut={"after_share": 0.5, "how": how})
    with pytest.raises((ollama.ResponseError, httpx.RemoteProtocolError)):
        talk(base_url, pull)
    weights = talk(base_url, first_weights)
    assert weights.completed / weights.total == pytest.approx(0.5, abs=0.1)
    assert talk(base_url, pull)[-1].status == "success"


def test_a_removed_model_is_fetched_anew(base_url: str) -> None:
    talk(base_url, pull)
    assert talk(base_url, lambda client: client.delete(ABSENT)).status == "success"
    with pytest.raises(ollama.ResponseError, match="not found") as raised:
        talk(base_url, lambda client: client.delete(ABSENT))
    assert raised.value.status_code == 404
    assert talk(base_url, first_weights).completed is None


def test_a_full_disk_is_told_in_ollamas_words(base_url: str) -> None:
    arm(base_url, ABSENT, pull_disk_full={"after_share": 0.1})
    with pytest.raises(ollama.ResponseError, match=r"^write .*-partial: no space left on device"):
        talk(base_url, pull)
    assert talk(base_url, pull)[-1].status == "success"


def test_another_revision_of_a_model_has_another_digest(base_url: str) -> None:
    def digest() -> str:
        listed = talk(base_url, lambda client: client.list())
        return str(next(one.digest for one in listed.models if one.model == MODEL))

    before = digest()
    change(base_url, revision=1)
    assert digest() != before
    change(base_url, revision=0)
    assert digest() == before


def test_a_model_can_spill_to_the_cpu(base_url: str) -> None:
    change(base_url, size_vram=3_000_000_000, size_cpu=500_000_000)

    async def loaded(client: ollama.AsyncClient) -> Any:
        await client.generate(MODEL)
        return (await client.ps()).models[0]

    one = talk(base_url, loaded)
    assert (one.size, one.size_vram) == (3_500_000_000, 3_000_000_000)


def test_a_model_thinks_aloud_before_it_answers_unless_told_not_to(base_url: str) -> None:
    change(base_url, reasoning_tokens=2)
    parts = talk(base_url, streamed)
    assert [bool(part.message.thinking) for part in parts[:3]] == [True, True, False]
    assert not any(part.message.thinking for part in talk(base_url, quiet))


async def quiet(client: ollama.AsyncClient) -> list[Any]:
    return await streamed(client, think=False)


def raw(base_url: str) -> httpx.Response:
    return httpx.post(f"{base_url}/api/chat", json={"model": MODEL, "messages": MESSAGES})


def test_a_page_can_answer_in_the_apis_place(base_url: str) -> None:
    arm(base_url, MODEL, html_page={"status": 502})
    page = raw(base_url)
    assert (page.status_code, page.headers["content-type"]) == (502, "text/html; charset=utf-8")
    assert page.text.startswith("<!DOCTYPE html>")
    assert raw(base_url).status_code == 200


def test_an_answer_can_be_in_a_wrong_encoding(base_url: str) -> None:
    arm(base_url, MODEL, wrong_encoding={})
    with pytest.raises(UnicodeDecodeError):
        raw(base_url).content.decode()
    assert raw(base_url).content.decode()


def test_an_answer_can_lack_its_last_message(base_url: str) -> None:
    arm(base_url, MODEL, missing_end={})
    parts = talk(base_url, streamed)
    assert parts
    assert not any(part.done for part in parts)
    assert talk(base_url, streamed)[-1].done


def test_an_answer_can_be_empty(base_url: str) -> None:
    arm(base_url, MODEL, empty_answer={})
    [only] = talk(base_url, streamed)
    assert (only.done, only.message.content, only.eval_count) == (True, "", None)
    whole = talk(base_url, lambda client: client.generate(MODEL, BRIEFING))
    assert whole.response
