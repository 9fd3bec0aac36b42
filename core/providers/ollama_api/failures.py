"""Why a request to Ollama failed: one kind and one sentence for whatever its client raises.

Error bodies: https://docs.ollama.com/api/errors.
"""

import json
import re

import httpx
import ollama
from pydantic import ValidationError

from core.providers.base import FailureKind, ProviderError, retry_after_ms

# The client reads each line without looking at it: what is no object has no attribute `get`, and an
# object of other fields does not fit its models.
CAUGHT = (
    ollama.ResponseError,
    httpx.HTTPError,
    ConnectionError,
    TimeoutError,
    UnicodeDecodeError,
    json.JSONDecodeError,
    ValidationError,
    AttributeError,
    TypeError,
)
"""What Ollama's client raises when a request fails."""

_LONGEST_QUOTE = 300
_FULL_DISK = "no space left on device"
_NO_MANIFEST = ("file does not exist", "manifest unknown", "not found")
_FINAL_PULL = re.compile(r"newer version of ollama|not gguf|invalid model|manifest: 4\d\d\b")
"""Reasons in the words of Ollama, its registry or Hugging Face that another pull meets again."""


def failure_of(error: Exception, host: str, model: str | None) -> ProviderError:
    """The failure behind one of the `CAUGHT`; ``model`` is whom the request was about, if any."""
    about = f"the call to {model!r}" if model else "the call"
    if isinstance(error, ollama.ResponseError):
        return _refusal(error, host, model, about)
    if isinstance(error, UnicodeDecodeError):
        return ProviderError(
            FailureKind.UNPARSABLE,
            f"Ollama at {host} answered {about} in a wrong encoding: it is no UTF-8; "
            "mend the server, then retry.",
        )
    if isinstance(error, json.JSONDecodeError) and error.doc.lstrip().startswith("{"):
        return truncated(about, "its last line is cut")
    if isinstance(error, json.JSONDecodeError | ValidationError | AttributeError | TypeError):
        return _not_the_api(host, about)
    return _of_connection(error, host, about)


def truncated(about: str, reason: str) -> ProviderError:
    """The answer stopped before its end."""
    return ProviderError(
        FailureKind.TRUNCATED, f"Ollama's answer to {about} broke off: {reason}; try again."
    )


def pull_failure(error: ollama.ResponseError, host: str, model: str) -> ProviderError | None:
    """The failure that a line of a pull tells; ``None`` where it is nothing special to pulls."""
    told = _told(error)
    if told is None:
        return None
    lowered = told.lower()
    if _FULL_DISK in lowered:
        return ProviderError(
            FailureKind.DISK_FULL,
            f"The disk of Ollama at {host} is full, so {model!r} could not be stored; "
            "remove a model or free space, then pull again.",
        )
    if "pull model manifest" in lowered and any(words in lowered for words in _NO_MANIFEST):
        return ProviderError(
            FailureKind.UNKNOWN_MODEL,
            f"No model {model!r} can be fetched: there is none of that name and tag; "
            "check it in Ollama's library or on Hugging Face.",
        )
    if _FINAL_PULL.search(lowered):
        return ProviderError(
            FailureKind.INVALID_REQUEST, f"Ollama cannot fetch {model!r}: {_quoted(told)}."
        )
    return None


def _of_connection(error: Exception, host: str, about: str) -> ProviderError:
    if isinstance(error, httpx.RemoteProtocolError | httpx.ReadError):
        return truncated(about, "the connection was lost")
    if isinstance(error, TimeoutError | httpx.ReadTimeout | httpx.WriteTimeout):
        return ProviderError(
            FailureKind.TIMEOUT,
            f"Ollama at {host} took longer than allowed for {about}; "
            "raise SLAM_REQUEST_TIMEOUT_S or try again.",
        )
    return ProviderError(
        FailureKind.UNREACHABLE,
        f"Ollama does not answer at {host}; start it, or set OLLAMA_HOST.",
    )


def _not_the_api(host: str, about: str, status: int | None = None) -> ProviderError:
    return ProviderError(
        FailureKind.NOT_THE_API,
        f"{host} answered {about} with something that is not Ollama's API; check OLLAMA_HOST.",
        http_status=status,
    )


def _refusal(
    error: ollama.ResponseError, host: str, model: str | None, about: str
) -> ProviderError:
    status, told = error.status_code, _told(error)
    kind = _kind(status, told)
    if kind is FailureKind.NOT_THE_API:
        return _not_the_api(host, about, status)
    if kind is FailureKind.UNKNOWN_MODEL and model:
        sentence = f"Ollama has no model {model!r}; pull it with: ollama pull {model}."
    elif told:
        sentence = f"Ollama refused {about}: {_quoted(told)}."
    else:
        sentence = f"{host} answered {about} with status {status} and no reason; try again later."
    return ProviderError(
        kind,
        sentence,
        http_status=status if status >= 400 else None,
        retry_after_ms=_retry_after_of(error),
    )


def _kind(status: int, told: str | None) -> FailureKind:
    if status < 400:
        # An error line inside a stream that began with 200 carries no status of its own.
        return FailureKind.TRUNCATED
    if status in (401, 403):
        return FailureKind.UNAUTHORIZED
    if status == 429:
        return FailureKind.RATE_LIMITED
    if status >= 500:
        return FailureKind.UNAVAILABLE
    if told is None:
        return FailureKind.NOT_THE_API
    return FailureKind.UNKNOWN_MODEL if status == 404 else FailureKind.INVALID_REQUEST


def _told(error: ollama.ResponseError) -> str | None:
    """The reason in Ollama's words; ``None`` where something else answered, such as a proxy."""
    response = _response_of(error)
    if response is None:
        return str(error.error)
    try:
        document = response.json()
    except ValueError:
        return None
    reason = document.get("error") if isinstance(document, dict) else None
    return reason if isinstance(reason, str) and reason else None


def _response_of(error: ollama.ResponseError) -> httpx.Response | None:
    cause = error.__cause__ or error.__context__
    return cause.response if isinstance(cause, httpx.HTTPStatusError) else None


def _retry_after_of(error: ollama.ResponseError) -> int | None:
    response = _response_of(error)
    return retry_after_ms(response.headers.get("retry-after")) if response is not None else None


def _quoted(told: str) -> str:
    """Somebody else's words as a part of a sentence: on one line, of a bearable length."""
    return re.sub(r"\s+", " ", told).strip().rstrip(".!")[:_LONGEST_QUOTE]
