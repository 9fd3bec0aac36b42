"""A call as the body of a request: for Chat Completions and for Responses.

https://platform.openai.com/docs/api-reference/chat/create and .../responses/create.
"""

from typing import Any

from core.providers.base import ChatRequest, FailureKind, ProviderError
from core.providers.openai_api.service import Service

_SCHEMA_NAME = "answer"


def streamed_chat_body(request: ChatRequest, service: Service) -> dict[str, Any]:
    """The body of a streamed chat completion that tells its usage at the end."""
    options = {"include_usage": True}
    if service.is_openai:
        # Padding against eavesdroppers who count bytes; it would only blur the times.
        options["include_obfuscation"] = False
    return {**chat_body(request, service), "stream": True, "stream_options": options}


def chat_body(request: ChatRequest, service: Service) -> dict[str, Any]:
    """The body of a chat completion that is answered whole."""
    wants_logprobs = request.top_logprobs is not None
    messages = [{"role": "user", "content": request.prompt}]
    if request.system_prompt:
        messages.insert(0, {"role": "system", "content": request.system_prompt})
    optional = {
        "temperature": request.temperature,
        "top_p": request.top_p,
        # Reasoning models of OpenAI refuse the old name; other servers often ignore the new one.
        "max_completion_tokens" if service.is_openai else "max_tokens": request.max_tokens,
        "seed": request.seed,
        "stop": list(request.stop) or None,
        "response_format": _response_format(request),
        "reasoning_effort": request.reasoning_effort,
        "logprobs": wants_logprobs or None,
        "top_logprobs": request.top_logprobs,
    }
    return {"model": request.model, "messages": messages, **_given(optional)}


def background_body(request: ChatRequest) -> dict[str, Any]:
    """The body of a response that is made in the background and kept to be fetched.

    Raises:
        ProviderError: the call has parameters that the Responses API does not know.
    """
    if request.stop or request.seed is not None:
        unknown = "stop texts" if request.stop else "seed"
        raise ProviderError(
            FailureKind.INVALID_REQUEST,
            f"Calls in the background know no {unknown}; unset it for {request.model!r}, or do "
            "not call in the background.",
        )
    effort = request.reasoning_effort
    response_format = _text_format(request)
    optional = {
        "instructions": request.system_prompt or None,
        "temperature": request.temperature,
        "top_p": request.top_p,
        "max_output_tokens": request.max_tokens,
        "reasoning": {"effort": effort} if effort else None,
        "text": {"format": response_format} if response_format else None,
        "top_logprobs": request.top_logprobs,
        "include": None if request.top_logprobs is None else ["message.output_text.logprobs"],
    }
    return {
        "model": request.model,
        "input": request.prompt,
        "background": True,
        "store": True,
        **_given(optional),
    }


def _given(optional: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in optional.items() if value is not None}


def _response_format(request: ChatRequest) -> dict[str, Any] | None:
    if request.json_schema is not None:
        schema = {"name": _SCHEMA_NAME, "schema": request.json_schema, "strict": True}
        return {"type": "json_schema", "json_schema": schema}
    return {"type": "json_object"} if request.json_mode else None


def _text_format(request: ChatRequest) -> dict[str, Any] | None:
    """The same in the words of the Responses API, where the schema is not wrapped."""
    if request.json_schema is not None:
        schema = {"name": _SCHEMA_NAME, "schema": request.json_schema, "strict": True}
        return {"type": "json_schema", **schema}
    return {"type": "json_object"} if request.json_mode else None
