"""What only OpenAI's API has: keys, quota, the empty role chunk and headers."""

import json
from collections.abc import Mapping

import pytest
from pydantic import SecretStr

from core.providers.base import ChatRequest, FailureKind
from core.providers.registry import create_provider
from core.settings import Settings
from tests.core.providers.helping import (
    LARGE,
    PROMPT,
    arm,
    ask,
    change,
    failure_of,
    journal,
    openai_at,
    server_that_says,
    with_provider,
)


def events(*choices: Mapping[str, object]) -> str:
    head = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    documents = [{**head, "choices": [{"index": 0, **choice}]} for choice in choices]
    return "".join(f"data: {json.dumps(document)}\n\n" for document in documents)


STREAM = {"content-type": "text/event-stream"}
ROLE = {"delta": {"role": "assistant", "content": ""}, "finish_reason": None}
HELLO = {"delta": {"content": "Hello"}, "finish_reason": None}
STOP = {"delta": {}, "finish_reason": "stop"}


def test_the_empty_role_chunk_is_not_the_first_token(base_url: str) -> None:
    change(base_url, LARGE, time_to_first_token_ms=10, jitter=0)
    arm(base_url, role_chunk_first_ms=195)
    timeline = ask(openai_at(base_url), ChatRequest(LARGE, PROMPT)).timeline
    assert timeline.first_chunk_ns is not None
    assert timeline.time_to_first_token_ns is not None
    assert timeline.time_to_first_token_ns >= 195e6
    assert timeline.first_chunk_ns < timeline.time_to_first_token_ns


def test_the_servers_own_figures_are_kept(base_url: str) -> None:
    reply = ask(openai_at(base_url), ChatRequest(LARGE, PROMPT))
    figures = reply.provider_figures
    assert figures["usage"]["prompt_tokens"] == reply.usage.prompt_tokens
    assert figures["usage"]["completion_tokens"] == reply.usage.completion_tokens
    assert figures["system_fingerprint"].startswith("fp_")
    assert figures["x-request-id"].startswith("req_")
    assert int(figures["openai-processing-ms"]) >= 0
    json.dumps(figures)


def test_a_key_that_is_not_accepted_is_told_without_showing_it() -> None:
    refusal = {"error": {"message": "Incorrect API key provided: sk-se***et.", "code": "bad_key"}}
    with server_that_says(json.dumps(refusal), status=401) as base_url:
        failure = failure_of(openai_at(base_url, key="sk-secret"), LARGE)
    assert failure.kind is FailureKind.UNAUTHORIZED
    assert failure.http_status == 401
    assert str(failure) == (
        f"{base_url}/v1 does not accept the key; set OPENAI_API_KEY to a valid one."
    )


@pytest.mark.parametrize("key", [None, "", " \n", "sk-from-a-file\n"])
def test_a_key_that_is_missing_or_has_a_line_end_still_makes_a_call(
    base_url: str, key: str | None
) -> None:
    settings = Settings(
        openai_base_url=f"{base_url}/v1", openai_api_key=None if key is None else SecretStr(key)
    )
    assert ask(create_provider("openai", settings, lambda: 0), ChatRequest(LARGE, PROMPT)).text


def test_an_account_without_credit_is_told_apart_from_a_rate_limit(base_url: str) -> None:
    arm(base_url, insufficient_quota={"times": 1})
    failure = failure_of(openai_at(base_url), LARGE)
    assert failure.kind is FailureKind.QUOTA_EXHAUSTED
    assert failure.http_status == 429
    assert "has no credit left; top it up" in str(failure)


def test_an_answer_of_nothing_is_empty_and_no_answer() -> None:
    with server_that_says(events(ROLE, STOP), headers=STREAM) as base_url:
        failure = failure_of(openai_at(base_url), "m")
    assert failure.kind is FailureKind.EMPTY
    assert str(failure) == "'m' gave an empty answer."
    assert (failure.finish_reason, failure.usage.is_known) == ("stop", False)


@pytest.mark.parametrize(
    ("finish_reason", "kind", "words"),
    [
        ("length", FailureKind.EMPTY, "reached its limit of tokens"),
        ("content_filter", FailureKind.EMPTY, "ended by 'content_filter'"),
        (None, FailureKind.TRUNCATED, "broke off before its end"),
    ],
)
def test_an_empty_or_cut_answer_tells_what_ended_it_and_what_it_used(
    finish_reason: str | None, kind: FailureKind, words: str
) -> None:
    usage = {"prompt_tokens": 9, "completion_tokens": 16, "total_tokens": 25}
    head = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    last = json.dumps({**head, "choices": [], "usage": usage})
    body = events(ROLE, {"delta": {}, "finish_reason": finish_reason}) + f"data: {last}\n\n"
    with server_that_says(body, headers=STREAM) as base_url:
        failure = failure_of(openai_at(base_url), "m")
    assert failure.kind is kind
    assert words in str(failure)
    assert failure.finish_reason == finish_reason
    assert (failure.usage.prompt_tokens, failure.usage.completion_tokens) == (9, 16)


def test_a_stream_that_ends_without_a_finish_reason_is_truncated() -> None:
    for body in (events(ROLE, HELLO), ""):
        with server_that_says(body, headers=STREAM) as base_url:
            failure = failure_of(openai_at(base_url), "m")
        assert failure.kind is FailureKind.TRUNCATED


def test_counts_that_a_server_does_not_give_are_unknown_and_not_zero() -> None:
    body = events(ROLE, HELLO, STOP) + "data: [DONE]\n\n"
    with server_that_says(body, headers=STREAM) as base_url:
        reply = ask(openai_at(base_url), ChatRequest("m", PROMPT))
    assert reply.text == "Hello"
    assert reply.finish_reason == "stop"
    assert reply.usage.prompt_tokens is None
    assert reply.usage.completion_tokens is None
    assert reply.provider_figures == {}


def test_a_stream_cut_after_it_began_is_truncated_and_not_unreachable(base_url: str) -> None:
    arm(base_url, cut_stream={"times": 1, "after_tokens": 3, "how": "close"})
    failure = failure_of(openai_at(base_url), LARGE)
    assert failure.kind is FailureKind.TRUNCATED
    [entry] = journal(base_url)
    assert (entry["outcome"], entry["answer_tokens"]) == ("cut", 3)


def test_the_settings_say_where_the_server_is_and_hold_the_key(base_url: str) -> None:
    settings = Settings(openai_base_url=f"{base_url}/v1", openai_api_key=SecretStr("sk-any"))
    names = with_provider(create_provider("openai", settings, lambda: 0), lambda p: p.list_models())
    assert LARGE in names
    assert "sk-any" not in repr(settings)
