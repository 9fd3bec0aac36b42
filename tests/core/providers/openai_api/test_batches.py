"""A batch is handed over once, found by its label, and read line by line."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from core.providers.base import (
    BatchProvider,
    BatchState,
    ChatReply,
    ChatRequest,
    FailureKind,
    Provider,
    ProviderError,
)
from core.providers.openai_api.batches import BatchingProvider
from tests.core.providers.helping import (
    LARGE,
    PROMPT,
    arm,
    change,
    journal,
    openai_at,
    server_that_says,
    with_provider,
)

Results = dict[str, ChatReply | ProviderError]
KEY = {"Authorization": "Bearer any"}
CALLS = {f"call-{number}": ChatRequest(LARGE, PROMPT, max_tokens=9) for number in range(3)}


def batching(provider: Provider) -> BatchingProvider:
    assert isinstance(provider, BatchingProvider)
    assert isinstance(provider, BatchProvider)
    return provider


async def results_of(provider: Provider, external_id: str) -> Results:
    return dict([one async for one in batching(provider).batch_results(external_id)])


async def state_at_the_end(provider: Provider, external_id: str) -> BatchState:
    while not (state := await batching(provider).batch_state(external_id)).is_over:
        await asyncio.sleep(0.05)
    return state


def made(base_url: str, calls: Mapping[str, ChatRequest] = CALLS) -> tuple[BatchState, Results]:
    async def use(provider: Provider) -> tuple[BatchState, Results]:
        external_id = await batching(provider).submit_batch("mine", calls)
        state = await state_at_the_end(provider, external_id)
        return state, await results_of(provider, external_id)

    return with_provider(openai_at(base_url), use)


def test_every_call_of_a_batch_is_answered_under_its_name(base_url: str) -> None:
    change(base_url, LARGE, reasoning_tokens=2)
    state, results = made(base_url)
    assert state == BatchState(is_over=True, done=3, total=3)
    assert set(results) == set(CALLS)
    for reply in results.values():
        assert isinstance(reply, ChatReply)
        assert reply.text
        assert reply.reasoning_text == "Thought 1. Thought 2."
        assert reply.finish_reason == "length"
        assert reply.usage.completion_tokens == 9
        assert reply.usage.reasoning_tokens == 2
        assert reply.timeline.duration_ns is None, "a batch tells nothing of speed"
        assert reply.observed_limits is None


def test_the_parameters_reach_the_server(base_url: str) -> None:
    made(base_url, {"one": ChatRequest(LARGE, PROMPT, "Be brief.", 0.3, seed=5, json_mode=True)})
    [entry] = journal(base_url, method="BATCH")
    names = ("messages", "temperature", "seed", "format", "stream")
    assert [entry[name] for name in names] == [2, 0.3, 5, "json", False]


def test_a_failed_call_is_told_apart_from_the_answered_ones(base_url: str) -> None:
    arm(base_url, rate_limit={"times": 1})
    state, results = made(base_url)
    assert (state.done, state.problem) == (3, None)
    failures = [one for one in results.values() if isinstance(one, ProviderError)]
    assert [failure.kind for failure in failures] == [FailureKind.RATE_LIMITED]
    assert len(results) == 3


def test_an_empty_answer_and_an_unknown_model_are_failures_of_their_calls(base_url: str) -> None:
    arm(base_url, empty_answer={"times": 1})
    _, results = made(base_url, {"one": CALLS["call-0"]})
    _, unknown = made(base_url, {"one": ChatRequest("nobody-has-this", PROMPT)})
    for found, kind in ((results, FailureKind.EMPTY), (unknown, FailureKind.UNKNOWN_MODEL)):
        failure = found["one"]
        assert isinstance(failure, ProviderError)
        assert failure.kind is kind


def test_a_batch_is_found_by_its_label_on_any_page(base_url: str) -> None:
    async def use(provider: Provider) -> None:
        batches = batching(provider)
        one = {"one": ChatRequest(LARGE, PROMPT, max_tokens=1)}
        first = await batches.submit_batch("first-of-many", one)
        await asyncio.gather(*(batches.submit_batch(f"other-{n}", one) for n in range(101)))
        assert await batches.find_batch("first-of-many") == first
        again = await batches.submit_batch("first-of-many", one)
        assert await batches.find_batch("first-of-many") == again
        assert await batches.find_batch("first") is None

    with_provider(openai_at(base_url), use)


def test_a_batch_that_is_cancelled_gives_what_it_has(base_url: str) -> None:
    change(base_url, LARGE, time_to_first_token_ms=200, jitter=0)

    async def use(provider: Provider) -> tuple[BatchState, Results]:
        batches = batching(provider)
        external_id = await batches.submit_batch("mine", CALLS)
        while (await batches.batch_state(external_id)).done == 0:
            await asyncio.sleep(0.02)
        await batches.cancel_batch(external_id)
        await batches.cancel_batch(external_id)
        state = await batches.batch_state(external_id)
        return state, await results_of(provider, external_id)

    state, results = with_provider(openai_at(base_url), use)
    assert state.is_over
    assert state.problem is None
    assert 1 <= len(results) < 3


def test_a_file_that_is_refused_says_why(base_url: str) -> None:
    calls = {"one": ChatRequest(LARGE, PROMPT), "two": ChatRequest("another", PROMPT)}
    state, results = made(base_url, calls)
    assert state.is_over
    assert results == {}
    assert state.problem == (
        f"The batch at {base_url}/v1 was refused: The calls of a batch must all be to the same "
        "model."
    )


def lines(*documents: object) -> str:
    """One answer that is a batch, its file and a line of it at once, as far as each is read."""
    return "\n".join(json.dumps(document) for document in documents)


def answer(name: str, body: object, status: int = 200) -> dict[str, Any]:
    return {"custom_id": name, "response": {"status_code": status, "body": body}, "error": None}


WHOLE = {
    "model": "m",
    "choices": [{"message": {"content": "<think>Hm</think>Hi"}, "finish_reason": "stop"}],
}


def read(content: bytes | str, **how: Any) -> Results:
    async def use(provider: Provider) -> Results:
        batch = {"object": "batch", "output_file_id": "file"}
        batches = batching(provider)

        async def known(external_id: str) -> dict[str, Any]:
            return batch

        batches._batch = known  # type: ignore[method-assign]  # the server has but one answer
        return await results_of(batches, "batch")

    with server_that_says(content, **how) as base_url:
        return with_provider(openai_at(base_url), use)


def kinds(results: Results) -> dict[str, object]:
    return {
        name: one.kind if isinstance(one, ProviderError) else one.text
        for name, one in results.items()
    }


def test_each_line_is_what_it_is_and_lost_ones_are_not_there() -> None:
    error = {"error": {"message": "Bad sk-abcdef123.", "code": "x"}}
    content = lines(
        answer("whole", WHOLE),
        answer("refused", error, 400),
        answer("late", {"error": {"message": "Slow"}}, 429),
        answer("broken", None, 500),
        answer("nothing", {"choices": []}),
        answer("page", "<html>"),
        {"custom_id": "expired", "response": None, "error": {"code": "batch_expired"}},
        {"custom_id": "gone", "response": None, "error": {"code": "x", "message": "Gone."}},
        {"custom_id": 5},
        ["no call"],
    )
    results = read(f"{content}\n\nhello\n")
    assert kinds(results) == {
        "whole": "Hi",
        "refused": FailureKind.INVALID_REQUEST,
        "late": FailureKind.RATE_LIMITED,
        "broken": FailureKind.UNAVAILABLE,
        "nothing": FailureKind.TRUNCATED,
        "page": FailureKind.NOT_THE_API,
        "expired": FailureKind.TIMEOUT,
        "gone": FailureKind.UNAVAILABLE,
    }
    assert all(str(one).endswith(".") for one in results.values() if isinstance(one, ProviderError))
    assert "sk-abcdef123" not in str(results["refused"])


def test_a_line_in_a_wrong_encoding_is_told_as_one_and_the_others_are_read() -> None:
    bad = lines(answer("bad", WHOLE)).replace("Hi", "caf\xe9").encode("latin-1")
    assert kinds(read(bad + b"\n" + lines(answer("good", WHOLE)).encode())) == {
        "bad": FailureKind.UNPARSABLE,
        "good": "Hi",
    }


def test_a_page_in_place_of_a_file_is_no_file_of_lost_calls() -> None:
    with pytest.raises(ProviderError) as raised:
        read("<html>\n", headers={"content-type": "text/html; charset=utf-8"})
    assert raised.value.kind is FailureKind.NOT_THE_API


def test_a_file_that_breaks_off_is_truncated() -> None:
    with pytest.raises(ProviderError, match="broke off: the connection was lost") as raised:
        read(lines(answer("one", WHOLE)) + "\n", is_cut=True)
    assert raised.value.kind is FailureKind.TRUNCATED


@pytest.mark.parametrize(
    ("status", "kind"), [(404, FailureKind.NOT_THE_API), (502, FailureKind.UNAVAILABLE)]
)
@pytest.mark.parametrize("ask", ["submit", "find", "state", "results", "cancel"])
def test_a_page_is_no_batch(status: int, kind: FailureKind, ask: str) -> None:
    with server_that_says("<html>", status=status) as base_url:
        assert failure(base_url, ask).kind is kind


@pytest.mark.parametrize("ask", ["submit", "find", "state", "results"])
@pytest.mark.parametrize("body", ["<html>", "[]", "{}", '{"data": "x"}'])
def test_what_is_not_this_api_is_told_as_such(body: str, ask: str) -> None:
    with server_that_says(body) as base_url:
        assert failure(base_url, ask).kind is FailureKind.NOT_THE_API


def failure(base_url: str, ask: str, key: str = "any") -> ProviderError:
    asking = {
        "submit": lambda one: one.submit_batch("mine", CALLS),
        "find": lambda one: one.find_batch("mine"),
        "state": lambda one: one.batch_state("batch_x"),
        "results": lambda one: results_of(one, "batch_x"),
        "cancel": lambda one: one.cancel_batch("batch_x"),
    }
    with pytest.raises(ProviderError) as raised:
        with_provider(openai_at(base_url, key=key), asking[ask])
    assert str(raised.value).endswith(".")
    return raised.value


@pytest.mark.parametrize("ask", ["state", "results", "cancel"])
def test_a_batch_that_the_server_does_not_know_is_told_as_such(base_url: str, ask: str) -> None:
    told = failure(base_url, ask)
    assert told.kind is FailureKind.INVALID_REQUEST
    assert "No batch found with id 'batch_x'" in str(told)


@pytest.mark.parametrize("ask", ["submit", "find", "state", "results", "cancel"])
def test_a_wrong_key_is_told(base_url: str, ask: str) -> None:
    httpx.put(f"{base_url}/sandbox/keys", json={"accepted": ["any"]}).raise_for_status()
    told = failure(base_url, ask, key="sk-wrong-1")
    assert told.kind is FailureKind.UNAUTHORIZED
    assert "wrong" not in str(told)


def test_alternatives_of_tokens_are_told_where_they_are_asked_for(base_url: str) -> None:
    _, results = made(base_url, {"one": ChatRequest(LARGE, PROMPT, top_logprobs=2)})
    reply = results["one"]
    assert isinstance(reply, ChatReply)
    assert reply.token_logprobs is not None
    assert "".join(token.text for token in reply.token_logprobs) == reply.text
