"""What went wrong with a call, as one of our kinds and one sentence that holds no key.

https://platform.openai.com/docs/guides/error-codes. Servers' own words are repeated only without
anything that looks like a key, since some echo the key that they refuse.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
import httpx2
import openai

from core.providers.base import FailureKind, ProviderError
from core.providers.keys import without_keys
from core.providers.openai_api.headers import observed_limits, wait_ms
from core.providers.openai_api.service import Service

CAUGHT = (
    openai.APIError,
    httpx2.RequestError,
    aiohttp.ClientError,
    TimeoutError,
    UnicodeDecodeError,
    json.JSONDecodeError,
)
"""What a call can end with instead of an answer."""

_NEVER_SENT = (
    httpx2.ConnectError,
    httpx2.ConnectTimeout,
    httpx2.UnsupportedProtocol,
    aiohttp.ClientConnectorError,
    aiohttp.ConnectionTimeoutError,
    aiohttp.ClientHttpProxyError,
    aiohttp.InvalidURL,
)
"""After these nothing can have been paid; after any other loss of a connection it may have been."""
_LOST = (openai.APIConnectionError, httpx2.RequestError, aiohttp.ClientError)
_LONGEST_QUOTE = 300
_NO_CREDIT = frozenset({"insufficient_quota", "billing_hard_limit_reached", "billing_not_active"})
_FILTERED = frozenset({"content_filter", "content_policy_violation"})
_UNKNOWN_MODEL = frozenset({"model_not_found", "DeploymentNotFound"})
_UNKNOWN_PATH = frozenset({"unknown_url", "404"})
_RATE_LIMITED = frozenset({"rate_limit_exceeded", "rate_limit_error"})
_INVALID = frozenset({"invalid_request_error", "invalid_prompt"})


@dataclass(frozen=True, slots=True)
class Errand:
    """What is asked of whom, to be named when it fails; ``model`` where one is called."""

    service: Service
    about: str
    model: str | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """The reason that a server gives in the shape of this API."""

    message: str
    codes: frozenset[str]
    """Its ``code`` and its ``type``; servers differ in which of them says what."""
    is_bare: bool = False
    """Whether it is only a text, where this API has an object."""

    @property
    def status(self) -> int | None:
        """The status that some servers put into the code of an error inside a stream."""
        return next((int(code) for code in self.codes if code in _STATUSES), None)


_STATUSES = frozenset(str(status) for status in range(400, 600))


def call_to(service: Service, model: str) -> Errand:
    """A call to a model."""
    return Errand(service, f"the call to {model!r}", model)


def failure_of(error: Exception, errand: Errand, *, begun: bool = False) -> ProviderError:
    """The failure behind one of the `CAUGHT`; ``begun`` says that part of the answer was there."""
    if isinstance(error, openai.APIStatusError):
        response = error.response
        return refusal(errand, response.status_code, response.headers, response.content)
    if isinstance(error, _NEVER_SENT) or isinstance(error.__cause__, _NEVER_SENT):
        return _unreachable(errand)
    if isinstance(error, TimeoutError | openai.APITimeoutError | httpx2.TimeoutException):
        return _too_slow(errand)
    if isinstance(error, _LOST):
        return _broken_off(errand, "the connection was lost")
    if isinstance(error, openai.APIError):
        return broken_by(errand, told_in({"error": error.body}) or Told(error.message, frozenset()))
    if isinstance(error, UnicodeDecodeError):
        return wrong_encoding(errand)
    # What begins as this API's answers do is one of them, cut short.
    is_cut = begun or (isinstance(error, json.JSONDecodeError) and error.doc.lstrip()[:1] == "{")
    return _broken_off(errand, "it cannot be read") if is_cut else not_the_api(errand)


def is_lost_connection(error: Exception) -> bool:
    """Whether the connection broke after the call was sent."""
    never_or_slow = (*_NEVER_SENT, openai.APITimeoutError, httpx2.TimeoutException)
    return isinstance(error, _LOST) and not (
        isinstance(error, never_or_slow) or isinstance(error.__cause__, _NEVER_SENT)
    )


def is_cut_answer(error: Exception) -> bool:
    """Whether an answer that was to come whole had begun when its connection broke."""
    return isinstance(error, aiohttp.ClientPayloadError)


def refusal(
    errand: Errand, status: int, headers: Mapping[str, str], content: bytes
) -> ProviderError:
    """The failure that an answer with an error status tells."""
    told = told_in(_json(content))
    kind = _kind(status, told)
    is_of_a_model = errand.model is not None or (told and told.codes & _UNKNOWN_MODEL)
    if kind is FailureKind.UNKNOWN_MODEL and not is_of_a_model:
        # It is the file or the batch that is unknown.
        kind = FailureKind.INVALID_REQUEST
    return ProviderError(
        kind,
        _sentence(kind, errand, status, told),
        http_status=status,
        retry_after_ms=wait_ms(headers),
        observed_limits=observed_limits(headers),
    )


def broken_by(errand: Errand, told: Told) -> ProviderError:
    """The failure that an error inside an answer with status 200 tells."""
    kind = FailureKind.TRUNCATED
    if told.codes & _RATE_LIMITED:
        kind = FailureKind.RATE_LIMITED
    elif told.codes & _INVALID:
        kind = FailureKind.INVALID_REQUEST
    status = told.status
    if told.codes & (_NO_CREDIT | _FILTERED) or (status is not None and status < 500):
        kind = _kind(status or 400, told)
    if kind is FailureKind.TRUNCATED:
        return _broken_off(errand, _quoted(told, errand))
    return ProviderError(kind, _sentence(kind, errand, status or 400, told))


def not_the_api(errand: Errand, status: int = 200, told: Told | None = None) -> ProviderError:
    """What came is nothing that this API answers."""
    words = f" ({_quoted(told, errand)})" if told else ""
    return ProviderError(
        FailureKind.NOT_THE_API,
        f"{errand.service.address} answered {errand.about} with something that is not OpenAI's "
        f"API{words}; check {errand.service.address_name}.",
        http_status=status if status >= 400 else None,
    )


def wrong_encoding(errand: Errand) -> ProviderError:
    """The bytes that came are no UTF-8."""
    return ProviderError(
        FailureKind.UNPARSABLE,
        f"{errand.service.address} answered {errand.about} in a wrong encoding: it is no UTF-8; "
        "mend the server, then retry.",
    )


def told_in(content: object) -> Told | None:
    """The reason in a JSON document; ``None`` where it has none in this API's shape."""
    error = content.get("error", content) if isinstance(content, dict) else None
    if isinstance(error, str):
        return Told(error, frozenset(), is_bare=True)
    if not isinstance(error, dict) or not isinstance(error.get("message"), str):
        return None
    codes = (error.get("code"), error.get("type"))
    return Told(error["message"], frozenset(str(code) for code in codes if code is not None))


