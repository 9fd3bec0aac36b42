"""Responses made in the background: kept by the server until they are fetched.

https://platform.openai.com/docs/guides/background. The Responses API knows neither a seed nor stop
texts, so a call that has any is refused before it is sent.
"""

import asyncio
from collections.abc import Mapping
from functools import partial
from typing import Any

from core.providers.base import (
    ChatReply,
    ChatRequest,
    FailureKind,
    ProviderError,
    Timeline,
)
from core.providers.keys import without_keys
from core.providers.openai_api.answers import response_usage, token_logprobs, useless
from core.providers.openai_api.chat import ChatProvider, told_of_probabilities
from core.providers.openai_api.failures import Errand, call_to, not_the_api
from core.providers.openai_api.headers import observed_limits
from core.providers.openai_api.requests import background_body

FIRST_PATIENCE_S = 0.5
LONGEST_PATIENCE_S = 5.0
_PATIENCE_GROWTH = 1.5
_UNDER_WAY = frozenset({"queued", "in_progress"})
_FINISH_REASONS = {"max_output_tokens": "length"}
"""Words of the Responses API for what Chat Completions call otherwise."""


class BackgroundProvider(ChatProvider):
    """Models whose answers can be fetched again; see `core.providers.base.ResumableProvider`."""

    async def start(self, request: ChatRequest) -> str:
        """See `core.providers.base.ResumableProvider.start`."""
        self.service.demand_readiness()
        errand = call_to(self.service, request.model)
        create = partial(self.client.responses.with_raw_response.create, **background_body(request))
        try:
            content = (await self.document(create, errand)).content
        except ProviderError as error:
            raise told_of_probabilities(error, request) from None
        external_id = content.get("id")
        if content.get("object") != "response" or not isinstance(external_id, str):
            raise not_the_api(errand)
        return external_id

    async def fetch(self, external_id: str, request: ChatRequest) -> ChatReply:
        """See `core.providers.base.ResumableProvider.fetch`.

        What fails on the way to an answer that the server still keeps has a kind after which it is
        fetched again, such as ``UNREACHABLE`` for a lost connection. What failed at the server
        itself is ``TRUNCATED``, so that another attempt is another call.
        """
        errand = Errand(
            self.service, f"the question for the response {external_id!r}", request.model
        )
        retrieve = partial(self.client.responses.with_raw_response.retrieve, external_id)
        patience_s = FIRST_PATIENCE_S
        try:
            async with asyncio.timeout(self.service.background_timeout_s):
                while True:
                    document = await self.document(retrieve, errand)
                    if document.content.get("object") != "response":
                        raise not_the_api(errand)
                    if document.content.get("status") not in _UNDER_WAY:
                        break
                    await asyncio.sleep(patience_s)
                    patience_s = min(patience_s * _PATIENCE_GROWTH, LONGEST_PATIENCE_S)
        except TimeoutError:
            raise self._not_ready(request.model) from None
        except ProviderError as error:
            raise self._lost(error, external_id) from None
        return _reply(document.content, call_to(self.service, request.model), document.headers)

    def _not_ready(self, model: str) -> ProviderError:
        return ProviderError(
            FailureKind.TIMEOUT,
            f"{self.service.address} has not finished the call to {model!r} in the background; "
            "retry to fetch it, or raise SLAM_BACKGROUND_TIMEOUT_S.",
        )

    def _lost(self, error: ProviderError, external_id: str) -> ProviderError:
        """What a failure on the way means for the answer: it is gone, or still kept."""
        if error.kind is FailureKind.TRUNCATED:
            return ProviderError(
                FailureKind.UNREACHABLE,
                f"{self.service.address} was lost before it gave the response {external_id!r}, "
                "which it keeps; try again.",
            )
        if error.http_status != 404:
            return error
        return ProviderError(
            FailureKind.INVALID_REQUEST,
            f"{self.service.address} no longer keeps the response {external_id!r}; "
            "retry to make the call anew.",
            http_status=404,
        )


