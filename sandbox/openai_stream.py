"""The body of a chat completion: one object, or the events of a stream."""

import asyncio
import json
import time
import uuid
from collections.abc import AsyncIterator
from typing import Any

from sandbox.logprobs import told
from sandbox.pacing import sleep_until
from sandbox.state import Work


class ChatStream:
    """Writes one answer in OpenAI's shapes; `with_usage` adds the usage chunk to a stream."""

    def __init__(self, work: Work, with_usage: bool) -> None:
        self._work = work
        self._with_usage = with_usage
        self._id = f"chatcmpl-{uuid.uuid4().hex[:29]}"
        self._created = int(time.time())

    def whole(self, text: str) -> dict[str, Any]:
        """Write the answer as one object."""
        message: dict[str, Any] = {"role": "assistant", "content": text, "refusal": None}
        thoughts, shown = "".join(thoughts_of(self._work)), self._work.model.reasoning_shown
        if thoughts and shown == "apart":
            message["reasoning_content"] = thoughts
        elif thoughts and shown == "inline":
            message["content"] = f"<think>\n{thoughts}\n</think>\n\n{text}"
        choice = {
            "index": 0,
            "message": message,
            "logprobs": _content(logprobs_of(self._work)),
            "finish_reason": None
            if self._work.plan.without_end
            else self._work.answer.finish_reason,
        }
        head = self._head("chat.completion")
        return {**head, "choices": [choice], "usage": usage_of(self._work)}

    async def events(self) -> AsyncIterator[str | bytes]:
        """Write the answer as server-sent events: role, content, finish reason, usage, done."""
        work = self._work
        async with work.started():
            await self._wait_for_role()
            role_sent = False
            if work.plan.role_chunk_first_ms is not None:
                yield self._role()
                role_sent = True
            async for delta, logprobs in self._deltas():
                if not role_sent:
                    yield self._role()
                    role_sent = True
                if work.plan.in_latin_1:
                    yield self._chunk({"content": "\xe9"}).encode("latin-1")
                yield self._chunk(delta, logprobs=logprobs)
            if work.plan.without_end:
                return
            if not role_sent:
                yield self._role()
            yield self._chunk({}, work.answer.finish_reason)
            if self._with_usage:
                head = self._head("chat.completion.chunk")
                yield _event({**head, "choices": [], "usage": usage_of(work)})
            yield "data: [DONE]\n\n"

    async def _deltas(self) -> AsyncIterator[tuple[dict[str, Any], dict[str, Any] | None]]:
        """Give the thoughts, as the model shows them, and then the answer with its chances."""
        model = self._work.model
        thoughts = thoughts_of(self._work)
        for place, thought in enumerate(thoughts):
            await asyncio.sleep(model.ms_per_token / 1000)
            if model.reasoning_shown == "apart":
                yield {"reasoning_content": thought}, None
            elif model.reasoning_shown == "inline":
                opening = "<think>\n" if place == 0 else ""
                closing = "\n</think>\n\n" if place + 1 == len(thoughts) else ""
                yield {"content": opening + thought + closing}, None
        chances = iter(logprobs_of(self._work) or ())
        async for token in self._work.tokens():
            one = next(chances, None)
            yield {"content": token}, _content(None if one is None else [one])

    async def _wait_for_role(self) -> None:
        """Wait until the role chunk is due, where it is asked to lead the first token."""
        lead_ms = self._work.plan.role_chunk_first_ms
        if lead_ms is not None:
            due = self._work.times[0] - lead_ms / 1000
            await sleep_until(self._work.timeline.admitted_ns, due)

    def _role(self) -> str:
        return self._chunk({"role": "assistant", "content": "", "refusal": None})

    def _chunk(
        self,
        delta: dict[str, Any],
        finish_reason: str | None = None,
        *,
        logprobs: dict[str, Any] | None = None,
    ) -> str:
        choice = {"index": 0, "delta": delta, "logprobs": logprobs, "finish_reason": finish_reason}
        content = {**self._head("chat.completion.chunk"), "choices": [choice]}
        return _event({**content, "usage": None} if self._with_usage else content)

    def _head(self, kind: str) -> dict[str, Any]:
        return {
            "id": self._id,
            "object": kind,
            "created": self._created,
            "model": self._work.model.name,
            "service_tier": "default",
            "system_fingerprint": self._work.model.fingerprint,
        }


def logprobs_of(work: Work) -> list[dict[str, Any]] | None:
    """Give the tokens of an answer with their log-probabilities, where they are asked for."""
    top = work.ask.top_logprobs
    return None if top is None else told(work.answer.tokens, work.answer.leaning, top)


def _content(logprobs: list[dict[str, Any]] | None) -> dict[str, Any] | None:
    return None if logprobs is None else {"content": logprobs, "refusal": None}


def usage_of(work: Work) -> dict[str, Any]:
    """Count the tokens of one request and its answer."""
    thoughts = work.model.reasoning_tokens
    prompt, answer = work.ask.prompt_tokens, thoughts + len(work.answer.tokens)
    return {
        "prompt_tokens": prompt,
        "completion_tokens": answer,
        "total_tokens": prompt + answer,
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": thoughts,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }


def thoughts_of(work: Work) -> list[str]:
    """Give what the model thinks aloud, a token each."""
    return [f"Thought {number}. " for number in range(1, work.model.reasoning_tokens + 1)]


def cut_event() -> str:
    """Write the error that ends a stream cut on purpose."""
    error = {
        "message": "The server had an error while processing your request. Sorry about that!",
        "type": "server_error",
        "param": None,
        "code": None,
    }
    return _event({"error": error})


def _event(content: dict[str, Any]) -> str:
    return f"data: {json.dumps(content, ensure_ascii=False)}\n\n"