def _kind(status: int, told: Told | None) -> FailureKind:
    codes = told.codes if told else frozenset()
    if codes & _NO_CREDIT or status == 402:
        return FailureKind.QUOTA_EXHAUSTED
    if codes & _FILTERED:
        return FailureKind.REFUSED
    if status in (401, 403):
        return FailureKind.UNAUTHORIZED
    if status == 429:
        return FailureKind.RATE_LIMITED
    if status == 408 or status >= 500:
        return FailureKind.UNAVAILABLE
    if told is None or (status == 404 and _is_of_the_path(told)):
        return FailureKind.NOT_THE_API
    if codes & _UNKNOWN_MODEL or status == 404:
        return FailureKind.UNKNOWN_MODEL
    return FailureKind.INVALID_REQUEST


def _is_of_the_path(told: Told) -> bool:
    """Whether a 404 says that the address is wrong, rather than that there is no such model."""
    lowered = told.message.lower()
    if "model" in lowered and "not a chat model" not in lowered:
        return False
    return bool(told.codes & _UNKNOWN_PATH) or lowered.startswith(("invalid url", "file not found"))


def _sentence(kind: FailureKind, errand: Errand, status: int, told: Told | None) -> str:
    address, about = errand.service.address, errand.about
    if kind is FailureKind.QUOTA_EXHAUSTED:
        return f"The account behind {address} has no credit left; top it up, then retry."
    if kind is FailureKind.UNAUTHORIZED:
        return _unauthorized(errand, status, told)
    if kind is FailureKind.NOT_THE_API:
        return str(not_the_api(errand, status, told))
    if kind is FailureKind.UNKNOWN_MODEL and errand.model is not None:
        return f"{address} has no model {errand.model!r}; check its name."
    if kind is FailureKind.REFUSED:
        return f"The content filter of {address} refused {about}; change the prompt."
    if told is None:
        return f"{address} answered {about} with status {status} and no reason; try again later."
    return f"{address} refused {about}: {_quoted(told, errand)}."


def _unauthorized(errand: Errand, status: int, told: Told | None) -> str:
    """Never in the server's words where they are about the key, since they may hold it."""
    address, name = errand.service.address, errand.service.key_name
    if status == 403:
        return f"{address} does not allow {errand.about} with the key that is set."
    if name is None:
        return f"{address} asks for a key; give the server a key_name in SLAM_SERVERS."
    if told is not None and "expired" in f"{told.message} {told.codes}".lower():
        return f"The key for {address} has expired; set {name} to a new one."
    return f"{address} does not accept the key; set {name} to a valid one."


def _quoted(told: Told, errand: Errand) -> str:
    """The server's own words as a part of a sentence, without keys."""
    words = " ".join(without_keys(told.message, errand.service.key).split()).rstrip(".!")
    return words if len(words) <= _LONGEST_QUOTE else words[:_LONGEST_QUOTE] + "…"


def _too_slow(errand: Errand) -> ProviderError:
    return ProviderError(
        FailureKind.TIMEOUT,
        f"{errand.service.address} took longer than allowed for {errand.about}; "
        "raise SLAM_REQUEST_TIMEOUT_S or try again.",
    )


def _unreachable(errand: Errand) -> ProviderError:
    return ProviderError(
        FailureKind.UNREACHABLE,
        f"{errand.service.address} does not answer; check the network and "
        f"{errand.service.address_name}.",
    )


def _broken_off(errand: Errand, why: str) -> ProviderError:
    return ProviderError(
        FailureKind.TRUNCATED, f"The answer to {errand.about} broke off: {why}; try again."
    )


def _json(content: bytes) -> Any:
    try:
        return json.loads(content)
    except ValueError:
        return None
