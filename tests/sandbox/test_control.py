"""Faults, models and the journal: what tests of other parts rely on."""

import asyncio
import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import ollama
import openai
import pytest

from tests.sandbox.examples import BRIEFING
from tests.sandbox.server import free_port, running_sandbox

SMALL, LARGE = "stand-in-3b:q4", "stand-in-gpt-4"
MESSAGES: list[Any] = [{"role": "user", "content": BRIEFING}]


def arm(base_url: str, faults: dict[str, Any], model: str | None = None) -> None:
    address = f"{base_url}/sandbox/faults" + (f"/{model}" if model else "")
    httpx.put(address, json=faults).raise_for_status()


def ask_small(base_url: str) -> list[tuple[float, str]]:
    """Stream from the small model; give when each token came, and the token."""

    async def run() -> list[tuple[float, str]]:
        async with ollama.AsyncClient(base_url) as client:
            parts = await client.chat(SMALL, MESSAGES, stream=True)
            return [(time.perf_counter(), part.message.content or "") async for part in parts]

    return asyncio.run(run())


def ask_large(base_url: str) -> list[tuple[float, Any]]:
    """Stream from the large model; give when each chunk came, and the chunk."""

    async def run() -> list[tuple[float, Any]]:
        url = f"{base_url}/v1"
        async with openai.AsyncOpenAI(base_url=url, api_key="any", max_retries=0) as client:
            chunks = await client.chat.completions.create(
                model=LARGE, messages=MESSAGES, stream=True
            )
            return [(time.perf_counter(), chunk) async for chunk in chunks]

    return asyncio.run(run())


def requests(base_url: str, **wanted: str) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = httpx.get(f"{base_url}/sandbox/requests", params=wanted).json()[
        "requests"
    ]
    return listed


def test_a_rate_limit_strikes_as_often_as_told_and_says_when_to_come_again(base_url: str) -> None:
    arm(base_url, {"rate_limit": {"times": 2, "retry_after_s": 1}})
    with pytest.raises(openai.RateLimitError) as raised:
        ask_large(base_url)
    assert raised.value.code == "rate_limit_exceeded"
    assert raised.value.response.headers["retry-after"] == "1"
    with pytest.raises(ollama.ResponseError) as refused:
        ask_small(base_url)
    assert refused.value.status_code == 429
    assert ask_large(base_url)


def test_an_empty_purse_is_told_apart_from_a_rate_limit(base_url: str) -> None:
    arm(base_url, {"insufficient_quota": {"times": 1}}, LARGE)
    with pytest.raises(openai.RateLimitError) as raised:
        ask_large(base_url)
    assert raised.value.code == "insufficient_quota"


def test_an_outage_refuses_everything_until_it_is_over(base_url: str) -> None:
    arm(base_url, {"outage": {"seconds": 0.6}})
    with pytest.raises(openai.InternalServerError, match="overloaded"):
        ask_large(base_url)
    with pytest.raises(ollama.ResponseError, match="server busy"):
        ask_small(base_url)
    assert httpx.get(f"{base_url}/api/tags").status_code == 503
    time.sleep(0.6)
    assert ask_small(base_url)


def test_a_fault_of_one_model_leaves_the_others_alone(base_url: str) -> None:
    arm(base_url, {"server_error": {"times": 1, "status": 502}}, SMALL)
    assert ask_large(base_url)
    with pytest.raises(ollama.ResponseError) as raised:
        ask_small(base_url)
    assert raised.value.status_code == 502


def test_a_stream_can_be_cut_with_an_error_in_it(base_url: str) -> None:
    arm(base_url, {"cut_stream": {"after_tokens": 8, "times": 2}})
    with pytest.raises(ollama.ResponseError, match="unexpected EOF"):
        ask_small(base_url)
    with pytest.raises(openai.APIError, match="had an error"):
        ask_large(base_url)
    assert [one["answer_tokens"] for one in requests(base_url, outcome="cut")] == [8, 8]


def test_a_stream_can_be_cut_by_closing_the_connection(base_url: str) -> None:
    arm(base_url, {"cut_stream": {"after_tokens": 8, "times": 2, "how": "close"}})
    with pytest.raises(httpx.RemoteProtocolError):
        ask_small(base_url)
    with pytest.raises((openai.APIConnectionError, httpx.RemoteProtocolError)):
        ask_large(base_url)


def test_a_stream_can_stall_once(base_url: str) -> None:
    arm(base_url, {"stall": {"after_tokens": 5, "ms": 500, "times": 1}})
    times = [at for at, _ in ask_small(base_url)]
    gaps = [later - earlier for earlier, later in pairwise(times)]
    assert 0.4 < gaps[4] < 0.9
    assert max(gaps[:4] + gaps[5:]) < 0.4


