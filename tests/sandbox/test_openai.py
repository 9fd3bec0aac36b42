"""OpenAI's side, spoken to by the official client."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import openai
import pytest

from sandbox.reading import read_prompt
from sandbox.text import used_facts
from tests.sandbox.examples import BRIEFING, SCORE_SCHEMA, rating_prompt

MODEL = "stand-in-gpt-4"
KEY = {"Authorization": "Bearer any"}


def talk(base_url: str, doing: Callable[[openai.AsyncOpenAI], Awaitable[Any]]) -> Any:
    async def run() -> Any:
        url = f"{base_url}/v1"
        async with openai.AsyncOpenAI(base_url=url, api_key="any", max_retries=0) as client:
            return await doing(client)

    return asyncio.run(run())


def ask(prompt: str = BRIEFING, **more: Any) -> Callable[[openai.AsyncOpenAI], Awaitable[Any]]:
    messages: list[Any] = [{"role": "user", "content": prompt}]
    return lambda client: client.chat.completions.create(model=MODEL, messages=messages, **more)


def test_a_whole_answer_has_text_usage_and_fingerprint(base_url: str) -> None:
    reply = talk(base_url, ask())
    assert reply.choices[0].finish_reason == "stop"
    assert used_facts(reply.choices[0].message.content, read_prompt(BRIEFING)) >= 5
    assert reply.usage.total_tokens == reply.usage.prompt_tokens + reply.usage.completion_tokens
    assert reply.model == MODEL
    assert reply.system_fingerprint.startswith("fp_")


def test_a_stream_has_role_tokens_finish_and_usage_in_that_order(base_url: str) -> None:
    async def run(client: openai.AsyncOpenAI) -> list[Any]:
        stream = await ask(stream=True, stream_options={"include_usage": True})(client)
        return [chunk async for chunk in stream]

    first, *tokens, finish, usage = talk(base_url, run)
    assert (first.choices[0].delta.role, first.choices[0].delta.content) == ("assistant", "")
    assert all(chunk.choices[0].delta.content for chunk in tokens)
    assert all(chunk.usage is None for chunk in tokens)
    assert finish.choices[0].finish_reason == "stop"
    assert usage.choices == []
    assert usage.usage.completion_tokens == len(tokens)


def test_a_stream_ends_with_done_and_has_no_usage_unless_asked(base_url: str) -> None:
    body = {"model": MODEL, "stream": True, "messages": [{"role": "user", "content": "Hi"}]}
    reply = httpx.post(f"{base_url}/v1/chat/completions", json=body, headers=KEY)
    assert reply.text.endswith("data: [DONE]\n\n")
    assert '"usage"' not in reply.text


def test_the_headers_are_those_of_openai(unhurried_url: str) -> None:
    body = {"model": MODEL, "messages": [{"role": "user", "content": "Hi"}]}
    headers = httpx.post(f"{unhurried_url}/v1/chat/completions", json=body, headers=KEY).headers
    assert headers["x-request-id"].startswith("req_")
    assert int(headers["openai-processing-ms"]) >= 100
    for what in ("limit", "remaining", "reset"):
        for unit in ("requests", "tokens"):
            assert headers[f"x-ratelimit-{what}-{unit}"]


def test_max_tokens_and_stop_end_an_answer(base_url: str) -> None:
    short = talk(base_url, ask(max_tokens=4))
    assert (short.choices[0].finish_reason, short.usage.completion_tokens) == ("length", 4)
    stopped = talk(base_url, ask(stop=[","], max_completion_tokens=500))
    assert "," not in stopped.choices[0].message.content


def test_a_seed_or_temperature_zero_repeats_the_answer(base_url: str) -> None:
    def texts(**more: Any) -> set[str]:
        return {talk(base_url, ask(**more)).choices[0].message.content for _ in range(2)}

    assert [len(texts(seed=3)), len(texts(temperature=0)), len(texts())] == [1, 1, 2]


def test_a_judge_answers_in_the_asked_schema(base_url: str) -> None:
    httpx.put(f"{base_url}/sandbox/models/{MODEL}", json={"bad_judge_rate": 0})
    form = {"type": "json_schema", "json_schema": {"name": "rating", "schema": SCORE_SCHEMA}}
    reply = talk(base_url, ask(rating_prompt(BRIEFING, "Order new laptops."), response_format=form))
    rating = json.loads(reply.choices[0].message.content)
    assert 0 <= rating["score"] <= 7
    assert "1 of the 10" in rating["reasoning"]


def test_a_json_object_can_be_asked_for(base_url: str) -> None:
    reply = talk(base_url, ask(response_format={"type": "json_object"}))
    assert isinstance(json.loads(reply.choices[0].message.content), dict)


def test_the_models_are_owned_by_a_stand_in(base_url: str) -> None:
    listed = talk(base_url, lambda client: client.models.list())
    assert {model.owned_by for model in listed.data} == {"stand-in"}
    assert MODEL in [model.id for model in listed.data]
    assert talk(base_url, lambda client: client.models.retrieve(MODEL)).id == MODEL


def test_embeddings_come_as_the_client_asks_for_them(base_url: str) -> None:
    async def run(client: openai.AsyncOpenAI) -> tuple[Any, Any]:
        packed = await client.embeddings.create(model="stand-in-embedding", input=["a cat", "tax"])
        plain = await client.embeddings.create(
            model="stand-in-embedding", input="a cat", encoding_format="float"
        )
        return packed, plain

    packed, plain = talk(base_url, run)
    assert packed.data[0].embedding == pytest.approx(plain.data[0].embedding, abs=1e-6)
    assert len(packed.data) == 2
    assert len(plain.data[0].embedding) == 256


def test_an_unknown_model_is_not_found_in_openais_shape(base_url: str) -> None:
    with pytest.raises(openai.NotFoundError) as raised:
        talk(base_url, lambda client: client.models.retrieve("x"))
    assert raised.value.body == {
        "message": "The model `x` does not exist or you do not have access to it.",
        "type": "invalid_request_error",
        "param": None,
        "code": "model_not_found",
    }


def test_a_missing_key_is_unauthorized(base_url: str) -> None:
    reply = httpx.post(f"{base_url}/v1/chat/completions", json={"model": MODEL})
    assert reply.status_code == 401
    assert "You didn't provide an API key" in reply.json()["error"]["message"]


@pytest.mark.parametrize(
    "body", [b"{", b"[]", b"{}", b'{"model": "stand-in-gpt-4"}', b'{"model": 1}']
)
def test_a_malformed_request_is_refused_in_openais_shape(base_url: str, body: bytes) -> None:
    reply = httpx.post(f"{base_url}/v1/chat/completions", content=body, headers=KEY)
    assert reply.status_code == 400
    assert set(reply.json()["error"]) == {"message", "type", "param", "code"}


def test_an_unknown_address_is_refused_in_openais_shape(base_url: str) -> None:
    reply = httpx.get(f"{base_url}/v1/unknown", headers=KEY)
    assert reply.status_code == 404
    assert "Invalid URL" in reply.json()["error"]["message"]


def test_a_newcomer_waits_less_than_a_second_and_a_half_for_an_answer(unhurried_url: str) -> None:
    started = time.perf_counter()
    reply = talk(unhurried_url, ask())
    assert reply.usage.completion_tokens > 40
    assert 0.3 < time.perf_counter() - started < 1.5
