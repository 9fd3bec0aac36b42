"""A broken judge is told from a poor response: one sentence a response, and the others go on."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest

from core.errors import InvalidInputError
from core.judges.base import UNIT_SCALE, JudgedResponse, JudgeKind, Need, Options, Score, Unscored
from core.judges.gates import NoTools
from core.judges.measuring import measured


@dataclass(frozen=True)
class Odd:
    """Scores as it is told to."""

    give: Callable[[Sequence[JudgedResponse]], object]
    options: Options = field(default_factory=Options)
    name = "odd"
    label = "Odd"
    kind = JudgeKind.CHECK
    scale = UNIT_SCALE
    needs: frozenset[Need] = frozenset()
    asks_model = False
    is_gate = False

    def configuration(self) -> dict[str, object]:
        return {}

    def score(self, responses: Sequence[JudgedResponse], tools: object) -> list[Score | Unscored]:
        return self.give(responses)  # type: ignore[return-value]  # what is tested


RESPONSES = [JudgedResponse(str(number), "prompt", f"text {number}") for number in range(3)]


def found(give: Callable[[Sequence[JudgedResponse]], object]) -> list[Score | Unscored]:
    return measured(Odd(give), RESPONSES, NoTools())


def test_sound_scores_stay_as_they_are() -> None:
    scores = [Score(0.5), Unscored("no_reference", "None."), Score(1.0, raw=3.0)]
    assert found(lambda _: scores) == scores


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (Score(math.nan), "nan where a finite number must be"),
        (Score(0.5, raw=math.inf), "gave inf where a finite number must be"),
        (Score(0.5, raw=10**400), "where a finite number must be"),
        (Score(1.5), "1.5, which is not between 0 and 1"),
        (None, "None instead of a score"),
        (0.5, "0.5 instead of a score"),
        (Score(0.5, ["x"]), "gave ['x'] where a reasoning that can be stored"),  # type: ignore[arg-type]  # what is tested
        (Score(0.5, "a\x00b"), r"gave 'a\x00b' where a reasoning"),
        (Score(0.5, "a\ud800b"), r"gave 'a\ud800b' where a reasoning"),
        (Score(0.5, details={"x": np.float32(1)}), "cannot be stored as JSON"),
        (Score(0.5, details={"x": math.nan}), "cannot be stored as JSON"),
        (Score(0.5, details={"x": [{"y": "\x00"}]}), "cannot be stored as JSON"),
        (Score(0.5, details={"\ud800": 1}), "cannot be stored as JSON"),
        (Score(0.5, details=["x"]), "gave the details ['x'], which"),  # type: ignore[arg-type]  # what is tested
        (Unscored("k" * 65, "No."), "where a kind of 1 to 64 characters must be"),
        (Unscored("", "No."), "gave '' where a kind"),
        (Unscored(None, "No."), "gave None where a kind"),  # type: ignore[arg-type]  # what is tested
        (Unscored("odd", None), "gave None where a sentence"),  # type: ignore[arg-type]  # what is tested
        (Unscored("odd", "\x00"), "where a sentence that can be stored"),
    ],
)
def test_an_unsound_score_is_a_reason_of_its_own(given: object, told: str) -> None:
    first, second, third = found(lambda responses: [Score(1), given, Score(0)][: len(responses)])
    assert (first, third) == (Score(1), Score(0))
    assert isinstance(second, Unscored)
    assert second.kind == "broken_judge"
    assert second.message.startswith("The judge Odd is broken: it gave ")
    assert told in second.message


def test_a_list_of_another_length_scores_nobody() -> None:
    for one in found(lambda _: [Score(1)]):
        assert isinstance(one, Unscored)
        assert "something else than one score a response" in one.message


def test_an_exception_hits_only_the_response_that_it_is_raised_for() -> None:
    def give(responses: Sequence[JudgedResponse]) -> list[Score]:
        if any(one.response_id == "1" for one in responses):
            raise KeyError("no such word")
        return [Score(1.0)] * len(responses)

    first, second, third = found(give)
    assert (first, third) == (Score(1.0), Score(1.0))
    assert second == Unscored("broken_judge", "The judge Odd is broken: KeyError: 'no such word'.")


@pytest.mark.parametrize(
    ("error", "told"),
    [(SystemExit(3), "SystemExit: 3"), (ValueError("bad \ud800\x00 text"), "ValueError: bad text")],
)
def test_neither_an_exit_nor_an_unstorable_message_gets_out(
    error: BaseException, told: str
) -> None:
    def give(_: object) -> object:
        raise error

    assert found(give) == [Unscored("broken_judge", f"The judge Odd is broken: {told}.")] * 3


def test_an_exception_that_cannot_even_be_told_is_a_reason_too() -> None:
    class MuteError(Exception):
        def __str__(self) -> str:
            raise KeyError("nothing")

    def give(_: object) -> object:
        raise MuteError

    assert found(give) == [Unscored("broken_judge", "The judge Odd is broken: MuteError.")] * 3


def test_whole_numbers_are_stored_as_floats() -> None:
    scores = found(lambda responses: [Score(1, raw=2**70)] * len(responses))
    for one in scores:
        assert isinstance(one, Score)
        assert (one.value, one.raw) == (1.0, float(2**70))
        assert {type(one.value), type(one.raw)} == {float}


def test_a_refusal_of_our_own_is_stored_with_every_response() -> None:
    def give(_: object) -> object:
        raise InvalidInputError("Install it.")

    assert found(give) == [Unscored("internal", "Install it.")] * 3
