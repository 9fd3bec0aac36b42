"""What every check does: whatever a response is, it gets a sound score or a reason."""

import pytest

from core.judges.base import JudgedResponse, JudgeKind, MeasuringJudge, Score, Unscored
from core.judges.gates import NoTools, failed_gate
from core.judges.measuring import sound
from core.judges.registry import judges
from tests.core.judges.measuring import ENORMOUS, ODD_TEXTS

CHECKS = {
    name: judge
    for name, judge in judges().items()
    if judge.kind is JudgeKind.CHECK and isinstance(judge, MeasuringJudge)
}
PROMPT = "Write a friendly greeting for Sam in at most two sentences and 50 words."


def test_the_checks_are_there_and_two_of_them_are_gates() -> None:
    assert set(CHECKS) == {
        "length_limit", "sentence_limit", "forbidden_phrases", "language", "refusal",
        "repetition", "empty", "error_text", "facts",
    }  # fmt: skip
    assert {name for name, check in CHECKS.items() if check.is_gate} == {"empty", "error_text"}


@pytest.mark.parametrize("name", CHECKS)
@pytest.mark.parametrize("text", [*ODD_TEXTS.values(), ENORMOUS], ids=[*ODD_TEXTS, "enormous"])
def test_any_text_gets_a_score_on_the_scale_or_a_reason(name: str, text: str) -> None:
    check = CHECKS[name]
    facts = {"tasks": "Greet Sam\n\ud83d"}
    [found] = check.score([JudgedResponse("id", PROMPT, text, facts=facts)], NoTools())
    assert isinstance(found, Score | Unscored)
    assert sound(found, check.scale, check.label) == found


@pytest.mark.parametrize("text", ["", " \n", "Error: connection refused", "502 Bad Gateway"])
def test_what_is_no_answer_fails_a_gate(text: str) -> None:
    assert failed_gate(text, PROMPT) in ("empty", "error_text")


@pytest.mark.parametrize(
    "text", ["Good morning, Sam!", "\U0001f600", "I'm sorry, but I cannot help with that."]
)
def test_an_answer_passes_the_gates_and_so_does_a_refusal(text: str) -> None:
    assert failed_gate(text, PROMPT) is None
