"""OpenAI's side enforces limits and keys, has Azure's addresses, and shows what a model thinks."""

from typing import Any

import httpx
import openai
import pytest

from tests.sandbox.examples import BRIEFING

MODEL = "stand-in-gpt-4"
BODY: dict[str, Any] = {
    "model": MODEL,
    "messages": [{"role": "user", "content": BRIEFING}],
    "max_tokens": 10,
}


def post(base_url: str, key: str = "any", **more: Any) -> httpx.Response:
    headers = {"Authorization": f"Bearer {key}"}
    return httpx.post(f"{base_url}/v1/chat/completions", json=BODY | more, headers=headers)


def put(base_url: str, part: str, content: Any) -> httpx.Response:
    return httpx.put(f"{base_url}/sandbox/{part}", json=content)


def test_a_limit_of_requests_is_told_counted_and_enforced(base_url: str) -> None:
    put(base_url, "limits", {"requests_per_minute": 2}).raise_for_status()
    first, second, third = (post(base_url) for _ in range(3))
    assert [one.status_code for one in (first, second, third)] == [200, 200, 429]
    assert first.headers["x-ratelimit-limit-requests"] == "2"
    assert second.headers["x-ratelimit-remaining-requests"] == "0"
    assert second.headers["x-ratelimit-reset-requests"].startswith("59.")
    assert third.json()["error"]["code"] == "rate_limit_exceeded"
    assert int(third.headers["retry-after"]) in (29, 30)
    assert int(third.headers["retry-after-ms"]) == pytest.approx(30_000, abs=1500)


def test_a_limit_of_tokens_counts_the_prompt_and_what_may_be_answered(base_url: str) -> None:
    put(base_url, "limits", {"tokens_per_minute": 250}).raise_for_status()
    first, second = post(base_url), post(base_url, max_tokens=200)
    assert first.status_code == 200
    assert int(first.headers["x-ratelimit-remaining-tokens"]) < 240
    assert second.status_code == 429
    assert "tokens per min (TPM)" in second.json()["error"]["message"]


def test_limits_are_each_keys_own_until_they_are_cleared(base_url: str) -> None:
    put(base_url, "limits", {"key": "small", "requests_per_minute": 1}).raise_for_status()
    assert [post(base_url, "small").status_code for _ in range(2)] == [200, 429]
    assert [post(base_url, "large").status_code for _ in range(2)] == [200, 200]
    assert httpx.get(f"{base_url}/sandbox/limits").json() == {"small": {"requests_per_minute": 1}}
    httpx.delete(f"{base_url}/sandbox/limits")
    assert post(base_url, "small").status_code == 200


def test_a_days_limit_says_how_long_it_takes_to_be_whole_again(base_url: str) -> None:
    day = {"requests_per_minute": 200, "window_s": 86_400}
    put(base_url, "limits", day).raise_for_status()
    assert post(base_url).headers["x-ratelimit-reset-requests"] == "7m12s"


@pytest.mark.parametrize(
    ("part", "wrong"),
    [
        ("limits", {"requests": 1}),
        ("limits", {"requests_per_minute": -1}),
        ("limits", {"tokens_per_minute": True}),
        ("limits", []),
        ("keys", {"accepted": "any"}),
        ("keys", {"expired": [1]}),
    ],
)
def test_what_cannot_be_meant_is_refused(base_url: str, part: str, wrong: Any) -> None:
    reply = put(base_url, part, wrong)
    assert reply.status_code == 400
    assert reply.json()["error"]


def test_only_the_named_keys_are_accepted(base_url: str) -> None:
    keys = {"accepted": ["sk-good-1234"], "expired": ["sk-old-1234"]}
    put(base_url, "keys", keys).raise_for_status()
    wrong, old = post(base_url, "sk-wrong-1234"), post(base_url, "sk-old-1234")
    assert post(base_url, "sk-good-1234").status_code == 200
    assert (wrong.status_code, old.status_code) == (401, 401)
    assert wrong.json()["error"]["code"] == "invalid_api_key"
    assert "sk-********1234" in wrong.json()["error"]["message"]
    assert "expired" in old.json()["error"]["message"]
    assert httpx.get(f"{base_url}/sandbox/keys").json() == keys


def azure(base_url: str, **more: Any) -> openai.AzureOpenAI:
    options: dict[str, Any] = {"api_key": "any", "api_version": "2024-10-21", "max_retries": 0}
    return openai.AzureOpenAI(azure_endpoint=base_url, **options | more)


def test_azures_client_reaches_a_deployment(base_url: str) -> None:
    messages: list[Any] = BODY["messages"]
    with azure(base_url) as client:
        reply = client.chat.completions.create(model=MODEL, messages=messages, max_tokens=5)
        assert reply.usage is not None
        assert reply.usage.completion_tokens == 5
    listed = httpx.get(
        f"{base_url}/openai/deployments", params={"api-version": "x"}, headers={"api-key": "any"}
    )
    assert MODEL in [one["id"] for one in listed.json()["data"]]


def test_azure_refuses_in_its_own_words(base_url: str) -> None:
    put(base_url, "keys", {"accepted": ["good"]}).raise_for_status()
    url = f"{base_url}/openai/deployments/{MODEL}/chat/completions"
    wrong = httpx.post(f"{url}?api-version=1", json=BODY, headers={"api-key": "bad"})
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (401, "401")
    unversioned = httpx.post(url, json=BODY, headers={"api-key": "good"})
    assert (unversioned.status_code, unversioned.json()["error"]["code"]) == (404, "404")


@pytest.mark.parametrize("shown", ["apart", "inline", "hidden"])
def test_a_model_that_thinks_is_paid_for_it_and_shows_it_its_own_way(
    base_url: str, shown: str
) -> None:
    changes = {"reasoning_tokens": 4, "reasoning_shown": shown}
    put(base_url, f"models/{MODEL}", changes).raise_for_status()
    reply = post(base_url).json()
    message, usage = reply["choices"][0]["message"], reply["usage"]
    assert usage["completion_tokens"] == 10
    assert usage["completion_tokens_details"]["reasoning_tokens"] == 4
    assert ("reasoning_content" in message) == (shown == "apart")
    assert message["content"].startswith("<think>\nThought 1. ") == (shown == "inline")
    streamed = post(base_url, stream=True).text
    assert ('"reasoning_content": "Thought 4. "' in streamed) == (shown == "apart")
    assert ("</think>" in streamed) == (shown == "inline")


def test_an_unknown_way_to_show_thoughts_is_refused(base_url: str) -> None:
    wrong = put(base_url, f"models/{MODEL}", {"reasoning_shown": "loudly"})
    assert (wrong.status_code, "apart, inline, hidden" in wrong.text) == (400, True)


def test_the_faults_of_bad_answers_strike(base_url: str) -> None:
    def struck(fault: str, **settings: Any) -> httpx.Response:
        put(base_url, "faults", {fault: settings}).raise_for_status()
        return post(base_url, stream=True)

    page = struck("html_page", status=502)
    assert (page.status_code, page.headers["content-type"][:9]) == (502, "text/html")
    with pytest.raises(UnicodeDecodeError):
        struck("wrong_encoding").content.decode()
    assert "[DONE]" not in struck("missing_end").text
    empty = struck("empty_answer").text
    assert "[DONE]" in empty
    assert empty.count('"content"') == 1
