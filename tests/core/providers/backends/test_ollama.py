"""What only Ollama has: the phases of a call, and counts that are left out when they are zero."""

import json

from core.providers.base import ChatRequest, FailureKind
from core.providers.registry import create_provider
from core.settings import Settings
from tests.core.providers.helping import (
    PROMPT,
    SMALL,
    arm,
    ask,
    change,
    failure_of,
    ollama_at,
    server_that_says,
    with_provider,
)

MESSAGE = {"role": "assistant", "content": ""}


def lines(*documents: dict[str, object]) -> str:
    return "".join(json.dumps({"model": "m", **document}) + "\n" for document in documents)


def test_ollamas_own_phases_are_kept_under_its_names(base_url: str) -> None:
    change(base_url, SMALL, time_to_first_token_ms=60, ms_per_token=2, jitter=0, load_ms=40)
    reply = ask(ollama_at(base_url), ChatRequest(SMALL, PROMPT, max_tokens=20))
    figures = reply.provider_figures
    assert set(figures) == {
        "total_duration",
        "load_duration",
        "prompt_eval_count",
        "prompt_eval_duration",
        "eval_count",
        "eval_duration",
    }
    assert figures["eval_count"] == reply.usage.completion_tokens == 20
    assert figures["prompt_eval_count"] == reply.usage.prompt_tokens
    assert figures["load_duration"] >= 40e6
    # The stand-in sleeps that long by another clock, which may be a little ahead of this one.
    assert figures["prompt_eval_duration"] >= 0.95 * 60e6
    assert figures["eval_duration"] > 0
    phases = ("load_duration", "prompt_eval_duration", "eval_duration")
    assert sum(figures[phase] for phase in phases) <= figures["total_duration"]
    assert figures["total_duration"] <= reply.timeline.duration_ns


def test_counts_that_ollama_leaves_out_are_unknown_and_not_zero() -> None:
    body = lines(
        {"message": {**MESSAGE, "content": "Hello"}, "done": False},
        {"message": MESSAGE, "done": True, "done_reason": "stop", "eval_count": 2},
    )
    with server_that_says(body) as base_url:
        reply = ask(ollama_at(base_url), ChatRequest("m", PROMPT))
    assert reply.text == "Hello"
    assert reply.usage.prompt_tokens is None
    assert reply.usage.completion_tokens == 2
    assert reply.provider_figures == {"eval_count": 2}


def test_an_answer_of_nothing_is_empty_and_no_answer() -> None:
    body = lines(
        {"message": {**MESSAGE, "content": " \n"}, "done": False},
        {"message": MESSAGE, "done": True, "done_reason": "stop"},
    )
    with server_that_says(body) as base_url:
        failure = failure_of(ollama_at(base_url), "m")
    assert failure.kind is FailureKind.EMPTY
    assert str(failure) == "Ollama's model 'm' gave an empty answer."
    assert (failure.finish_reason, failure.usage.is_known) == ("stop", False)


def test_an_empty_answer_tells_what_ended_it_and_what_it_used() -> None:
    used = {"done": True, "done_reason": "length", "prompt_eval_count": 9, "eval_count": 16}
    with server_that_says(lines({"message": MESSAGE, **used})) as base_url:
        failure = failure_of(ollama_at(base_url), "m")
    assert failure.kind is FailureKind.EMPTY
    assert str(failure).endswith(
        "since it reached its limit of tokens before any text; raise max_tokens."
    )
    assert failure.finish_reason == "length"
    assert (failure.usage.prompt_tokens, failure.usage.completion_tokens) == (9, 16)


def test_a_stream_that_ends_without_its_last_line_is_truncated() -> None:
    body = lines({"message": {**MESSAGE, "content": "Hel"}, "done": False})
    for cut_body in (body, ""):
        with server_that_says(cut_body) as base_url:
            failure = failure_of(ollama_at(base_url), "m")
        assert failure.kind is FailureKind.TRUNCATED


def test_a_line_that_is_cut_in_the_middle_is_truncated() -> None:
    with server_that_says('{"model": "m", "message": {"role": "assis') as base_url:
        failure = failure_of(ollama_at(base_url), "m")
    assert failure.kind is FailureKind.TRUNCATED


def test_an_unknown_model_says_how_to_get_it(base_url: str) -> None:
    failure = failure_of(ollama_at(base_url), "nobody-has-this")
    assert str(failure) == (
        "Ollama has no model 'nobody-has-this'; pull it with: ollama pull nobody-has-this."
    )


def test_an_error_inside_a_stream_has_no_http_status_of_its_own(base_url: str) -> None:
    arm(base_url, cut_stream={"times": 1, "after_tokens": 3})
    failure = failure_of(ollama_at(base_url), SMALL)
    assert failure.kind is FailureKind.TRUNCATED
    assert failure.http_status is None
    assert "unexpected EOF" in str(failure)


def test_the_settings_say_where_ollama_is(base_url: str) -> None:
    settings = Settings(ollama_host=base_url)
    names = with_provider(create_provider("ollama", settings, lambda: 0), lambda p: p.list_models())
    assert SMALL in names
