"""Reads answers of Chat Completions: a stream's chunks, or the whole of one at once."""

import math
from typing import Any

from core.providers.base import (
    ChatReply,
    FailureKind,
    ProviderError,
    Timeline,
    TokenAlternatives,
    Usage,
    ended_by,
)
from core.providers.openai_api.failures import Errand, not_the_api
from core.providers.openai_api.thinking import ThinkSplitter

_FIGURES = ("system_fingerprint", "service_tier")


class Answer:
    """Gathers what one answer says, chunk by chunk."""

    def __init__(self, errand: Errand) -> None:
        self._errand = errand
        self._splitter = ThinkSplitter()
        self._texts: list[str] = []
        self._thoughts: list[str] = []
        self._refusals: list[str] = []
        self._logprobs: list[Any] = []
        self._chunks = 0
        self._has_choices = False
        self._finish_reason: str | None = None
        self._usage: dict[str, Any] | None = None
        self._model: object = None
        self._figures: dict[str, Any] = {}

    @property
    def usage(self) -> Usage:
        """What the server counted, as far as it told."""
        return chat_usage(self._usage)

    def take(self, chunk: object) -> bool:
        """Add a chunk, or a whole answer; says whether it carried text of the answer."""
        self._chunks += 1
        if not isinstance(chunk, dict):
            return False
        self._model = chunk.get("model") or self._model
        self._usage = chunk.get("usage") or self._usage
        for name in _FIGURES:
            if name in chunk and chunk[name] is not None:
                self._figures[name] = chunk[name]
        choices = chunk.get("choices")
        if not isinstance(choices, list):
            return False
        self._has_choices = True
        has_text = False
        for choice in choices:
            has_text |= self._take_choice(choice)
        return has_text

    def reply(self, timeline: Timeline) -> ChatReply:
        """The reply, now that the answer is over.

        Raises:
            ProviderError: it is of no use.
        """
        self._keep(*self._splitter.finish())
        text = "".join(self._texts)
        if failure := self._failure(text):
            raise failure
        if self._usage is not None:
            self._figures["usage"] = self._usage
        return ChatReply(
            text=text,
            finish_reason=self._finish_reason,
            usage=self.usage,
            timeline=timeline,
            reasoning_text="".join(self._thoughts).strip() or None,
            model_reported=self._model if isinstance(self._model, str) else None,
            provider_figures=self._figures,
            token_logprobs=token_logprobs(self._logprobs),
        )

    def _take_choice(self, choice: object) -> bool:
        if not isinstance(choice, dict):
            return False
        self._finish_reason = choice.get("finish_reason") or self._finish_reason
        told = _of(choice.get("logprobs"), "content")
        if isinstance(told, list):
            self._logprobs += told
        said = choice.get("delta") or choice.get("message")
        if not isinstance(said, dict):
            return False
        thoughts = said.get("reasoning_content") or said.get("reasoning")
        if isinstance(thoughts, str):
            self._thoughts.append(thoughts)
        if isinstance(refused := said.get("refusal"), str):
            self._refusals.append(refused)
        content = said.get("content")
        if not content or not isinstance(content, str):
            return False
        return self._keep(*self._splitter.feed(content))

    def _keep(self, text: str, thoughts: str) -> bool:
        if text:
            self._texts.append(text)
        if thoughts:
            self._thoughts.append(thoughts)
        return bool(text)

    def _failure(self, text: str) -> ProviderError | None:
        model = self._errand.model
        if self._chunks and not self._has_choices:
            return not_the_api(self._errand)
        if self._finish_reason is None:
            return self._unusable(
                FailureKind.TRUNCATED,
                f"The answer from {model!r} broke off before its end; try again.",
            )
        return useless(self._errand, text, "".join(self._refusals), self._finish_reason, self.usage)

    def _unusable(self, kind: FailureKind, message: str) -> ProviderError:
        return ProviderError(kind, message, finish_reason=self._finish_reason, usage=self.usage)


def useless(
    errand: Errand, text: str, refused: str, finish_reason: str, usage: Usage
) -> ProviderError | None:
    """Why an answer that came to its end is of no use, if it is of none."""
    if finish_reason == "content_filter":
        kind = FailureKind.REFUSED
        message = f"The content filter cut the answer from {errand.model!r}; change the prompt."
    elif refused and not text.strip():
        kind = FailureKind.REFUSED
        message = f"{errand.model!r} refused to answer; change the prompt."
    elif not text.strip():
        kind = FailureKind.EMPTY
        message = f"{errand.model!r} gave an empty answer{ended_by(finish_reason)}."
    else:
        return None
    return ProviderError(kind, message, finish_reason=finish_reason, usage=usage)


def token_logprobs(told: object) -> tuple[TokenAlternatives, ...] | None:
    """The list of tokens with their log-probabilities, in the shape that both APIs share.

    ``None`` where there is none, or where it is not whole: a gap would shift the tokens.
    """
    tokens = [_alternatives(one) for one in told] if isinstance(told, list) else []
    known = tuple(one for one in tokens if one is not None)
    return known if known and len(known) == len(tokens) else None


def chat_usage(told: object) -> Usage:
    """The ``usage`` of a chat completion."""
    return _usage(told, "prompt", "completion")


def response_usage(told: object) -> Usage:
    """The ``usage`` of a response, which has other names for the same."""
    return _usage(told, "input", "output")


def _usage(told: object, asked: str, answered: str) -> Usage:
    return Usage(
        prompt_tokens=_count(told, f"{asked}_tokens"),
        completion_tokens=_count(told, f"{answered}_tokens"),
        cached_prompt_tokens=_count(_of(told, f"{asked}_tokens_details"), "cached_tokens"),
        reasoning_tokens=_count(_of(told, f"{answered}_tokens_details"), "reasoning_tokens"),
    )


def _alternatives(told: object) -> TokenAlternatives | None:
    sampled = _token(told)
    if sampled is None:
        return None
    listed = _of(told, "top_logprobs")
    others = [_token(one) for one in listed] if isinstance(listed, list) else []
    known = [one for one in others if one is not None]
    return TokenAlternatives(*sampled, tuple(sorted(known, key=lambda one: -one[1])))


def _token(told: object) -> tuple[str, float] | None:
    """A token and its log-probability; what could never be sampled is left out."""
    text, logprob = _of(told, "token"), _of(told, "logprob")
    if not isinstance(text, str) or not isinstance(logprob, int | float):
        return None
    return (text, float(logprob)) if math.isfinite(logprob) else None


def _of(content: object, name: str) -> object:
    return content.get(name) if isinstance(content, dict) else None


def _count(content: object, name: str) -> int | None:
    count = _of(content, name)
    return count if isinstance(count, int) and not isinstance(count, bool) and count >= 0 else None
