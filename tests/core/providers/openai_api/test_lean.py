"""Answers that come whole fail in the same ways as streams do, and reach the server as they do."""

import json
import time
import traceback
from collections.abc import Iterator, Mapping
from dataclasses import replace
from http.server import BaseHTTPRequestHandler
from typing import Any, ClassVar

import pytest
from pydantic import SecretStr

from core.providers.base import (
    ChatRequest,
    FailureKind,
    ObservedLimits,
    Provider,
    ProviderError,
    TokenAlternatives,
)
from core.providers.registry import create_provider
from core.settings import Settings
from tests.core.providers.helping import (
    LARGE,
    PROMPT,
    arm,
    ask,
    failure_of,
    openai_at,
    server_that_says,
    serving,
    with_provider,
)
from tests.sandbox.server import free_port

USAGE = {"prompt_tokens": 9, "completion_tokens": 16, "total_tokens": 25}
WHOLE = ChatRequest(LARGE, PROMPT, is_streamed=False)


def completion(message: Mapping[str, object], finish_reason: str | None = "stop") -> str:
    choice = {"index": 0, "message": {"role": "assistant", **message}}
    choices = [{**choice, "finish_reason": finish_reason}]
    return json.dumps({"object": "chat.completion", "choices": choices, "usage": USAGE})


class Noting(BaseHTTPRequestHandler):
    """Answers every call, and keeps what was asked of whom over which connection."""

    protocol_version = "HTTP/1.1"
    asked: ClassVar[list[dict[str, Any]]] = []
    tells_logprobs = True

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.asked.append(
            {
                "path": self.path,
                "headers": {name.lower(): value for name, value in self.headers.items()},
                "body": body,
                "connection": self.client_address,
            }
        )
        refuses = "logprobs" in body and not self.tells_logprobs
        error = {"message": "Unsupported parameter: 'logprobs'.", "type": "invalid_request_error"}
        said = json.dumps({"error": error}) if refuses else completion({"content": "Hello"})
        answer = said.encode()
        self.send_response(400 if refuses else 200)
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def noting_server() -> Iterator[str]:
    Noting.asked.clear()
    with serving(Noting) as base_url:
        yield base_url


@pytest.fixture
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    return monkeypatch


