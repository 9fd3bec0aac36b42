"""Servers of one's own are providers by their names, with their own limits and keys."""

import json
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InvalidInputError
from core.providers.base import BatchProvider, ChatRequest, FailureKind, ResumableProvider
from core.providers.names import ModelName, parse_model
from core.providers.registry import (
    ConfiguredLimits,
    configured_limits,
    create_provider,
    is_paid,
    provider_names,
)
from core.providers.servers import Server, configured_servers, read_servers
from core.settings import Settings, load_settings
from tests.core.providers.helping import LARGE, PROMPT, ask, failure_of, journal

VLLM = {"base_url": "http://127.0.0.1:8000/v1"}


def configure(monkeypatch: pytest.MonkeyPatch, **servers: dict[str, Any]) -> Settings:
    monkeypatch.setenv("SLAM_SERVERS", json.dumps(servers))
    return load_settings()


def test_a_server_is_a_provider_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    configure(monkeypatch, vllm=VLLM)
    assert {"vllm", "openai", "azure", "ollama"} <= provider_names()
    assert parse_model("vllm/meta-llama/Llama-3") == ModelName("vllm", "meta-llama/Llama-3")
    monkeypatch.delenv("SLAM_SERVERS")
    assert "vllm" not in provider_names()


def test_a_server_says_itself_whether_it_is_paid(monkeypatch: pytest.MonkeyPatch) -> None:
    configure(monkeypatch, vllm=VLLM, gateway={**VLLM, "paid": True})
    assert not is_paid("vllm")
    assert is_paid("gateway")


def test_a_server_has_its_own_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    own = {"concurrent_requests": 3, "requests_per_minute": 90, "tokens_per_minute": 4000.5}
    settings = configure(monkeypatch, vllm={**VLLM, **own}, bare=VLLM)
    assert configured_limits("vllm", settings) == ConfiguredLimits(3, 90, 4000.5)
    assert configured_limits("bare", settings) == ConfiguredLimits(8, None, None)
    assert configured_limits("openai", settings) == ConfiguredLimits(8, 600, None)
    assert configured_limits("ollama", settings) == ConfiguredLimits(1, None, None)


def test_a_server_is_called_with_the_key_that_it_names(
    monkeypatch: pytest.MonkeyPatch, base_url: str
) -> None:
    monkeypatch.setenv("VLLM_API_KEY", "hush-hush\n")
    server = {"base_url": f"{base_url}/v1/", "key_name": "VLLM_API_KEY"}
    settings = configure(monkeypatch, vllm=server)
    provider = create_provider("vllm", settings, time.perf_counter_ns)
    assert ask(provider, ChatRequest(LARGE, PROMPT, max_tokens=3)).text
    assert journal(base_url)[0]["limited_by"] == "max_tokens"
    assert "hush" not in f"{settings!r} {vars(provider)} {settings.model_dump_json()}"


def test_a_key_may_be_in_a_file(
    monkeypatch: pytest.MonkeyPatch, base_url: str, tmp_path: Path
) -> None:
    (tmp_path / "key").write_text("secret\n")
    monkeypatch.delenv("VLLM_API_KEY", raising=False)
    monkeypatch.setenv("VLLM_API_KEY_FILE", str(tmp_path / "key"))
    server = {"base_url": f"{base_url}/v1", "key_name": "VLLM_API_KEY"}
    settings = configure(monkeypatch, vllm=server)
    provider = create_provider("vllm", settings, time.perf_counter_ns)
    assert ask(provider, ChatRequest(LARGE, PROMPT, max_tokens=3)).text