def test_the_role_chunk_can_come_long_before_the_first_token(base_url: str) -> None:
    arm(base_url, {"role_chunk_first_ms": 195}, LARGE)
    (role_at, role), (token_at, token), *_ = ask_large(base_url)
    assert role.choices[0].delta.content == ""
    assert token.choices[0].delta.content
    assert 0.15 < token_at - role_at < 0.4


def test_unknown_faults_and_settings_are_refused(base_url: str) -> None:
    unknown: list[Any] = [{"earthquake": {}}, {"stall": {"sec": 1}}]
    wrongs = [*unknown, {"outage": {"seconds": "x"}}, []]
    for wrong in wrongs:
        reply = httpx.put(f"{base_url}/sandbox/faults", json=wrong)
        assert reply.status_code == 400
        assert reply.json()["error"]


def test_armed_faults_are_listed_until_they_are_spent_or_cleared(base_url: str) -> None:
    arm(base_url, {"stall": {"times": 1}, "rate_limit": {"times": None}}, SMALL)
    faults = httpx.get(f"{base_url}/sandbox/faults").json()
    assert set(faults[SMALL]) == {"stall", "rate_limit"}
    arm(base_url, {"rate_limit": None}, SMALL)
    ask_small(base_url)
    assert httpx.get(f"{base_url}/sandbox/faults").json() == {}


def test_a_model_can_be_changed_and_made(base_url: str) -> None:
    slow = {"time_to_first_token_ms": 400, "ms_per_token": 1, "jitter": 0, "load_ms": 0}
    made = httpx.put(f"{base_url}/sandbox/models/my-model:latest", json=slow)
    assert made.json()["provider"] == "ollama"
    body = {"model": "my-model", "prompt": "Hi", "stream": False}
    reply = httpx.post(f"{base_url}/api/generate", json=body).json()
    assert 0.39e9 < reply["prompt_eval_duration"] < 0.6e9
    wrong = httpx.put(f"{base_url}/sandbox/models/{SMALL}", json={"quality": 2})
    assert (wrong.status_code, "from 0 to 1" in wrong.text) == (400, True)


def test_the_journal_counts_real_calls(base_url: str) -> None:
    ask_small(base_url)
    ask_large(base_url)
    httpx.post(f"{base_url}/api/chat", json={"model": "x"})
    small, large, unknown = requests(base_url)
    assert (small["path"], small["model"], small["messages"]) == ("/api/chat", SMALL, 1)
    assert (large["outcome"], large["purpose"], large["stream"]) == ("complete", "text", True)
    assert (unknown["status"], unknown["outcome"]) == (404, "refused")
    assert len(requests(base_url, model=SMALL, status="200")) == 1
    httpx.delete(f"{base_url}/sandbox/requests")
    assert requests(base_url) == []


def test_a_client_that_leaves_is_noted(base_url: str) -> None:
    body = {"model": SMALL, "prompt": BRIEFING}
    with httpx.stream("POST", f"{base_url}/api/generate", json=body) as reply:
        next(reply.iter_lines())
    time.sleep(0.3)
    assert [one["outcome"] for one in requests(base_url)] == ["disconnected"]


def test_models_can_come_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "models.json"
    path.write_text(json.dumps({"mine:1b": {"quality": 0.1}, SMALL: None}))
    with running_sandbox("--models", str(path)) as base_url:
        tags = httpx.get(f"{base_url}/api/tags").json()["models"]
    assert [tag["name"] for tag in tags] == ["stand-in-7b:q4", "stand-in-7b:q2", "mine:1b"]


@contextmanager
def bare_process() -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Start a sandbox whose output can be read."""
    port = free_port()
    command = [sys.executable, "-m", "sandbox", "--port", str(port)]
    root = Path(__file__).resolve().parents[2]
    with subprocess.Popen(
        command, cwd=root, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as process:
        yield process, f"http://127.0.0.1:{port}"


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_stopping_is_immediate_and_quiet_even_with_a_stream_open(stop: signal.Signals) -> None:
    with bare_process() as (process, base_url):
        transport = httpx.HTTPTransport(retries=10)
        with httpx.Client(base_url=base_url, transport=transport) as client:
            client.put("/sandbox/models/slow:1", json={"ms_per_token": 20_000, "load_ms": 0})
            body = {"model": "slow:1", "prompt": BRIEFING}
            with client.stream("POST", "/api/generate", json=body) as reply:
                next(reply.iter_lines())
                told = time.perf_counter()
                process.send_signal(stop)
                _, complaints = process.communicate(timeout=5)
    assert time.perf_counter() - told < 0.9
    assert complaints == ""