def test_a_call_carries_the_key_and_the_body_that_the_official_client_sends(
    noting_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_ORG_ID", "org-1")
    request = ChatRequest("m", PROMPT, "Be brief.", temperature=0.5, stop=("x",), top_logprobs=3)
    # What comes back is no stream, but the request has gone out.
    failure_of_request(openai_at(noting_server, key="sk-1"), request)
    ask(openai_at(noting_server, key="sk-1"), replace(request, is_streamed=False))
    streamed, whole = Noting.asked
    assert streamed["path"] == whole["path"] == "/v1/chat/completions"
    for name in ("authorization", "openai-organization", "content-type", "user-agent"):
        assert whole["headers"][name] == streamed["headers"][name]
    assert whole["headers"]["authorization"] == "Bearer sk-1"
    body = streamed["body"]
    del body["stream"], body["stream_options"]
    assert whole["body"] == body


def test_azure_is_called_under_its_own_address_with_its_own_key(noting_server: str) -> None:
    settings = Settings(
        azure_openai_endpoint=noting_server,
        azure_openai_api_key=SecretStr("azure-key"),
        openai_api_version="2024-10-21",
    )
    provider = create_provider("azure", settings, time.perf_counter_ns)
    assert ask(provider, ChatRequest("my model", PROMPT, is_streamed=False)).text == "Hello"
    [asked] = Noting.asked
    path = "/openai/deployments/my%20model/chat/completions?api-version=2024-10-21"
    assert asked["path"] == path
    assert asked["headers"]["api-key"] == "azure-key"
    assert "authorization" not in asked["headers"]


def test_one_connection_serves_one_call_after_the_other(noting_server: str) -> None:
    async def use(provider: Provider) -> None:
        for _ in range(3):
            await provider.chat(WHOLE)

    with_provider(openai_at(noting_server), use)
    assert len(Noting.asked) == 3
    assert len({asked["connection"] for asked in Noting.asked}) == 1


def test_the_proxy_of_the_environment_is_used(
    noting_server: str, no_proxies: pytest.MonkeyPatch
) -> None:
    no_proxies.setenv("http_proxy", noting_server)
    assert ask(openai_at("http://models.example"), WHOLE).text == "Hello"
    assert Noting.asked[0]["path"] == "http://models.example/v1/chat/completions"
    no_proxies.setenv("http_proxy", f"http://127.0.0.1:{free_port()}")
    assert failure_of_request(openai_at(noting_server), WHOLE).kind is FailureKind.UNREACHABLE
    no_proxies.setenv("no_proxy", "127.0.0.1")
    assert ask(openai_at(noting_server), WHOLE).text == "Hello"


def test_what_the_lean_way_cannot_reach_goes_the_official_clients_way() -> None:
    choices = [{"index": 0, "delta": {"content": "Hello"}, "finish_reason": "stop"}]
    event = f"data: {json.dumps({'choices': choices})}\n\n"
    with server_that_says(event, headers={"content-type": "text/event-stream"}) as base_url:
        reply = ask(openai_at(base_url.replace("//", "//me:hidden@")), WHOLE)
    assert reply.text == "Hello"
    assert reply.timeline.time_to_first_token_ns is not None


def test_a_redirection_is_not_followed_with_the_key(noting_server: str) -> None:
    headers = {"location": f"{noting_server}/v1/chat/completions"}
    with server_that_says("", status=307, headers=headers) as base_url:
        failure = failure_of_request(openai_at(base_url), WHOLE)
    assert failure.kind is FailureKind.NOT_THE_API
    assert Noting.asked == []


def test_the_servers_figures_and_limits_are_kept(base_url: str) -> None:
    reply = ask(openai_at(base_url), WHOLE)
    figures = reply.provider_figures
    assert figures["usage"]["prompt_tokens"] == reply.usage.prompt_tokens
    assert figures["system_fingerprint"].startswith("fp_")
    assert figures["x-request-id"].startswith("req_")
    assert int(figures["openai-processing-ms"]) >= 0
    assert isinstance(reply.observed_limits, ObservedLimits)


@pytest.mark.parametrize(
    ("message", "finish_reason", "kind"),
    [
        ({"content": ""}, "stop", FailureKind.EMPTY),
        ({"content": None}, "length", FailureKind.EMPTY),
        ({"content": "He"}, "content_filter", FailureKind.REFUSED),
        ({"content": None, "refusal": "I cannot."}, "stop", FailureKind.REFUSED),
        ({"content": "Hello"}, None, FailureKind.TRUNCATED),
    ],
)
def test_an_answer_of_no_use_tells_what_ended_it_and_what_it_used(
    message: Mapping[str, object], finish_reason: str | None, kind: FailureKind
) -> None:
    limits = {"x-ratelimit-limit-requests": "7"}
    with server_that_says(completion(message, finish_reason), headers=limits) as base_url:
        failure = failure_of_request(openai_at(base_url), WHOLE)
    assert failure.kind is kind
    assert failure.finish_reason == finish_reason
    assert (failure.usage.prompt_tokens, failure.usage.completion_tokens) == (9, 16)
    assert failure.observed_limits == ObservedLimits(7.0)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("<html>", FailureKind.NOT_THE_API),
        ("", FailureKind.NOT_THE_API),
        ("[1, 2]", FailureKind.NOT_THE_API),
        ("[" * 100_000, FailureKind.NOT_THE_API),
        ('{"hello": 1}', FailureKind.NOT_THE_API),
        ('{"error": "Unexpected endpoint."}', FailureKind.NOT_THE_API),
        ('{"object": "chat.completion", "choices"', FailureKind.TRUNCATED),
        ('{"error": {"message": "Oops", "type": "server_error"}}', FailureKind.TRUNCATED),
        ('{"error": {"message": "Slow", "code": "rate_limit_exceeded"}}', FailureKind.RATE_LIMITED),
        ('{"error": {"message": "x", "code": "insufficient_quota"}}', FailureKind.QUOTA_EXHAUSTED),
    ],
)
def test_what_is_no_answer_has_the_kind_that_it_has_in_a_stream(
    body: str, kind: FailureKind
) -> None:
    with server_that_says(body) as base_url:
        assert failure_of_request(openai_at(base_url), WHOLE).kind is kind


