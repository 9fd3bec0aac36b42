"""What only OpenAI's API has: keys, quota, the empty role chunk and headers."""

import json
import time
import traceback
from collections.abc import Mapping

import httpx
import openai
import pytest
from pydantic import SecretStr

from core.providers.base import (
    RETRIED_KINDS,
    ChatReply,
    ChatRequest,
    FailureKind,
    ObservedLimits,
    Provider,
    ProviderError,
    Usage,
)
from core.providers.openai_api.chat import ChatProvider
from core.providers.openai_api.making import client_options
from core.providers.openai_api.service import Service
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
from tests.sandbox.server import free_port


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
def test_a_server_other_than_openai_may_need_no_key_and_a_line_end_is_no_part_of_one(
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
        ("content_filter", FailureKind.REFUSED, "The content filter cut the answer from 'm'"),
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


def test_thoughts_apart_from_the_answer_are_kept_apart_and_counted(base_url: str) -> None:
    change(base_url, LARGE, reasoning_tokens=3)
    reply = ask(openai_at(base_url), ChatRequest(LARGE, PROMPT, max_tokens=20))
    assert reply.reasoning_text == "Thought 1. Thought 2. Thought 3."
    assert "Thought" not in reply.text
    assert reply.usage.reasoning_tokens == 3
    assert reply.usage.completion_tokens == 20


def test_thoughts_inside_the_answer_are_taken_out_of_it(base_url: str) -> None:
    change(base_url, LARGE, reasoning_tokens=3, reasoning_shown="inline")
    reply = ask(openai_at(base_url), ChatRequest(LARGE, PROMPT))
    assert reply.reasoning_text == "Thought 1. Thought 2. Thought 3."
    assert "think" not in reply.text
    assert reply.text == reply.text.strip()


@pytest.mark.parametrize("shown", ["apart", "inline"])
def test_a_thought_is_the_first_chunk_but_not_the_first_token(base_url: str, shown: str) -> None:
    thinking = {"reasoning_tokens": 3, "reasoning_shown": shown}
    change(base_url, LARGE, **thinking, time_to_first_token_ms=200, jitter=0)
    timeline = ask(openai_at(base_url), ChatRequest(LARGE, PROMPT)).timeline
    assert timeline.first_chunk_ns is not None
    assert timeline.time_to_first_token_ns is not None
    assert timeline.first_chunk_ns < 190e6 < timeline.time_to_first_token_ns


def test_thoughts_that_use_up_the_limit_leave_an_empty_answer(base_url: str) -> None:
    change(base_url, LARGE, reasoning_tokens=8)
    with pytest.raises(ProviderError, match="reached its limit of tokens") as raised:
        ask(openai_at(base_url), ChatRequest(LARGE, PROMPT, max_tokens=8))
    assert raised.value.kind is FailureKind.EMPTY
    assert raised.value.finish_reason == "length"
    assert raised.value.usage.reasoning_tokens == 8


def test_stop_texts_and_the_effort_reach_the_server(base_url: str) -> None:
    request = ChatRequest(LARGE, PROMPT, stop=(".",), reasoning_effort="low")
    reply = ask(openai_at(base_url), request)
    assert "." not in reply.text
    [entry] = journal(base_url)
    assert entry["reasoning_effort"] == "low"


def test_json_mode_reaches_the_server(base_url: str) -> None:
    ask(openai_at(base_url), ChatRequest(LARGE, PROMPT, json_mode=True))
    assert journal(base_url)[0]["format"] == "json"


@pytest.mark.parametrize("kind", ["openai", "other"])
def test_the_limit_of_tokens_has_the_name_that_the_server_knows(base_url: str, kind: str) -> None:
    service = Service(
        address=base_url,
        address_name="x",
        clock=time.perf_counter_ns,
        timeout_s=5,
        is_openai=kind == "openai",
    )
    client = openai.AsyncOpenAI(base_url=f"{base_url}/v1", **client_options(service))
    ask(ChatProvider(service, client), ChatRequest(LARGE, PROMPT, max_tokens=5))
    wanted = "max_completion_tokens" if kind == "openai" else "max_tokens"
    assert journal(base_url)[0]["limited_by"] == wanted


def test_limits_are_learned_from_an_answer_and_from_a_refusal(base_url: str) -> None:
    limits = {"requests_per_minute": 2, "tokens_per_minute": 5000}
    httpx.put(f"{base_url}/sandbox/limits", json=limits).raise_for_status()

    async def use(provider: Provider) -> tuple[ChatReply, ProviderError]:
        request = ChatRequest(LARGE, PROMPT, max_tokens=5)
        await provider.chat(request)
        reply = await provider.chat(request)
        with pytest.raises(ProviderError) as raised:
            await provider.chat(request)
        return reply, raised.value

    reply, failure = with_provider(openai_at(base_url), use)
    assert reply.observed_limits == ObservedLimits(2, 5000)
    assert failure.observed_limits == ObservedLimits(2, 5000)
    assert failure.kind is FailureKind.RATE_LIMITED
    assert failure.retry_after_ms is not None
    assert 20_000 < failure.retry_after_ms <= 30_000


def test_a_wait_of_an_hour_is_told_as_one(base_url: str) -> None:
    arm(base_url, rate_limit={"times": 1, "retry_after_s": 3600})
    failure = failure_of(openai_at(base_url), LARGE)
    assert (failure.kind, failure.retry_after_ms) == (FailureKind.RATE_LIMITED, 3_600_000)


@pytest.mark.parametrize(
    ("status", "kind"), [(200, FailureKind.NOT_THE_API), (502, FailureKind.UNAVAILABLE)]
)
def test_a_page_is_no_answer_of_this_api(base_url: str, status: int, kind: FailureKind) -> None:
    arm(base_url, html_page={"status": status})
    failure = failure_of(openai_at(base_url), LARGE)
    assert failure.kind is kind
    assert "<" not in str(failure)


def test_an_answer_in_a_wrong_encoding_is_told_as_one(base_url: str) -> None:
    arm(base_url, wrong_encoding={})
    failure = failure_of(openai_at(base_url), LARGE)
    assert failure.kind is FailureKind.UNPARSABLE
    assert "it is no UTF-8" in str(failure)


def test_a_stream_without_its_last_message_is_truncated(base_url: str) -> None:
    arm(base_url, missing_end={})
    failure = failure_of(openai_at(base_url), LARGE)
    assert failure.kind is FailureKind.TRUNCATED
    assert failure.usage == Usage()


def test_an_answer_without_a_token_is_empty_and_was_paid(base_url: str) -> None:
    arm(base_url, empty_answer={})
    failure = failure_of(openai_at(base_url), LARGE)
    assert (failure.kind, failure.finish_reason) == (FailureKind.EMPTY, "stop")
    assert failure.usage.prompt_tokens


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ({"message": "Oops", "type": "server_error"}, FailureKind.TRUNCATED),
        ({"message": "No credit", "code": "insufficient_quota"}, FailureKind.QUOTA_EXHAUSTED),
        ({"message": "Slow", "code": "rate_limit_exceeded"}, FailureKind.RATE_LIMITED),
        ({"message": "Long", "type": "BadRequestError", "code": 400}, FailureKind.INVALID_REQUEST),
        ({"message": "Bad", "type": "invalid_request_error"}, FailureKind.INVALID_REQUEST),
        ({"message": "Key sk-abcdef123 is bad"}, FailureKind.TRUNCATED),
    ],
)
@pytest.mark.parametrize("as_events", [True, False])
def test_an_error_inside_an_answer_with_status_200_is_what_it_says(
    error: dict[str, object], kind: FailureKind, as_events: bool
) -> None:
    document = json.dumps({"error": error})
    body = f"data: {document}\n\n" if as_events else document
    headers = STREAM if as_events else {"content-type": "application/json"}
    with server_that_says(body, headers=headers) as base_url:
        failure = failure_of(openai_at(base_url), "m")
    assert failure.kind is kind
    assert failure.http_status is None
    assert "sk-abcdef123" not in str(failure)


