"""What holds for both backends, streamed and whole: the same calls, kinds of failure, sentences."""

import json
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from core.providers.base import (
    ChatRequest,
    FailureKind,
    Provider,
    ProviderError,
)
from tests.core.providers.helping import (
    LARGE,
    PROMPT,
    SMALL,
    arm,
    ask,
    change,
    failure_of,
    journal,
    ollama_at,
    openai_at,
    server_that_hangs_up,
    server_that_says,
    with_provider,
)
from tests.sandbox.examples import BRIEFING, SCORE_SCHEMA, rating_prompt
from tests.sandbox.server import free_port


@dataclass(frozen=True)
class Backend:
    at: Callable[..., Provider]
    model: str
    is_streamed: bool = True

    def request(self, **fields: Any) -> ChatRequest:
        return ChatRequest(self.model, PROMPT, is_streamed=self.is_streamed, **fields)

    def failure(self, base_url: str, model: str | None = None, **options: float) -> ProviderError:
        provider = self.at(base_url, **options)
        return failure_of(provider, model or self.model, is_streamed=self.is_streamed)


STREAMED = [
    pytest.param(Backend(ollama_at, SMALL), id="ollama"),
    pytest.param(Backend(openai_at, LARGE), id="openai"),
]
WHOLE = [
    pytest.param(Backend(ollama_at, SMALL, is_streamed=False), id="ollama-whole"),
    pytest.param(Backend(openai_at, LARGE, is_streamed=False), id="openai-whole"),
]
both = pytest.mark.parametrize("backend", [*STREAMED, *WHOLE])
streamed = pytest.mark.parametrize("backend", STREAMED)
whole = pytest.mark.parametrize("backend", WHOLE)


@both
def test_an_answer_has_the_text_and_the_counts_of_the_server(
    base_url: str, backend: Backend
) -> None:
    reply = ask(backend.at(base_url), backend.request())
    [entry] = journal(base_url)
    assert reply.text.strip() == reply.text != ""
    assert reply.finish_reason == "stop"
    assert reply.model_reported == backend.model
    assert reply.usage.prompt_tokens == entry["prompt_tokens"]
    assert reply.usage.completion_tokens == entry["answer_tokens"]
    assert entry["outcome"] == "complete"
    assert entry["stream"] is backend.is_streamed


@both
def test_every_parameter_reaches_the_server(base_url: str, backend: Backend) -> None:
    request = backend.request(system_prompt="Be brief.", temperature=0.3, max_tokens=7, seed=11)
    reply = ask(backend.at(base_url), request)
    [entry] = journal(base_url)
    assert {name: entry[name] for name in ("messages", "temperature", "max_tokens", "seed")} == {
        "messages": 2,
        "temperature": 0.3,
        "max_tokens": 7,
        "seed": 11,
    }
    assert reply.finish_reason == "length"
    assert reply.usage.completion_tokens == 7


@both
def test_what_is_not_set_is_left_to_the_server(base_url: str, backend: Backend) -> None:
    ask(backend.at(base_url), backend.request())
    [entry] = journal(base_url)
    assert (entry["messages"], entry["seed"], entry["max_tokens"]) == (1, None, None)
    assert entry["format"] == "text"


@both
def test_a_schema_is_asked_for(base_url: str, backend: Backend) -> None:
    ask(backend.at(base_url), backend.request(json_schema=SCORE_SCHEMA))
    [entry] = journal(base_url)
    assert entry["format"] == "json_schema"


@both
def test_the_same_seed_gives_the_same_text(base_url: str, backend: Backend) -> None:
    request = backend.request(temperature=0.7, seed=3)
    assert ask(backend.at(base_url), request).text == ask(backend.at(base_url), request).text


@streamed
def test_the_first_token_is_never_timed_before_it_can_have_come(
    base_url: str, backend: Backend
) -> None:
    change(base_url, backend.model, time_to_first_token_ms=150, ms_per_token=2, jitter=0)
    timeline = ask(backend.at(base_url), backend.request(max_tokens=20)).timeline
    first, last = timeline.time_to_first_token_ns, timeline.last_token_ns
    assert timeline.first_chunk_ns is not None
    assert first is not None
    assert last is not None
    assert first >= 150e6
    # Nineteen more tokens, two milliseconds each.
    assert last >= 188e6
    assert timeline.duration_ns is not None
    assert timeline.first_chunk_ns <= first <= last <= timeline.duration_ns


@both
def test_the_models_on_offer_are_listed_in_order(base_url: str, backend: Backend) -> None:
    names = with_provider(backend.at(base_url), lambda provider: provider.list_models())
    assert backend.model in names
    assert names == sorted(names)


@both
def test_an_unknown_model_is_told_apart(base_url: str, backend: Backend) -> None:
    failure = backend.failure(base_url, "nobody-has-this")
    assert failure.kind is FailureKind.UNKNOWN_MODEL
    assert failure.http_status == 404
    assert "'nobody-has-this'" in str(failure)


@both
def test_a_rate_limit_says_when_to_come_again(base_url: str, backend: Backend) -> None:
    arm(base_url, rate_limit={"times": 1, "retry_after_s": 3})
    failure = backend.failure(base_url)
    assert failure.kind is FailureKind.RATE_LIMITED
    assert failure.http_status == 429
    assert failure.retry_after_ms == 3000


@both
def test_an_outage_is_unavailable(base_url: str, backend: Backend) -> None:
    arm(base_url, outage={"seconds": 30})
    failure = backend.failure(base_url)
    assert failure.kind is FailureKind.UNAVAILABLE
    assert failure.http_status == 503
    assert failure.retry_after_ms is None