@pytest.mark.parametrize("file", [None, "missing"])
def test_a_missing_key_is_told_before_a_call(
    monkeypatch: pytest.MonkeyPatch, base_url: str, tmp_path: Path, file: str | None
) -> None:
    monkeypatch.delenv("VLLM_API_KEY", raising=False)
    if file:
        monkeypatch.setenv("VLLM_API_KEY_FILE", str(tmp_path / file))
    server = {"base_url": f"{base_url}/v1", "key_name": "VLLM_API_KEY"}
    settings = configure(monkeypatch, vllm=server)
    failure = failure_of(create_provider("vllm", settings, time.perf_counter_ns), LARGE)
    assert failure.kind is FailureKind.UNAUTHORIZED
    assert str(failure) == (
        f"{base_url}/v1 needs a key and none is set; put it into VLLM_API_KEY, "
        "or into a file that VLLM_API_KEY_FILE names."
    )
    assert journal(base_url) == []


def test_a_server_that_names_no_key_is_called_without_a_secret(
    monkeypatch: pytest.MonkeyPatch, base_url: str
) -> None:
    settings = configure(monkeypatch, local={"base_url": f"{base_url}/v1"})
    assert ask(create_provider("local", settings, time.perf_counter_ns), ChatRequest(LARGE, PROMPT))


@pytest.mark.parametrize("background", [True, False])
@pytest.mark.parametrize("batch", [True, False])
def test_a_server_offers_what_it_is_said_to(
    monkeypatch: pytest.MonkeyPatch, background: bool, batch: bool
) -> None:
    settings = configure(monkeypatch, vllm={**VLLM, "background": background, "batch": batch})
    provider = create_provider("vllm", settings, time.perf_counter_ns)
    assert isinstance(provider, ResumableProvider) == background
    assert isinstance(provider, BatchProvider) == batch


def test_a_server_that_does_not_answer_is_told_where_to_mend_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings = configure(monkeypatch, vllm={"base_url": "http://127.0.0.1:9/v1"})
    failure = failure_of(create_provider("vllm", settings, time.perf_counter_ns), "m")
    assert failure.kind is FailureKind.UNREACHABLE
    assert "check the network and the base_url of vllm in SLAM_SERVERS" in str(failure)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "it is no JSON (line 1, column 2)"),
        ("[]", "it must be a JSON object of names and servers"),
        ('{"openai": {}}', "the name 'openai' is a provider's already"),
        ('{"azure": {}}', "the name 'azure' is a provider's already"),
        ('{"My Server": {}}', "'My Server' is no name for a server"),
        ('{"a/b": {}}', "'a/b' is no name for a server"),
        ('{"vllm": 1}', "the server 'vllm'"),
        ('{"vllm": {}}', "base_url of the server 'vllm': Field required"),
        ('{"vllm": {"base_url": "x", "key": "sk-1"}}', "base_url of the server 'vllm'"),
        ('{"vllm": {"base_url": "http://x", "key": "sk-1"}}', "has an unknown field; known are"),
        ('{"vllm": {"base_url": "ftp://x"}}', "begins with http:// or https://"),
        ('{"vllm": {"base_url": "http://u:sk-1@x"}}', "an address must hold no key"),
        ('{"vllm": {"base_url": "http://x", "key_name": "sk-1"}}', "never a key itself"),
        ('{"vllm": {"base_url": "http://x", "concurrent_requests": 0}}', "concurrent_requests of"),
        ('{"vllm": {"base_url": "http://x", "requests_per_minute": 0}}', "requests_per_minute of"),
    ],
)
def test_what_cannot_be_taken_is_told_in_one_sentence_without_its_values(
    monkeypatch: pytest.MonkeyPatch, text: str, words: str
) -> None:
    monkeypatch.setenv("SLAM_SERVERS", text)
    for read in (load_settings, configured_servers):
        with pytest.raises(InvalidInputError) as raised:
            read()
        told = str(raised.value)
        assert told.startswith("The setting SLAM_SERVERS cannot be taken: ")
        assert told.endswith(".")
        assert words in told
        assert "sk-1" not in told


@given(st.text(max_size=30))
def test_any_text_is_read_or_refused_as_a_value(text: str) -> None:
    with suppress(ValueError):
        assert all(isinstance(server, Server) for server in read_servers(text).values())


def test_an_unset_or_blank_setting_is_no_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLAM_SERVERS", " ")
    assert configured_servers() == {}
    assert load_settings().servers == {}
