"""A judge that asks may be broken too: it gives one sentence, and no question or reading."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import pytest

from core.errors import InvalidInputError
from core.judges.asking import question, reading
from core.judges.base import (
    UNIT_SCALE,
    Asking,
    Choice,
    JudgeKind,
    JudgeTask,
    Options,
    Score,
    Shape,
    UnparsableReplyError,
)
from core.providers.base import (
    ChatReply,
    ChatRequest,
    FailureKind,
    ProviderError,
    Timeline,
    Usage,
)

TASK = JudgeTask("prompt", "question", ("first", "second"))
REPLY = ChatReply("7", "stop", Usage(1, 1), Timeline(None, None, None, 1))


@dataclass(frozen=True)
class Odd:
    """Asks and reads as it is told to."""

    does: Callable[[], Any]
    shape: Shape = Shape.RESPONSE
    options: Options = field(default_factory=Options)
    name = "odd"
    label = "Odd"
    kind = JudgeKind.LLM
    scale = UNIT_SCALE

    @property
    def asking(self) -> Asking:
        return Asking(self.shape)

    def configuration(self) -> dict[str, object]:
        return {}

    def request(self, task: JudgeTask, model: str) -> ChatRequest:
        return self.does()  # type: ignore[no-any-return]  # what is tested

    def parse(self, reply: ChatReply, task: JudgeTask) -> Score | Choice:
        return self.does()  # type: ignore[no-any-return]  # what is tested


def raising(error: BaseException) -> Callable[[], Any]:
    def does() -> Any:
        raise error

    return does


def refused(ask: Callable[[], object]) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        ask()
    return caught.value


def test_a_sound_question_and_reading_stay_as_they_are() -> None:
    request = ChatRequest("model", "prompt")
    assert question(Odd(lambda: request), TASK, "model") is request
    assert reading(Odd(lambda: Score(0.5, "Why.")), TASK, REPLY) == Score(0.5, "Why.")
    for choice in (Choice(0), Choice(1), Choice(None)):
        assert reading(Odd(partial(replace, choice), Shape.PAIR), TASK, REPLY) == choice


@pytest.mark.parametrize(
    ("does", "told"),
    [
        (raising(KeyError("x")), "KeyError: 'x'"),
        (raising(SystemExit(3)), "SystemExit: 3"),
        (lambda: None, "it gave None instead of a question"),
    ],
)
def test_a_broken_question_is_told(does: Callable[[], Any], told: str) -> None:
    error = refused(lambda: question(Odd(does), TASK, "model"))
    assert error.kind is FailureKind.INTERNAL
    assert str(error) == f"The judge Odd is broken: {told}."


def test_a_judges_own_refusal_of_a_question_stays_what_it_is() -> None:
    with pytest.raises(InvalidInputError, match="Shorten it"):
        question(Odd(raising(InvalidInputError("Shorten it."))), TASK, "model")


@pytest.mark.parametrize(
    ("shape", "does", "told"),
    [
        (Shape.RESPONSE, raising(KeyError("x")), "KeyError: 'x'"),
        (Shape.RESPONSE, raising(SystemExit(3)), "SystemExit: 3"),
        (Shape.RESPONSE, lambda: None, "it gave None instead of a score"),
        (Shape.RESPONSE, lambda: Score(2), "it gave 2, which is not between 0 and 1"),
        (Shape.RESPONSE, lambda: Score(1, "\x00"), "where a reasoning that can be stored must be"),
        (Shape.RESPONSE, lambda: Choice(0), "instead of a score"),
        (Shape.PAIR, lambda: Score(1), "instead of a choice"),
        (Shape.PAIR, lambda: Choice(2), "it chose 2, where 0 to 1 can be chosen"),
        (Shape.SET, lambda: Choice(-1), "it chose -1, where 0 to 1 can be chosen"),
        (Shape.SET, lambda: Choice(True), "it chose True, where 0 to 1 can be chosen"),
        (Shape.PAIR, lambda: Choice(0, "\ud800"), "where a reasoning that can be stored must be"),
        (Shape.PAIR, lambda: Choice(0, None, {"x": {1}}), "cannot be stored as JSON"),
    ],
)
def test_a_broken_reading_is_told_and_not_worth_another_call(
    shape: Shape, does: Callable[[], Any], told: str
) -> None:
    error = refused(lambda: reading(Odd(does, shape), TASK, REPLY))
    assert error.kind is FailureKind.INTERNAL
    assert str(error).startswith("The judge Odd is broken: ")
    assert told in str(error)


def test_a_reply_that_is_not_what_was_asked_is_the_models_fault() -> None:
    odd = Odd(raising(UnparsableReplyError("The reply \x00is none.")))
    error = refused(lambda: reading(odd, TASK, REPLY))
    assert (error.kind, str(error)) == (FailureKind.UNPARSABLE, "The reply is none.")