@both
@pytest.mark.parametrize("status", [500, 502])
def test_an_error_of_the_server_is_unavailable(
    base_url: str, backend: Backend, status: int
) -> None:
    arm(base_url, server_error={"times": 1, "status": status})
    failure = backend.failure(base_url)
    assert failure.kind is FailureKind.UNAVAILABLE
    assert failure.http_status == status
    assert len(journal(base_url)) == 1, "the client must not try again by itself"


@streamed
@pytest.mark.parametrize("how", ["error", "close"])
def test_a_stream_that_breaks_off_is_truncated(base_url: str, backend: Backend, how: str) -> None:
    arm(base_url, cut_stream={"times": 1, "after_tokens": 3, "how": how})
    failure = backend.failure(base_url)
    assert failure.kind is FailureKind.TRUNCATED
    assert "broke off" in str(failure) or "refused" in str(failure)
    assert failure.http_status is None


@both
def test_a_port_that_nobody_listens_on_is_unreachable(backend: Backend) -> None:
    base_url = f"http://127.0.0.1:{free_port()}"
    failure = backend.failure(base_url)
    assert failure.kind is FailureKind.UNREACHABLE
    assert base_url in str(failure)
    assert failure.http_status is None


@both
@pytest.mark.parametrize(
    "slow",
    [
        pytest.param({"time_to_first_token_ms": 5000}, id="before the first token"),
        pytest.param({"time_to_first_token_ms": 1, "ms_per_token": 5000}, id="between tokens"),
        pytest.param({"time_to_first_token_ms": 1, "ms_per_token": 150}, id="token by token"),
    ],
)
def test_an_answer_that_takes_too_long_is_a_time_out(
    base_url: str, backend: Backend, slow: dict[str, Any]
) -> None:
    change(base_url, backend.model, jitter=0, **slow)
    failure = backend.failure(base_url, timeout_s=0.4)
    assert failure.kind is FailureKind.TIMEOUT
    assert "raise SLAM_REQUEST_TIMEOUT_S" in str(failure)


@both
def test_a_request_that_cannot_be_served_is_invalid(backend: Backend) -> None:
    with server_that_says('{"error": "context too long"}', status=400) as base_url:
        failure = backend.failure(base_url)
    assert failure.kind is FailureKind.INVALID_REQUEST
    assert failure.http_status == 400


@both
def test_a_page_instead_of_an_answer_is_no_answer(backend: Backend) -> None:
    headers = {"content-type": "text/event-stream"}
    with server_that_says("data: <html>\n\n", headers=headers) as base_url:
        failure = backend.failure(base_url)
    assert failure.kind is FailureKind.NOT_THE_API


@both
def test_listing_at_a_port_that_nobody_listens_on_is_unreachable(backend: Backend) -> None:
    provider = backend.at(f"http://127.0.0.1:{free_port()}")
    with pytest.raises(ProviderError) as raised:
        with_provider(provider, lambda one: one.list_models())
    assert raised.value.kind is FailureKind.UNREACHABLE


@whole
def test_an_answer_that_comes_whole_has_a_duration_and_no_times_of_tokens(
    base_url: str, backend: Backend
) -> None:
    change(base_url, backend.model, time_to_first_token_ms=150, ms_per_token=0, jitter=0)
    timeline = ask(backend.at(base_url), backend.request()).timeline
    assert timeline.duration_ns is not None
    assert timeline.duration_ns >= 150e6
    others = (timeline.first_chunk_ns, timeline.time_to_first_token_ns, timeline.last_token_ns)
    assert others == (None, None, None)


@whole
def test_thoughts_inside_a_whole_answer_are_taken_out_of_it(backend: Backend) -> None:
    message = {"role": "assistant", "content": "<think>\nHm.\n</think>\n\nSeven."}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    both_apis = {"choices": [choice], "message": message, "done": True, "done_reason": "stop"}
    with server_that_says(json.dumps(both_apis)) as base_url:
        reply = ask(backend.at(base_url), backend.request())
    assert (reply.text, reply.reasoning_text) == ("Seven.", "Hm.")
    assert reply.timeline.time_to_first_token_ns is None


@whole
def test_a_connection_lost_before_a_whole_answer_was_silent(backend: Backend) -> None:
    with server_that_hangs_up() as base_url:
        failure = backend.failure(base_url)
    assert failure.kind is FailureKind.TRUNCATED
    assert "the connection was lost" in str(failure)
    assert failure.was_silent


@both
def test_alternatives_of_tokens_are_told_where_they_are_asked_for(
    base_url: str, backend: Backend
) -> None:
    change(base_url, backend.model, bad_judge_rate=0)
    prompt = rating_prompt(BRIEFING, "The budget slides are done.")
    request = replace(backend.request(json_schema=SCORE_SCHEMA, top_logprobs=11), prompt=prompt)
    reply = ask(backend.at(base_url), request)
    assert reply.token_logprobs is not None
    assert "".join(token.text for token in reply.token_logprobs) == reply.text
    [score] = [token for token in reply.token_logprobs if token.text.strip().isdigit()][-1:]
    assert int(score.text) == json.loads(reply.text)["score"]
    chances = [math.exp(logprob) for _, logprob in score.alternatives]
    assert chances == sorted(chances, reverse=True)
    assert {int(text) for text, _ in score.alternatives} == set(range(11))
    assert sum(chances) == pytest.approx(1, abs=0.01)
    assert dict(score.alternatives)[score.text] == score.logprob


@both
def test_alternatives_are_unknown_where_they_are_not_asked_for(
    base_url: str, backend: Backend
) -> None:
    assert ask(backend.at(base_url), backend.request()).token_logprobs is None
