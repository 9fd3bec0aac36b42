"""An answer made in the background is kept by the server, and fetched as often as one likes."""

import asyncio
import json
import time
from dataclasses import replace
from typing import Any

import httpx
import pytest

from core.providers.base import (
    RETRIED_KINDS,
    ChatReply,
    ChatRequest,
    FailureKind,
    Provider,
    ProviderError,
    ResumableProvider,
)
from core.providers.openai_api.background import BackgroundProvider
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

REQUEST = ChatRequest(LARGE, PROMPT, max_tokens=20)
KEY = {"Authorization": "Bearer any"}


def started(provider: Provider) -> BackgroundProvider:
    assert isinstance(provider, BackgroundProvider)
    assert isinstance(provider, ResumableProvider)
    return provider


def answered(base_url: str, request: ChatRequest = REQUEST, timeout_s: float = 10) -> ChatReply:
    async def use(provider: Provider) -> ChatReply:
        resumable = started(provider)
        return await resumable.fetch(await resumable.start(request), request)

    return with_provider(openai_at(base_url, timeout_s), use)


def failure_to_start(base_url: str, key: str = "any") -> ProviderError:
    with pytest.raises(ProviderError) as raised:
        with_provider(openai_at(base_url, key=key), lambda one: started(one).start(REQUEST))
    return raised.value


def failure_to_fetch(base_url: str, external_id: str = "resp_1") -> ProviderError:
    with pytest.raises(ProviderError) as raised:
        with_provider(openai_at(base_url, 5), lambda one: started(one).fetch(external_id, REQUEST))
    assert str(raised.value).endswith(".")
    return raised.value


def failure_of_both(base_url: str, request: ChatRequest = REQUEST) -> ProviderError:
    with pytest.raises(ProviderError) as raised:
        answered(base_url, request)
    return raised.value


def response(**fields: Any) -> str:
    return json.dumps({"id": "resp_1", "object": "response", "model": "m", **fields})


def test_an_answer_is_started_and_fetched(base_url: str) -> None:
    change(base_url, LARGE, reasoning_tokens=4)
    reply = answered(base_url, ChatRequest(LARGE, PROMPT, "Be brief.", temperature=0.2))
    [entry] = journal(base_url, path="/v1/responses")
    assert (entry["messages"], entry["temperature"]) == (2, 0.2)
    assert reply.text
    assert reply.finish_reason == "stop"
    assert reply.reasoning_text == "Thought 1. Thought 2. Thought 3. Thought 4."
    assert reply.usage.reasoning_tokens == 4
    assert reply.usage.prompt_tokens == entry["prompt_tokens"]
    assert reply.model_reported == LARGE
    assert reply.timeline.time_to_first_token_ns is None
    json.dumps(reply.provider_figures)


def test_an_answer_can_be_fetched_again_and_is_made_once(base_url: str) -> None:
    async def use(provider: Provider) -> tuple[ChatReply, ChatReply]:
        resumable = started(provider)
        external_id = await resumable.start(REQUEST)
        return (
            await resumable.fetch(external_id, REQUEST),
            await resumable.fetch(external_id, REQUEST),
        )

    first, second = with_provider(openai_at(base_url), use)
    assert first == second
    assert len(journal(base_url)) == 1


def test_another_process_fetches_what_one_has_started(base_url: str) -> None:
    external_id = with_provider(openai_at(base_url), lambda one: started(one).start(REQUEST))
    reply = with_provider(openai_at(base_url), lambda one: started(one).fetch(external_id, REQUEST))
    assert reply.text


def test_a_slow_answer_is_waited_for_with_growing_patience(base_url: str) -> None:
    change(base_url, LARGE, time_to_first_token_ms=1500, jitter=0)
    assert answered(base_url).text
    asked = httpx.get(f"{base_url}/sandbox/requests", params={"method": "GET"}).json()
    # At once, and after 0.5, 1.25 and 2.375 seconds.
    assert asked["count"] == 4


def test_an_answer_that_is_not_ready_in_time_can_be_fetched_later(base_url: str) -> None:
    change(base_url, LARGE, time_to_first_token_ms=1200, jitter=0)
    with pytest.raises(ProviderError, match="retry to fetch it") as raised:
        answered(base_url, timeout_s=0.7)
    assert raised.value.kind is FailureKind.TIMEOUT


