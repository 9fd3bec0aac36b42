"""Replies and tasks for tests of judges that ask a model."""

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from core.judges.base import Choice, Example, JudgeTask, LLMJudge, Score, UnparsableReplyError
from core.providers.base import ChatReply, Timeline, TokenAlternatives, Usage

TASK = "Write a briefing about the budget slides."
TEXT = "The budget slides are done."
OTHER = "Slides about the budget: ready."
QUESTION = "Is it kind?"
EXAMPLE = Example(
    response_id="response-9",
    test_case_id="case-9",
    prompt="Say hello.",
    response="Good day.",
    score=0.72,
)


def task(*responses: str, **fields: Any) -> JudgeTask:
    return JudgeTask(**{"prompt": TASK, "question": QUESTION, "responses": responses} | fields)


def reply(text: str, tokens: Sequence[TokenAlternatives] | None = None) -> ChatReply:
    return ChatReply(
        text=text,
        finish_reason="stop",
        usage=Usage(),
        timeline=Timeline(None, None, None, None),
        token_logprobs=None if tokens is None else tuple(tokens),
    )


def written(**fields: Any) -> ChatReply:
    """A reply that is a JSON object."""
    return reply(json.dumps(fields))


def token(text: str, **chances: float) -> TokenAlternatives:
    """A token with the chances of alternatives; ``n7`` stands for 7."""
    return token_of(text, {name.removeprefix("n"): chance for name, chance in chances.items()})


def token_of(text: str, chances: Mapping[str, float]) -> TokenAlternatives:
    logprobs = {name: math.log(chance) for name, chance in chances.items()}
    listed = tuple(sorted(logprobs.items(), key=lambda one: -one[1]))
    return TokenAlternatives(text, logprobs.get(text, -0.1), listed)


def score_of(judge: LLMJudge, replied: ChatReply, about: JudgeTask) -> Score:
    read = judge.parse(replied, about)
    assert isinstance(read, Score)
    return read


def choice_of(judge: LLMJudge, replied: ChatReply, about: JudgeTask) -> Choice:
    read = judge.parse(replied, about)
    assert isinstance(read, Choice)
    return read


def refusal_of(judge: LLMJudge, text: str, about: JudgeTask) -> str:
    """Why the judge refuses a reply; a sentence that can be stored and read."""
    with pytest.raises(UnparsableReplyError) as raised:
        judge.parse(reply(text), about)
    message = str(raised.value)
    assert message.startswith("The judge's reply ")
    assert message.endswith("; retry to ask again.")
    assert len(message) < 400
    message.encode()
    return message