@pytest.mark.parametrize(
    ("body", "kind_of_content"),
    [
        ('{"error": "Unexpected endpoint or method."}', "application/json"),
        ('{"choices": []}', "application/json; charset=utf-8"),
        ("[1, 2]", "application/json"),
        ("<html>", "text/html"),
        ("hello", "text/plain"),
        ("data: [1]\n\n", "text/event-stream"),
        ('data: {"hello": 1}\n\n', "text/event-stream"),
        ("data: hello\n\n", "text/event-stream"),
    ],
)
def test_what_is_not_this_api_is_told_as_such(body: str, kind_of_content: str) -> None:
    with server_that_says(body, headers={"content-type": kind_of_content}) as base_url:
        failure = failure_of(openai_at(base_url), "m")
    assert failure.kind is FailureKind.NOT_THE_API
    assert "check OPENAI_BASE_URL" in str(failure)


def test_a_last_event_that_is_cut_is_truncated() -> None:
    body = events(ROLE, HELLO) + 'data: {"id": "1", "cho\n\n'
    with server_that_says(body, headers=STREAM) as base_url:
        failure = failure_of(openai_at(base_url), "m")
    assert failure.kind is FailureKind.TRUNCATED


def test_a_connection_lost_before_the_answer_may_have_been_paid() -> None:
    with server_that_says("", headers=STREAM, is_cut=True) as base_url:
        failure = failure_of(openai_at(base_url), "m")
    assert failure.kind is FailureKind.TRUNCATED
    assert "the connection was lost" in str(failure)
    assert failure.was_silent