def test_an_answer_cut_by_its_limit_is_kept_as_one(base_url: str) -> None:
    reply = answered(base_url, ChatRequest(LARGE, PROMPT, max_tokens=3))
    assert reply.finish_reason == "length"
    assert reply.usage.completion_tokens == 3


def test_thoughts_that_use_up_the_limit_leave_an_empty_answer(base_url: str) -> None:
    change(base_url, LARGE, reasoning_tokens=20)
    failure = failure_of_both(base_url)
    assert (failure.kind, failure.finish_reason) == (FailureKind.EMPTY, "length")
    assert failure.usage.reasoning_tokens == 20


def test_an_answer_of_nothing_is_empty(base_url: str) -> None:
    arm(base_url, empty_answer={})
    failure = failure_of_both(base_url, ChatRequest(LARGE, PROMPT))
    assert (failure.kind, failure.finish_reason) == (FailureKind.EMPTY, "stop")


def test_an_answer_that_fails_at_the_server_is_made_anew_and_not_fetched_again(
    base_url: str,
) -> None:
    arm(base_url, cut_stream={"after_tokens": 3})
    failure = failure_of_both(base_url)
    assert failure.kind is FailureKind.TRUNCATED
    assert failure.usage.is_known
    assert "had an error while processing" in str(failure)


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"status": "cancelled"}, FailureKind.INVALID_REQUEST),
        ({"status": "failed"}, FailureKind.TRUNCATED),
        ({"status": "failed", "error": {"code": "server_error", "message": "Oops."}}, "truncated"),
        ({"status": "failed", "error": {"code": "rate_limit_exceeded"}}, FailureKind.TRUNCATED),
        ({"status": "failed", "error": {"code": "invalid_prompt"}}, FailureKind.REFUSED),
        ({"status": "failed", "error": {"code": "insufficient_quota"}}, "quota_exhausted"),
        ({"status": "incomplete"}, FailureKind.EMPTY),
        (
            {"status": "incomplete", "incomplete_details": {"reason": "content_filter"}},
            FailureKind.REFUSED,
        ),
        ({"status": "completed", "output": "nothing"}, FailureKind.EMPTY),
        (
            {
                "status": "completed",
                "output": [{"type": "message", "content": [{"type": "refusal", "refusal": "No."}]}],
            },
            FailureKind.REFUSED,
        ),
    ],
)
def test_every_end_without_an_answer_has_its_kind_and_its_usage(
    fields: dict[str, Any], kind: FailureKind
) -> None:
    usage = {"input_tokens": 9, "output_tokens": 2, "input_tokens_details": {"cached_tokens": 4}}
    with server_that_says(response(**fields, usage=usage)) as base_url:
        failure = failure_to_fetch(base_url)
    assert failure.kind == kind
    assert (failure.usage.prompt_tokens, failure.usage.completion_tokens) == (9, 2)
    assert failure.usage.cached_prompt_tokens == 4


def test_the_servers_own_clock_tells_how_long_it_took() -> None:
    part = {"type": "output_text", "text": "Hello"}
    output = [{"type": "message", "content": [part]}]
    fields = {"status": "completed", "output": output, "created_at": 10, "completed_at": 13}
    with server_that_says(response(**fields)) as base_url:
        reply = with_provider(
            openai_at(base_url), lambda one: started(one).fetch("resp_1", REQUEST)
        )
    assert reply.text == "Hello"
    assert reply.timeline.duration_ns == 3_000_000_000
    assert not reply.usage.is_known


def test_an_id_that_is_no_longer_kept_is_final_and_no_unknown_model(base_url: str) -> None:
    failure = failure_to_fetch(base_url, "resp_gone")
    assert failure.kind is FailureKind.INVALID_REQUEST
    assert failure.kind not in RETRIED_KINDS
    assert "no longer keeps the response 'resp_gone'" in str(failure)