def _reply(content: dict[str, Any], errand: Errand, headers: Mapping[str, str]) -> ChatReply:
    texts, thoughts, refusals = _parts(content)
    usage = response_usage(content.get("usage"))
    status = content.get("status")
    if status not in ("completed", "incomplete"):
        failure = _failure(content, errand)
        failure.usage = usage
        raise failure
    finish_reason = _finish_reason(content)
    text = "".join(texts)
    if failure_found := useless(errand, text, "".join(refusals), finish_reason, usage):
        raise failure_found
    figures = {
        name: content[name]
        for name in ("id", "service_tier", "created_at", "completed_at", "usage")
        if content.get(name) is not None
    }
    return ChatReply(
        text=text,
        finish_reason=finish_reason,
        usage=usage,
        timeline=Timeline(None, None, None, _duration_ns(content)),
        reasoning_text="\n".join(thoughts).strip() or None,
        model_reported=content.get("model"),
        observed_limits=observed_limits(headers),
        provider_figures=figures,
        token_logprobs=token_logprobs(_logprobs(content)),
    )


def _failure(content: dict[str, Any], errand: Errand) -> ProviderError:
    status = content.get("status")
    if status == "cancelled":
        return ProviderError(
            FailureKind.INVALID_REQUEST,
            f"The call to {errand.model!r} was cancelled at {errand.service.address}; "
            "retry to make it anew.",
        )
    error = content.get("error")
    code = error.get("code") if isinstance(error, dict) else None
    told = error.get("message") if isinstance(error, dict) else None
    why = without_keys(str(told or f"its status is {status!r}"), errand.service.key).rstrip(".!")
    kind, mend = FailureKind.TRUNCATED, "try again"
    if code == "insufficient_quota":
        kind, mend = FailureKind.QUOTA_EXHAUSTED, "top the account up, then retry"
    elif code in ("invalid_prompt", "content_filter"):
        kind, mend = FailureKind.REFUSED, "change the prompt"
    return ProviderError(
        kind, f"The call to {errand.model!r} failed in the background: {why}; {mend}."
    )


def _parts(content: dict[str, Any]) -> tuple[list[str], list[str], list[str]]:
    """The texts of the answer, of its thoughts and of its refusals."""
    texts: list[str] = []
    thoughts: list[str] = []
    refusals: list[str] = []
    kept = {
        "output_text": (texts, "text"),
        "refusal": (refusals, "refusal"),
        "summary_text": (thoughts, "text"),
        "reasoning_text": (thoughts, "text"),
    }
    for item in _objects(content.get("output")):
        for part in _objects(item.get("summary")) + _objects(item.get("content")):
            where, name = kept.get(str(part.get("type")), (None, ""))
            if where is not None and isinstance(part.get(name), str):
                where.append(part[name])
    return texts, thoughts, refusals


def _logprobs(content: dict[str, Any]) -> list[Any]:
    """The log-probabilities of all parts of the answer, one after the other."""
    return [
        told
        for item in _objects(content.get("output"))
        for part in _objects(item.get("content"))
        for told in _objects(part.get("logprobs"))
    ]


def _objects(content: object) -> list[dict[str, Any]]:
    return [one for one in content if isinstance(one, dict)] if isinstance(content, list) else []


def _finish_reason(content: dict[str, Any]) -> str:
    if content.get("status") == "completed":
        return "stop"
    details = content.get("incomplete_details")
    reason = details.get("reason") if isinstance(details, dict) else None
    return _FINISH_REASONS.get(str(reason), str(reason or "incomplete"))


def _duration_ns(content: dict[str, Any]) -> int | None:
    """By the server's own clock; our waiting says nothing of the model.

    The clock has whole seconds, so that an answer within one has no known duration.
    """
    created, completed = content.get("created_at"), content.get("completed_at")
    if not isinstance(created, int | float) or not isinstance(completed, int | float):
        return None
    return round((completed - created) * 1_000_000_000) if completed > created else None
