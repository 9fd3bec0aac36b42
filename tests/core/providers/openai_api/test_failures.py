"""Every way to fail has its kind and its sentence, and no sentence holds a key."""

import json
from typing import Any

import pytest

from core.providers.base import FailureKind, ProviderError
from core.providers.openai_api.failures import Errand, call_to, refusal
from core.providers.openai_api.service import Service

KEY = "my-very-own-key"
SERVICE = Service(
    address="http://here/v1",
    address_name="OPENAI_BASE_URL",
    key=KEY,
    key_name="OPENAI_API_KEY",
    clock=lambda: 0,
    timeout_s=1,
)


def refused(
    status: int, content: Any, headers: dict[str, str] | None = None, errand: Errand | None = None
) -> ProviderError:
    told = content if isinstance(content, bytes) else json.dumps(content).encode()
    failure = refusal(errand or call_to(SERVICE, "m"), status, headers or {}, told)
    assert failure.http_status == status
    assert str(failure).endswith(".")
    assert KEY not in str(failure)
    return failure


def error(message: str, code: object = None, kind: str | None = None) -> dict[str, Any]:
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}


PAGE = b"<html><body>Sign in</body></html>"


@pytest.mark.parametrize(
    ("status", "content", "kind"),
    [
        (200 + 200, error("Bad."), FailureKind.INVALID_REQUEST),
        (400, error("Bad.", "content_filter"), FailureKind.REFUSED),
        (400, error("No.", "model_not_found"), FailureKind.UNKNOWN_MODEL),
        (400, PAGE, FailureKind.NOT_THE_API),
        (401, error("Incorrect API key provided: my-very-own-key."), FailureKind.UNAUTHORIZED),
        (401, PAGE, FailureKind.UNAUTHORIZED),
        (402, error("Insufficient balance."), FailureKind.QUOTA_EXHAUSTED),
        (403, error("Country not supported."), FailureKind.UNAUTHORIZED),
        (404, error("The model `m` does not exist.", "model_not_found"), FailureKind.UNKNOWN_MODEL),
        (404, error("No deployment.", "DeploymentNotFound"), FailureKind.UNKNOWN_MODEL),
        (
            404,
            {"object": "error", "message": "The model `m` does not exist."},
            FailureKind.UNKNOWN_MODEL,
        ),
        (404, error("Invalid URL (POST /v2/chat/completions)"), FailureKind.NOT_THE_API),
        (404, error("Resource not found", "404"), FailureKind.NOT_THE_API),
        (404, {"detail": "Not Found"}, FailureKind.NOT_THE_API),
        (404, PAGE, FailureKind.NOT_THE_API),
        (405, b"", FailureKind.NOT_THE_API),
        (408, PAGE, FailureKind.UNAVAILABLE),
        (422, error("Wrong type."), FailureKind.INVALID_REQUEST),
        (429, error("Slow down.", "rate_limit_exceeded"), FailureKind.RATE_LIMITED),
        (429, error("Pay.", "insufficient_quota"), FailureKind.QUOTA_EXHAUSTED),
        (429, error("Pay.", None, "insufficient_quota"), FailureKind.QUOTA_EXHAUSTED),
        (429, PAGE, FailureKind.RATE_LIMITED),
        (500, error("Oops."), FailureKind.UNAVAILABLE),
        (502, PAGE, FailureKind.UNAVAILABLE),
        (503, "\xff".encode("latin-1"), FailureKind.UNAVAILABLE),
    ],
)
def test_a_status_and_its_reason_have_one_kind(
    status: int, content: object, kind: FailureKind
) -> None:
    failure = refused(status, content)
    assert failure.kind is kind
    assert "<" not in str(failure)


def test_a_key_that_expired_is_told_apart_from_a_wrong_one() -> None:
    expired = refused(401, error("Your API key has expired.", "expired_api_key"))
    wrong = refused(401, error("Incorrect API key provided."))
    assert str(expired) == (
        "The key for http://here/v1 has expired; set OPENAI_API_KEY to a new one."
    )
    assert str(wrong) == (
        "http://here/v1 does not accept the key; set OPENAI_API_KEY to a valid one."
    )


@pytest.mark.parametrize(
    "words",
    [
        f"Bad key {KEY} in project",
        "Incorrect API key provided: abc.def",
        "Incorrect API key provided: sk-pro***********wxYZ",
        "use sk-proj-Ab12_cd34-EF56",
        "Authorization: Bearer eyJhbGciOi.J9",
        "key 0123456789abcdef0123456789abcdef is unknown",
        "hf_AbCdEf123456 is not allowed",
    ],
)
def test_a_servers_words_are_repeated_without_keys(words: str) -> None:
    told = str(refused(400, error(f"{words}!")))
    for secret in (KEY, "abc.def", "wxYZ", "cd34", "eyJ", "0123456789abcdef", "AbCdEf"):
        assert secret not in told
    assert "…" in told


def test_ordinary_words_are_repeated_as_they_are() -> None:
    words = "This model's maximum context length is 8192 tokens (gpt-4-0613, max_tokens)"
    assert words in str(refused(400, error(f"{words}.")))


def test_long_words_are_cut() -> None:
    assert len(str(refused(400, error("a b " * 5000)))) < 500


def test_a_refusal_carries_the_wait_and_the_limits() -> None:
    headers = {"retry-after": "3600", "x-ratelimit-limit-requests": "60"}
    failure = refused(429, error("Slow down."), headers)
    assert failure.retry_after_ms == 3_600_000
    assert failure.observed_limits is not None
    assert failure.observed_limits.requests_per_minute == 60


def test_what_names_no_model_is_not_told_to_lack_one() -> None:
    failure = refused(404, error("No batch found."), errand=Errand(SERVICE, "the batch 'b'"))
    assert failure.kind is FailureKind.INVALID_REQUEST
    assert str(failure) == "http://here/v1 refused the batch 'b': No batch found."


def test_a_server_that_asks_for_a_key_it_was_not_given_is_told_where_to_name_one() -> None:
    service = Service(address="http://here", address_name="x", clock=lambda: 0, timeout_s=1)
    failure = refused(401, error("Key?"), errand=call_to(service, "m"))
    assert str(failure) == (
        "http://here asks for a key; give the server a key_name in SLAM_SERVERS."
    )
    assert KEY not in repr(SERVICE)
