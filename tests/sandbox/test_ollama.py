"""Ollama's side, spoken to by the official client."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import ollama
import pytest

from tests.sandbox.examples import BRIEFING, SCORE_SCHEMA
from tests.sandbox.server import running_sandbox

MODEL = "stand-in-3b:q4"
MESSAGES = [{"role": "user", "content": BRIEFING}]


def talk(base_url: str, doing: Callable[[ollama.AsyncClient], Awaitable[Any]]) -> Any:
    async def run() -> Any:
        async with ollama.AsyncClient(base_url) as client:
            return await doing(client)

    return asyncio.run(run())


async def streamed(client: ollama.AsyncClient, **more: Any) -> list[ollama.ChatResponse]:
    parts = await client.chat(model=MODEL, messages=MESSAGES, stream=True, **more)
    return [part async for part in parts]


def test_a_stream_is_one_token_a_chunk_and_counts_them(base_url: str) -> None:
    *tokens, last = talk(base_url, streamed)
    assert all(token.message.content and not token.done for token in tokens)
    assert last.done
    assert last.done_reason == "stop"
    assert last.eval_count == len(tokens)
    assert last.prompt_eval_count > 50


def test_the_phases_are_those_the_client_sees(unhurried_url: str) -> None:
    async def timed(client: ollama.AsyncClient) -> tuple[Any, float]:
        started = time.perf_counter()
        parts = await streamed(client)
        return parts[-1], time.perf_counter() - started

    last, seconds = talk(unhurried_url, timed)
    phases = last.load_duration + last.prompt_eval_duration + last.eval_duration
    assert 0.39e9 < last.load_duration < 1.2e9
    assert phases <= last.total_duration < phases + 0.3e9
    assert last.total_duration / 1e9 <= seconds < last.total_duration / 1e9 + 0.8


def test_a_loaded_model_loads_no_more_until_another_one_was_loaded(unhurried_url: str) -> None:
    async def load_times(client: ollama.AsyncClient) -> list[float]:
        models = (MODEL, MODEL, "stand-in-7b:q2", MODEL)
        options = {"num_predict": 2}
        replies = [await client.generate(model, "Hello", options=options) for model in models]
        return [(reply.load_duration or 0) / 1e9 for reply in replies]

    first, again, other, back = talk(unhurried_url, load_times)
    assert min(first, other, back) > 0.35
    assert again < 0.1


def test_keep_alive_decides_how_long_a_model_stays(base_url: str) -> None:
    async def loaded(client: ollama.AsyncClient, keep_alive: float | str) -> list[Any]:
        await client.chat(MODEL, MESSAGES, keep_alive=keep_alive, options={"num_predict": 1})
        return list((await client.ps()).models)

    async def run(client: ollama.AsyncClient) -> tuple[list[Any], ...]:
        return await loaded(client, "5m"), await loaded(client, -1), await loaded(client, 0)

    five_minutes, for_ever, gone = talk(base_url, run)
    assert five_minutes[0].size_vram == five_minutes[0].size
    assert five_minutes[0].context_length == 4096
    assert (for_ever[0].expires_at - five_minutes[0].expires_at).days > 3650
    assert gone == []


def test_an_empty_request_only_loads_or_unloads(base_url: str) -> None:
    async def run(client: ollama.AsyncClient) -> tuple[str | None, int, str | None, int]:
        loading = await client.generate(MODEL)
        held = len((await client.ps()).models)
        unloading = await client.generate(MODEL, keep_alive=0)
        return loading.done_reason, held, unloading.done_reason, len((await client.ps()).models)

    assert talk(base_url, run) == ("load", 1, "unload", 0)


def test_repeats_differ_unless_seed_or_temperature_fix_them(base_url: str) -> None:
    async def run(client: ollama.AsyncClient) -> list[int]:
        counts = []
        for options in ({"temperature": 0.7}, {"temperature": 0}, {"temperature": 0.7, "seed": 7}):
            replies = [await client.generate(MODEL, BRIEFING, options=options) for _ in range(3)]
            counts.append(len({reply.response for reply in replies}))
        return counts

    assert talk(base_url, run) == [3, 1, 1]


def test_num_predict_and_stop_end_an_answer(base_url: str) -> None:
    async def run(client: ollama.AsyncClient) -> tuple[Any, Any]:
        short = await client.generate(MODEL, BRIEFING, options={"num_predict": 5})
        stopped = await client.generate(MODEL, BRIEFING, options={"stop": ["."], "seed": 1})
        return short, stopped

    short, stopped = talk(base_url, run)
    assert (short.done_reason, short.eval_count) == ("length", 5)
    assert stopped.done_reason == "stop"
    assert "." not in stopped.response


def test_a_format_gives_json(base_url: str) -> None:
    async def run(client: ollama.AsyncClient) -> tuple[Any, Any]:
        free = await client.chat(MODEL, MESSAGES, format="json")
        bound = await client.chat(MODEL, MESSAGES, format=SCORE_SCHEMA)
        return free, bound

    free, bound = talk(base_url, run)
    assert isinstance(httpx.Response(200, text=free.message.content).json(), dict)
    assert set(httpx.Response(200, text=bound.message.content).json()) == {"reasoning", "score"}


def test_show_and_tags_call_the_stand_ins_by_their_name(base_url: str) -> None:
    async def run(client: ollama.AsyncClient) -> tuple[Any, Any]:
        return await client.show(MODEL), await client.list()

    shown, listed = talk(base_url, run)
    assert shown.details.family == "stand-in"
    assert (shown.details.parameter_size, shown.details.quantization_level) == ("3B", "Q4_K_M")
    assert shown.modelinfo["stand-in.context_length"] == 4096
    assert shown.capabilities == ["completion"]
    assert [model.model for model in listed.models] == [
        "stand-in-7b:q4",
        "stand-in-7b:q2",
        "stand-in-3b:q4",
    ]
    assert len({model.digest for model in listed.models}) == 3


def test_a_pull_installs_a_known_model(base_url: str) -> None:
    async def run(client: ollama.AsyncClient) -> tuple[list[Any], list[Any]]:
        lines = [line async for line in await client.pull("stand-in-1b:q4", stream=True)]
        return lines, list((await client.list()).models)

    lines, models = talk(base_url, run)
    layers = [line for line in lines if line.digest]
    assert layers[-1].completed == layers[-1].total
    assert lines[-1].status == "success"
    assert "stand-in-1b:q4" in [model.model for model in models]


@pytest.mark.parametrize("stream", [True, False])
def test_an_unknown_model_cannot_be_pulled(base_url: str, stream: bool) -> None:
    async def run(client: ollama.AsyncClient) -> None:
        if stream:
            async for _ in await client.pull("unheard-of", stream=True):
                pass
        else:
            await client.pull("unheard-of")

    with pytest.raises(ollama.ResponseError, match="pull model manifest: file does not exist"):
        talk(base_url, run)


def test_an_unknown_model_is_not_found(base_url: str) -> None:
    with pytest.raises(ollama.ResponseError, match="model 'x' not found") as raised:
        talk(base_url, lambda client: client.chat("x", MESSAGES))
    assert raised.value.status_code == 404


def test_a_model_not_yet_pulled_is_not_found(base_url: str) -> None:
    with pytest.raises(ollama.ResponseError, match="not found"):
        talk(base_url, lambda client: client.chat("stand-in-1b:q4", MESSAGES))


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b'{"model": 3}',
        b'{"model": "\\ud800"}',
        b'{"model": "stand-in-3b:q4", "options": 1}',
        b'{"model": "stand-in-3b:q4", "prompt": "x", "keep_alive": "soon"}',
    ],
)
def test_a_malformed_request_is_refused_in_ollamas_shape(base_url: str, body: bytes) -> None:
    reply = httpx.post(f"{base_url}/api/generate", content=body)
    assert reply.status_code == 400
    assert list(reply.json()) == ["error"]


def test_embeddings_of_similar_texts_are_near(base_url: str) -> None:
    texts = ["The cat sat on the mat.", "A cat sits on a mat.", "Taxes are due in April."]

    async def run(client: ollama.AsyncClient) -> Any:
        return (await client.embed(MODEL, texts)).embeddings

    cat, similar, other = talk(base_url, run)
    assert len(cat) == 256
    assert sum(value * value for value in cat) == pytest.approx(1)
    assert _dot(cat, similar) > 0.5 > 0.2 > _dot(cat, other)


def _dot(left: list[float], right: list[float]) -> float:
    return sum(one * other for one, other in zip(left, right, strict=True))


def test_requests_beyond_the_parallel_limit_wait_in_no_phase(base_url: str) -> None:
    httpx.put(f"{base_url}/sandbox/models/{MODEL}", json={"parallel": 1, "jitter": 0})

    async def run(client: ollama.AsyncClient) -> list[Any]:
        await client.generate(MODEL)
        calls = (client.generate(MODEL, BRIEFING, options={"num_predict": 40}) for _ in range(2))
        return list(await asyncio.gather(*calls))

    first, second = sorted(talk(base_url, run), key=lambda reply: reply.total_duration)
    waited = (
        second.total_duration
        - second.load_duration
        - second.prompt_eval_duration
        - second.eval_duration
    )
    assert waited > 0.7 * first.total_duration


def test_room_for_several_models_keeps_them_loaded() -> None:
    async def run(client: ollama.AsyncClient) -> int:
        for model in (MODEL, "stand-in-7b:q2"):
            await client.generate(model)
        return len((await client.ps()).models)

    with running_sandbox("--max-loaded-models", "2") as base_url:
        assert talk(base_url, run) == 2
