"""A call becomes the body that its server understands."""

from typing import Any

import pytest

from core.providers.base import ChatRequest, FailureKind, ProviderError
from core.providers.openai_api.requests import background_body, chat_body, streamed_chat_body
from core.providers.openai_api.service import Service

SCHEMA: dict[str, Any] = {"type": "object", "properties": {}, "additionalProperties": False}
FULL = ChatRequest(
    "m",
    "Hi",
    system_prompt="Be brief.",
    temperature=0.7,
    top_p=0.9,
    max_tokens=5,
    seed=1,
    stop=("END",),
    json_schema=SCHEMA,
    reasoning_effort="low",
    top_logprobs=4,
)


def service(*, is_openai: bool) -> Service:
    return Service(
        address="here", address_name="THERE", clock=lambda: 0, timeout_s=1, is_openai=is_openai
    )


def test_every_parameter_is_in_the_body() -> None:
    assert chat_body(FULL, service(is_openai=False)) == {
        "model": "m",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "Hi"},
        ],
        "temperature": 0.7,
        "top_p": 0.9,
        "max_tokens": 5,
        "seed": 1,
        "stop": ["END"],
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "answer", "schema": SCHEMA, "strict": True},
        },
        "reasoning_effort": "low",
        "logprobs": True,
        "top_logprobs": 4,
    }


def test_what_is_not_set_is_not_in_the_body() -> None:
    body = chat_body(ChatRequest("m", "Hi"), service(is_openai=True))
    assert body == {"model": "m", "messages": [{"role": "user", "content": "Hi"}]}


def test_openai_itself_gets_the_new_name_of_the_limit_and_sends_no_padding() -> None:
    body = streamed_chat_body(FULL, service(is_openai=True))
    assert body["max_completion_tokens"] == 5
    assert "max_tokens" not in body
    assert body["stream_options"] == {"include_usage": True, "include_obfuscation": False}


def test_other_servers_get_no_option_that_they_may_refuse() -> None:
    body = streamed_chat_body(FULL, service(is_openai=False))
    assert body["stream_options"] == {"include_usage": True}
    assert "max_completion_tokens" not in body


def test_any_json_object_can_be_asked_for() -> None:
    request = ChatRequest("m", "Hi", json_mode=True)
    assert chat_body(request, service(is_openai=False))["response_format"] == {
        "type": "json_object"
    }
    assert background_body(request)["text"] == {"format": {"type": "json_object"}}


def test_a_call_in_the_background_is_kept_and_has_the_same_parameters() -> None:
    request = ChatRequest(
        "m", "Hi", "Be brief.", 0.7, 0.9, 5, json_schema=SCHEMA, reasoning_effort="low"
    )
    assert background_body(request) == {
        "model": "m",
        "input": "Hi",
        "background": True,
        "store": True,
        "instructions": "Be brief.",
        "temperature": 0.7,
        "top_p": 0.9,
        "max_output_tokens": 5,
        "reasoning": {"effort": "low"},
        "text": {
            "format": {"type": "json_schema", "name": "answer", "schema": SCHEMA, "strict": True}
        },
    }


@pytest.mark.parametrize(
    ("request_", "name"),
    [(ChatRequest("m", "Hi", seed=0), "seed"), (ChatRequest("m", "Hi", stop=("a",)), "stop texts")],
)
def test_what_the_background_does_not_know_is_refused_and_not_dropped(
    request_: ChatRequest, name: str
) -> None:
    with pytest.raises(ProviderError, match=f"know no {name}; unset it for 'm'") as raised:
        background_body(request_)
    assert raised.value.kind is FailureKind.INVALID_REQUEST
