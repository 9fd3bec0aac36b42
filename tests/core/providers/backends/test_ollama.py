"""What only Ollama has: the phases of a call, and counts that are left out when they are zero."""

import json
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from core.providers.backends.ollama import OllamaProvider
from core.providers.base import (
    RETRIED_KINDS,
    ChatRequest,
    FailureKind,
    HostingProvider,
    LoadedModel,
    ModelFacts,
    Provider,
    ProviderError,
    PullProgress,
)
from core.providers.ollama_api.names import with_tag
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


@contextmanager
def server_that_hears() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """A server that answers every chat alike and keeps what it was asked."""
    heard: list[dict[str, Any]] = []
    body = lines({"message": {**MESSAGE, "content": "Hello"}, "done": True}).encode()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            heard.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", heard
        finally:
            server.shutdown()
            thread.join()


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
    # The stand-in sleeps that long by another clock, which may be a little ahead of this one.
    assert figures["load_duration"] >= 0.95 * 40e6
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


def said(body: str, *, status: int = 200, headers: dict[str, str] | None = None) -> ProviderError:
    """The failure of a call to a server that says this."""
    with server_that_says(body, status=status, headers=headers) as base_url:
        failure = failure_of(ollama_at(base_url), "m")
    assert "\n" not in str(failure)
    assert "<html" not in str(failure)
    return failure


PAGE = "<!DOCTYPE html>\n<html><body>Sign in</body></html>\n"


@pytest.mark.parametrize("body", [PAGE, "\n" + PAGE, '["a", "list"]\n', "3\n", '{"other": 1}\n'])
def test_what_is_not_ollamas_api_is_told_and_is_final(body: str) -> None:
    failure = said(body)
    assert failure.kind is FailureKind.NOT_THE_API
    assert failure.kind not in RETRIED_KINDS
    assert "with something that is not Ollama's API; check OLLAMA_HOST." in str(failure)


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (404, PAGE, FailureKind.NOT_THE_API),
        (404, "404 page not found", FailureKind.NOT_THE_API),
        (400, PAGE, FailureKind.NOT_THE_API),
        (502, PAGE, FailureKind.UNAVAILABLE),
        (429, PAGE, FailureKind.RATE_LIMITED),
        (403, PAGE, FailureKind.UNAUTHORIZED),
        (401, '{"error": "unauthorized"}', FailureKind.UNAUTHORIZED),
        (404, '{"error": "model \'m\' not found"}', FailureKind.UNKNOWN_MODEL),
        (400, '{"error": "invalid options: seed"}', FailureKind.INVALID_REQUEST),
        (500, '{"error": "llama runner process has terminated"}', FailureKind.UNAVAILABLE),
        (503, '{"error": "server busy, please try again.  maximum"}', FailureKind.UNAVAILABLE),
        (500, "{}", FailureKind.UNAVAILABLE),
    ],
)
def test_every_status_has_its_kind_whoever_answers(
    status: int, body: str, kind: FailureKind
) -> None:
    failure = said(body, status=status)
    assert failure.kind is kind
    assert failure.http_status == status


def test_a_busy_server_is_quoted_on_one_line() -> None:
    failure = said('{"error": "server busy, please try again.  maximum pending"}', status=503)
    assert str(failure) == (
        "Ollama refused the call to 'm': server busy, please try again. maximum pending."
    )


def test_a_wait_of_an_hour_is_told_as_it_was_asked_for() -> None:
    failure = said('{"error": "slow"}', status=429, headers={"Retry-After": "3600"})
    assert (failure.kind, failure.retry_after_ms) == (FailureKind.RATE_LIMITED, 3_600_000)


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ({"html_page": {}}, FailureKind.NOT_THE_API),
        ({"html_page": {"status": 404}}, FailureKind.NOT_THE_API),
        ({"wrong_encoding": {}}, FailureKind.UNPARSABLE),
        ({"missing_end": {}}, FailureKind.TRUNCATED),
        ({"empty_answer": {}}, FailureKind.EMPTY),
        ({"cut_stream": {"after_tokens": 3, "how": "close"}}, FailureKind.TRUNCATED),
        ({"cut_stream": {"after_tokens": 3, "how": "error"}}, FailureKind.TRUNCATED),
        ({"rate_limit": {"retry_after_s": 3600}}, FailureKind.RATE_LIMITED),
        ({"outage": {"seconds": 5}}, FailureKind.UNAVAILABLE),
    ],
)
def test_each_fault_of_a_server_is_a_failure_of_its_kind(
    base_url: str, fault: dict[str, Any], kind: FailureKind
) -> None:
    arm(base_url, **fault)
    failure = failure_of(ollama_at(base_url), SMALL)
    assert failure.kind is kind