def test_what_was_cancelled_is_told_as_such(base_url: str) -> None:
    change(base_url, LARGE, time_to_first_token_ms=5000)
    external_id = with_provider(openai_at(base_url), lambda one: started(one).start(REQUEST))
    httpx.post(f"{base_url}/v1/responses/{external_id}/cancel", headers=KEY).raise_for_status()
    assert "was cancelled" in str(failure_to_fetch(base_url, external_id))


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ({"html_page": {"status": 200}}, FailureKind.NOT_THE_API),
        ({"html_page": {"status": 502}}, FailureKind.UNAVAILABLE),
        ({"server_error": {"status": 500}}, FailureKind.UNAVAILABLE),
        ({"rate_limit": {"retry_after_s": 3600}}, FailureKind.RATE_LIMITED),
        ({"insufficient_quota": {}}, FailureKind.QUOTA_EXHAUSTED),
        ({"outage": {"seconds": 5}}, FailureKind.UNAVAILABLE),
    ],
)
def test_a_start_that_is_refused_is_told_as_what_it_is(
    base_url: str, fault: dict[str, Any], kind: FailureKind
) -> None:
    arm(base_url, **fault)
    failure = failure_to_start(base_url)
    assert failure.kind is kind
    assert (failure.retry_after_ms == 3_600_000) == (kind is FailureKind.RATE_LIMITED)


def test_a_lost_connection_while_fetching_leaves_the_answer_to_be_fetched(base_url: str) -> None:
    external_id = with_provider(openai_at(base_url), lambda one: started(one).start(REQUEST))
    arm(base_url, server_error={"status": 503})
    assert failure_to_fetch(base_url, external_id).kind is FailureKind.UNAVAILABLE
    reply = with_provider(openai_at(base_url), lambda one: started(one).fetch(external_id, REQUEST))
    assert reply.text


@pytest.mark.parametrize("body", ["<html>", "[]", "{}", '{"object": "list"}', '"hello"'])
def test_what_is_not_this_api_is_told_as_such(body: str) -> None:
    with server_that_says(body) as base_url:
        assert failure_to_start(base_url).kind is FailureKind.NOT_THE_API
        assert failure_to_fetch(base_url).kind is FailureKind.NOT_THE_API


def test_a_start_that_breaks_off_may_have_been_paid_and_a_fetch_is_made_again() -> None:
    with server_that_says(response(status="completed"), is_cut=True) as base_url:
        assert failure_to_start(base_url).kind is FailureKind.TRUNCATED
        failure = failure_to_fetch(base_url)
    assert failure.kind is FailureKind.UNREACHABLE
    assert "was lost before it gave the response 'resp_1', which it keeps" in str(failure)


def test_an_answer_in_a_wrong_encoding_is_told_as_one() -> None:
    with server_that_says(b'{"object": "response", "id": "\xe9"}') as base_url:
        assert failure_to_start(base_url).kind is FailureKind.UNPARSABLE
        assert failure_to_fetch(base_url).kind is FailureKind.UNPARSABLE


def test_a_wrong_key_and_an_unknown_model_are_told(base_url: str) -> None:
    httpx.put(f"{base_url}/sandbox/keys", json={"accepted": ["any"]}).raise_for_status()
    assert failure_to_start(base_url, key="sk-wrong-1").kind is FailureKind.UNAUTHORIZED
    request = ChatRequest("nobody-has-this", PROMPT)
    with pytest.raises(ProviderError, match="has no model 'nobody-has-this'"):
        with_provider(openai_at(base_url), lambda one: started(one).start(request))


def test_a_fetch_that_is_no_longer_wanted_ends_at_once(base_url: str) -> None:
    change(base_url, LARGE, time_to_first_token_ms=30_000)

    async def use(provider: Provider) -> float:
        resumable = started(provider)
        external_id = await resumable.start(REQUEST)
        task = asyncio.create_task(resumable.fetch(external_id, REQUEST))
        await asyncio.sleep(0.2)
        told = time.perf_counter()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return time.perf_counter() - told

    assert with_provider(openai_at(base_url), use) < 0.5


def test_alternatives_of_tokens_are_told_where_they_are_asked_for(base_url: str) -> None:
    reply = answered(base_url, replace(REQUEST, top_logprobs=3))
    assert reply.token_logprobs is not None
    assert "".join(token.text for token in reply.token_logprobs) == reply.text
    assert {len(token.alternatives) for token in reply.token_logprobs} == {3}
    assert answered(base_url).token_logprobs is None