def test_an_answer_that_breaks_off_in_the_middle_was_not_silent() -> None:
    with server_that_says(completion({"content": "Hello"}), is_cut=True) as base_url:
        failure = failure_of_request(openai_at(base_url), WHOLE)
    assert failure.kind is FailureKind.TRUNCATED
    assert not failure.was_silent


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ({"wrong_encoding": {}}, FailureKind.UNPARSABLE),
        ({"missing_end": {}}, FailureKind.TRUNCATED),
        ({"empty_answer": {}}, FailureKind.EMPTY),
        ({"insufficient_quota": {}}, FailureKind.QUOTA_EXHAUSTED),
        ({"html_page": {"status": 502}}, FailureKind.UNAVAILABLE),
    ],
)
def test_faults_of_the_server_have_the_kinds_that_they_have_in_a_stream(
    base_url: str, fault: dict[str, Any], kind: FailureKind
) -> None:
    arm(base_url, **fault)
    assert failure_of(openai_at(base_url), LARGE, is_streamed=False).kind is kind
    arm(base_url, **fault)
    assert failure_of(openai_at(base_url), LARGE).kind is kind


def test_no_traceback_of_a_failure_holds_the_servers_echo_of_a_key() -> None:
    refusal = {"error": {"message": "Incorrect API key provided: sk-secret-123."}}
    with server_that_says(json.dumps(refusal), status=401) as base_url:
        failure = failure_of_request(openai_at(base_url, key="sk-secret-123"), WHOLE)
    assert failure.kind is FailureKind.UNAUTHORIZED
    assert "sk-secret" not in "".join(traceback.format_exception(failure))


@pytest.mark.parametrize(
    "logprobs",
    [
        {"content": None},
        {"content": []},
        {"content": [{"token": "Hi"}]},
        {"content": [{"token": "Hi", "logprob": "low"}]},
        "none",
    ],
)
def test_log_probabilities_that_are_not_whole_are_unknown_and_no_failure(logprobs: object) -> None:
    body = json.loads(completion({"content": "Hi"}))
    body["choices"][0]["logprobs"] = logprobs
    with server_that_says(json.dumps(body)) as base_url:
        reply = ask(openai_at(base_url), replace(WHOLE, top_logprobs=2))
    assert (reply.text, reply.token_logprobs) == ("Hi", None)


@pytest.mark.parametrize("is_streamed", [True, False])
def test_a_model_that_refuses_log_probabilities_is_said_to_tell_none_and_not_asked_again(
    noting_server: str, monkeypatch: pytest.MonkeyPatch, is_streamed: bool
) -> None:
    monkeypatch.setattr(Noting, "tells_logprobs", False)
    request = replace(WHOLE, top_logprobs=5, is_streamed=is_streamed)
    failure = failure_of_request(openai_at(noting_server), request)
    assert failure.kind is FailureKind.INVALID_REQUEST
    assert str(failure) == (
        f"{LARGE!r} tells no probabilities of its tokens; read the score from the reply instead."
    )
    assert len(Noting.asked) == 1


def test_half_a_pair_of_surrogates_is_read_as_in_a_stream() -> None:
    with server_that_says(completion({"content": "a\ud800b"})) as base_url:
        reply = ask(openai_at(base_url), WHOLE)
    assert (reply.text, reply.usage.completion_tokens) == ("a\ud800b", 16)


def test_brackets_thousands_deep_are_a_failure_like_any_broken_answer() -> None:
    deep = completion({"content": "Hi"}).replace('"Hi"', "[" * 100_000)
    with server_that_says(deep) as base_url:
        assert failure_of_request(openai_at(base_url), WHOLE).kind is FailureKind.TRUNCATED


def test_a_token_that_could_never_come_is_no_alternative() -> None:
    alternatives = [{"token": "7", "logprob": -2.5}, {"token": "8", "logprob": -0.25}]
    told = {"token": "8", "logprob": -0.25, "top_logprobs": [*alternatives, {"token": "9"}]}
    body = json.loads(completion({"content": "8"}))
    body["choices"][0]["logprobs"] = {"content": [told]}
    with server_that_says(json.dumps(body)) as base_url:
        reply = ask(openai_at(base_url), replace(WHOLE, top_logprobs=3))
    expected = TokenAlternatives("8", -0.25, (("8", -0.25), ("7", -2.5)))
    assert reply.token_logprobs == (expected,)


def failure_of_request(provider: Provider, request: ChatRequest) -> ProviderError:
    with pytest.raises(ProviderError) as raised:
        ask(provider, request)
    assert str(raised.value).endswith((".", "!"))
    return raised.value