def test_bytes_that_are_no_utf_8_are_never_mended_in_silence(base_url: str) -> None:
    arm(base_url, wrong_encoding={})
    failure = failure_of(ollama_at(base_url), SMALL)
    assert str(failure) == (
        f"Ollama at {base_url} answered the call to '{SMALL}' in a wrong encoding: it is no "
        "UTF-8; mend the server, then retry."
    )
    assert ask(ollama_at(base_url), ChatRequest(SMALL, PROMPT)).text


def test_a_letter_cut_between_two_chunks_is_whole() -> None:
    text = "Grüße 🌈 " * 2000
    body = lines(
        {"message": {**MESSAGE, "content": text}, "done": False},
        {"message": MESSAGE, "done": True, "done_reason": "stop"},
    ).encode()
    raw = json.dumps(text)[1:-1].encode()
    with server_that_says(body.replace(raw, text.encode()).decode()) as base_url:
        assert ask(ollama_at(base_url), ChatRequest("m", PROMPT)).text == text


def test_nobody_at_the_address_is_unreachable() -> None:
    failure = failure_of(ollama_at("http://127.0.0.1:9"), "m")
    assert failure.kind is FailureKind.UNREACHABLE
    assert str(failure) == (
        "Ollama does not answer at http://127.0.0.1:9; start it, or set OLLAMA_HOST."
    )


def test_thoughts_are_kept_apart_from_the_answer(base_url: str) -> None:
    change(base_url, SMALL, reasoning_tokens=3)
    reply = ask(ollama_at(base_url), ChatRequest(SMALL, PROMPT))
    assert reply.reasoning_text == "hmm hmm hmm"
    assert "hmm" not in reply.text
    assert reply.timeline.first_chunk_ns is not None
    assert reply.timeline.time_to_first_token_ns is not None
    assert reply.timeline.first_chunk_ns < reply.timeline.time_to_first_token_ns
    silent = ask(ollama_at(base_url), ChatRequest(SMALL, PROMPT, reasoning_effort="off"))
    assert silent.reasoning_text is None


def test_thoughts_left_in_the_answer_are_taken_out_of_it() -> None:
    pieces = ("<thi", "nk>let me see</th", "ink>\n\n", "Hello", " you")
    body = lines(
        *({"message": {**MESSAGE, "content": piece}, "done": False} for piece in pieces),
        {"message": MESSAGE, "done": True, "done_reason": "stop"},
    )
    with server_that_says(body) as base_url:
        reply = ask(ollama_at(base_url), ChatRequest("m", PROMPT))
    assert (reply.text, reply.reasoning_text) == ("Hello you", "let me see")


def test_all_parameters_reach_ollama() -> None:
    request = ChatRequest(
        "m",
        PROMPT,
        system_prompt="Be brief.",
        temperature=0.2,
        top_p=0.9,
        max_tokens=7,
        seed=3,
        stop=("\n\n", "END"),
        json_mode=True,
        reasoning_effort="low",
    )
    with server_that_hears() as (base_url, heard):
        ask(OllamaProvider(base_url, 5, lambda: 0, keep_alive="15m"), request)
        ask(OllamaProvider(base_url, 5, lambda: 0, keep_alive="-1"), ChatRequest("m", PROMPT))
    first, second = heard
    assert first["messages"] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": PROMPT},
    ]
    assert first["options"] == {
        "temperature": 0.2,
        "top_p": 0.9,
        "num_predict": 7,
        "seed": 3,
        "stop": ["\n\n", "END"],
    }
    assert (first["format"], first["think"], first["keep_alive"]) == ("json", "low", "15m")
    assert second["keep_alive"] == -1
    assert not second.keys() & {"format", "think"}


def test_the_time_that_loading_took_is_told(base_url: str) -> None:
    change(base_url, SMALL, load_ms=60)
    reply = ask(ollama_at(base_url), ChatRequest(SMALL, PROMPT, max_tokens=3))
    assert reply.load_duration_ns is not None
    # The stand-in sleeps that long by another clock, which may be a little ahead of this one.
    assert reply.load_duration_ns >= 0.95 * 60e6
    assert reply.load_duration_ns == reply.provider_figures["load_duration"]


def test_the_settings_say_how_long_models_stay_in_memory(base_url: str) -> None:
    settings = Settings(ollama_host=base_url, ollama_keep_alive="0")
    provider = create_provider("ollama", settings, lambda: 0)
    ask(provider, ChatRequest(SMALL, PROMPT, max_tokens=2))
    assert with_provider(ollama_at(base_url), lambda one: as_host(one).loaded()) == []


def as_host(provider: Provider) -> HostingProvider:
    assert isinstance(provider, HostingProvider)
    return provider


def host_failure(base_url: str, use: Callable[[HostingProvider], Awaitable[Any]]) -> ProviderError:
    with pytest.raises(ProviderError) as raised:
        with_provider(ollama_at(base_url), lambda one: use(as_host(one)))
    assert str(raised.value).endswith(".")
    return raised.value


