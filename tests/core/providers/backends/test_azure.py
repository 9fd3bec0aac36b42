"""Azure OpenAI speaks the same API under addresses of its own."""

import time

import httpx
import pytest
from pydantic import SecretStr

from core.providers.base import (
    BatchProvider,
    ChatReply,
    ChatRequest,
    FailureKind,
    Provider,
    ProviderError,
    ResumableProvider,
)
from core.providers.registry import create_provider
from core.settings import Settings
from tests.core.providers.helping import (
    LARGE,
    PROMPT,
    arm,
    ask,
    failure_of,
    journal,
    server_that_says,
    with_provider,
)

FILTERED = (
    '{"error": {"message": "The response was filtered due to the prompt triggering the content '
    'management policy.", "code": "content_filter", "status": 400}}'
)


def azure_at(
    base_url: str | None, key: str | None = "any", version: str = "2024-10-21"
) -> Provider:
    settings = Settings(
        azure_openai_endpoint=base_url,
        azure_openai_api_key=SecretStr(key) if key else None,
        openai_api_version=version,
        request_timeout_s=5,
    )
    return create_provider("azure", settings, time.perf_counter_ns)


def test_a_deployment_is_called_by_its_name(base_url: str) -> None:
    reply = ask(azure_at(base_url), ChatRequest(LARGE, PROMPT, max_tokens=5))
    [entry] = journal(base_url)
    assert entry["path"] == f"/openai/deployments/{LARGE}/chat/completions"
    assert entry["limited_by"] == "max_completion_tokens"
    assert reply.usage.completion_tokens == 5
    assert reply.observed_limits is not None


def test_the_deployments_are_listed(base_url: str) -> None:
    assert LARGE in with_provider(azure_at(base_url), lambda one: one.list_models())


def test_an_answer_is_made_in_the_background_and_fetched(base_url: str) -> None:
    async def use(provider: Provider) -> ChatReply:
        assert isinstance(provider, ResumableProvider)
        request = ChatRequest(LARGE, PROMPT)
        return await provider.fetch(await provider.start(request), request)

    assert with_provider(azure_at(base_url), use).text
    assert journal(base_url)[0]["path"] == "/openai/responses"


def test_a_batch_names_the_path_that_azure_knows(base_url: str) -> None:
    async def use(provider: Provider) -> str | None:
        assert isinstance(provider, BatchProvider)
        calls = {"one": ChatRequest(LARGE, PROMPT)}
        external_id = await provider.submit_batch("mine", calls)
        state = await provider.batch_state(external_id)
        assert state.problem is None
        return await provider.find_batch("mine")

    assert with_provider(azure_at(base_url), use)


def test_a_content_filter_is_a_final_refusal() -> None:
    with server_that_says(FILTERED, status=400) as base_url:
        failure = failure_of(azure_at(base_url), "my-gpt")
    assert failure.kind is FailureKind.REFUSED
    assert str(failure) == (
        f"The content filter of {base_url} refused the call to 'my-gpt'; change the prompt."
    )


def test_a_wrong_key_is_told_by_its_name_and_not_shown(base_url: str) -> None:
    httpx.put(f"{base_url}/sandbox/keys", json={"accepted": ["good"]}).raise_for_status()
    failure = failure_of(azure_at(base_url, key="0123456789abcdef"), LARGE)
    assert failure.kind is FailureKind.UNAUTHORIZED
    assert str(failure) == (
        f"{base_url} does not accept the key; set AZURE_OPENAI_API_KEY to a valid one."
    )


@pytest.mark.parametrize(
    ("has_address", "has_key", "words"),
    [
        (False, True, "set AZURE_OPENAI_ENDPOINT to that of your resource"),
        (True, False, "needs a key and none is set; put it into AZURE_OPENAI_API_KEY"),
    ],
)
def test_what_is_not_set_is_told_before_a_call(
    base_url: str,
    monkeypatch: pytest.MonkeyPatch,
    has_address: bool,
    has_key: bool,
    words: str,
) -> None:
    for name in ("AZURE_OPENAI_ENDPOINT", "AZURE_OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)

    def made() -> Provider:
        return azure_at(base_url if has_address else None, "any" if has_key else None)

    failure = failure_of(made(), LARGE)
    assert failure.kind is FailureKind.UNAUTHORIZED
    assert words in str(failure)
    with pytest.raises(ProviderError, match=words):
        with_provider(made(), lambda one: one.list_models())
    assert journal(base_url) == []


def test_an_unknown_deployment_and_a_wrong_address_are_told_apart(base_url: str) -> None:
    assert failure_of(azure_at(base_url), "nobody").kind is FailureKind.UNKNOWN_MODEL
    failure = failure_of(azure_at(f"{base_url}/elsewhere"), LARGE)
    assert failure.kind is FailureKind.NOT_THE_API
    assert "check AZURE_OPENAI_ENDPOINT" in str(failure)


def test_a_rate_limit_says_when_to_come_again(base_url: str) -> None:
    arm(base_url, rate_limit={"times": 1, "retry_after_s": 3})
    failure = failure_of(azure_at(base_url), LARGE)
    assert (failure.kind, failure.retry_after_ms) == (FailureKind.RATE_LIMITED, 3000)