def test_a_refusal_of_the_model_is_final_and_told_as_such() -> None:
    refused = {"delta": {"refusal": "I cannot help with that."}, "finish_reason": None}
    with server_that_says(events(ROLE, refused, STOP), headers=STREAM) as base_url:
        failure = failure_of(openai_at(base_url), "m")
    assert failure.kind is FailureKind.REFUSED
    assert failure.kind not in RETRIED_KINDS


@pytest.mark.parametrize("state", ["accepted", "expired"])
def test_a_wrong_and_an_expired_key_are_unauthorized(base_url: str, state: str) -> None:
    good = "sk-good-12345"
    httpx.put(f"{base_url}/sandbox/keys", json={state: [good]}).raise_for_status()
    key = "sk-wrong-12345" if state == "accepted" else good
    failure = failure_of(openai_at(base_url, key=key), LARGE)
    assert failure.kind is FailureKind.UNAUTHORIZED
    assert ("has expired" in str(failure)) == (state == "expired")
    assert "OPENAI_API_KEY" in str(failure)
    assert "12345" not in str(failure)
    if state == "accepted":
        assert ask(openai_at(base_url, key=good), ChatRequest(LARGE, PROMPT)).text


def test_openai_itself_is_not_called_without_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    failure = failure_of(create_provider("openai", Settings(), time.perf_counter_ns), "gpt-4")
    assert failure.kind is FailureKind.UNAUTHORIZED
    assert str(failure) == (
        "https://api.openai.com/v1 needs a key and none is set; put it into OPENAI_API_KEY, "
        "or into a file that OPENAI_API_KEY_FILE names."
    )


def test_a_key_that_no_header_can_carry_is_told_before_a_call(base_url: str) -> None:
    failure = failure_of(openai_at(base_url, key="sk-\u2026"), LARGE)
    assert failure.kind is FailureKind.UNAUTHORIZED
    assert "\u2026" not in str(failure)
    assert journal(base_url) == []


def test_a_password_in_the_address_is_not_shown() -> None:
    base_url = f"http://127.0.0.1:{free_port()}/v1"
    settings = Settings(openai_base_url=base_url.replace("//", "//me:hidden@"))
    failure = failure_of(create_provider("openai", settings, time.perf_counter_ns), "m")
    assert failure.kind is FailureKind.UNREACHABLE
    assert "hidden" not in str(failure)
    assert base_url in str(failure)


def test_no_traceback_of_a_failure_holds_the_servers_echo_of_a_key() -> None:
    refusal = {"error": {"message": "Incorrect API key provided: sk-secret-123."}}
    with server_that_says(json.dumps(refusal), status=401) as base_url:
        failure = failure_of(openai_at(base_url, key="sk-secret-123"), LARGE)
    assert "sk-secret" not in "".join(traceback.format_exception(failure))


@pytest.mark.parametrize("body", ["<html>", "[]", '{"data": 1}'])
def test_a_list_of_models_that_is_none_is_not_this_api(body: str) -> None:
    with server_that_says(body) as base_url, pytest.raises(ProviderError) as raised:
        with_provider(openai_at(base_url), lambda one: one.list_models())
    assert raised.value.kind is FailureKind.NOT_THE_API