async def pulled(host: HostingProvider, model: str) -> list[PullProgress]:
    return [progress async for progress in host.pull(model)]


def test_a_model_is_shown_with_its_digest_and_context(base_url: str) -> None:
    facts = with_provider(ollama_at(base_url), lambda one: as_host(one).show(SMALL))
    assert facts == ModelFacts(
        name=SMALL,
        digest=facts.digest,
        size_bytes=2_000_000_000,
        parameter_size="3B",
        quantization="Q4_K_M",
        family="stand-in",
        context_length=4096,
        capabilities=("completion",),
    )
    installed = with_provider(ollama_at(base_url), lambda one: as_host(one).installed())
    assert facts.digest in [one.digest for one in installed]
    assert [one.name for one in installed] == sorted(one.name for one in installed)


def test_a_name_without_a_tag_is_the_latest(base_url: str) -> None:
    change(base_url, "tagless:latest", size=5)
    facts = with_provider(ollama_at(base_url), lambda one: as_host(one).show("tagless"))
    assert (facts.name, facts.size_bytes) == ("tagless:latest", 5)
    assert with_tag("hf.co/owner/repository") == "hf.co/owner/repository:latest"
    assert with_tag("registry:5000/a/b:1") == "registry:5000/a/b:1"


def test_a_model_is_loaded_seen_in_memory_and_unloaded(base_url: str) -> None:
    change(base_url, SMALL, load_ms=50, size_vram=3_000_000_000, size_cpu=1_000_000_000)

    async def walk(host: HostingProvider) -> tuple[int | None, list[LoadedModel], list[Any]]:
        took_ns = await host.load(SMALL)
        loaded = await host.loaded()
        await host.unload(SMALL)
        return took_ns, loaded, await host.loaded()

    took_ns, [loaded], after = with_provider(ollama_at(base_url), lambda one: walk(as_host(one)))
    assert loaded.name == SMALL
    assert (loaded.memory_bytes, loaded.gpu_memory_bytes) == (4_000_000_000, 3_000_000_000)
    assert loaded.context_length == 4096
    assert after == []
    # The stand-in's empty request tells no phases, as some versions of Ollama do.
    assert took_ns is None or took_ns > 0


def test_a_pull_tells_its_layers_and_ends_with_success(base_url: str) -> None:
    told = with_provider(ollama_at(base_url), lambda one: pulled(as_host(one), "stand-in-1b:q4"))
    assert told[0] == PullProgress("pulling manifest")
    assert told[-1] == PullProgress("success")
    sizes = {one.layer_digest: one.total_bytes for one in told if one.layer_digest}
    assert sum(size or 0 for size in sizes.values()) == 700_000_000


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("pull model manifest: file does not exist", FailureKind.UNKNOWN_MODEL),
        ('pull model manifest: 401: {"error":"Invalid username"}', FailureKind.INVALID_REQUEST),
        ('pull model manifest: 400: {"error":"is not GGUF"}', FailureKind.INVALID_REQUEST),
        ('pull model manifest: Get "https://r/v2": no such host', FailureKind.TRUNCATED),
        ("max retries exceeded: unexpected EOF", FailureKind.TRUNCATED),
        ("write /usr/share/ollama/x-partial: no space left on device", FailureKind.DISK_FULL),
        ("digest mismatch, file must be downloaded again", FailureKind.TRUNCATED),
    ],
)
def test_each_reason_a_pull_fails_for_has_its_kind(line: str, kind: FailureKind) -> None:
    body = lines({"status": "pulling manifest"}, {"error": line})
    with server_that_says(body) as base_url:
        assert host_failure(base_url, lambda host: pulled(host, "m")).kind is kind


@pytest.mark.parametrize("body", ["", '{"status": "pulling manifest"}\n'])
def test_a_pull_without_its_success_broke_off(body: str) -> None:
    with server_that_says(body) as base_url:
        failure = host_failure(base_url, lambda host: pulled(host, "m"))
    assert failure.kind is FailureKind.TRUNCATED


def test_a_page_instead_of_a_pull_is_not_the_api() -> None:
    with server_that_says(PAGE) as base_url:
        failure = host_failure(base_url, lambda host: pulled(host, "m"))
    assert failure.kind is FailureKind.NOT_THE_API


def test_a_model_that_is_not_there_can_be_neither_shown_nor_loaded_nor_removed(
    base_url: str,
) -> None:
    for use in (
        lambda host: host.show("nobody"),
        lambda host: host.load("nobody"),
        lambda host: host.remove("nobody"),
    ):
        assert host_failure(base_url, use).kind is FailureKind.UNKNOWN_MODEL


def test_a_removed_model_is_gone(base_url: str) -> None:
    async def walk(host: HostingProvider) -> list[ModelFacts]:
        await host.remove(SMALL)
        return await host.installed()

    left = with_provider(ollama_at(base_url), lambda one: walk(as_host(one)))
    assert SMALL not in [one.name for one in left]
