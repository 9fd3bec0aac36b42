"""Attention items not answered as they say."""

from core.rating.screening.base import Behaviour
from db.tables import ControlKind
from tests.core.rating.screening.behaving import seen, session

RULE = "attention_failures"


def attention(*right: bool | None) -> Behaviour:
    return session(*({"control": ControlKind.ATTENTION, "is_right": one} for one in right))


def test_two_failures_are_flagged_and_one_is_not() -> None:
    assert seen(RULE, attention(False, False)).flagged is True
    evidence = seen(RULE, attention(False, True))
    assert evidence.flagged is False
    assert evidence.figures == {"failures": 1}
    assert seen(RULE, attention(False, True), failures=1).flagged is True


def test_without_an_attention_item_nothing_is_said() -> None:
    assert seen(RULE, attention()).flagged is None
    assert seen(RULE, session({"control": ControlKind.GOLD, "is_right": False})).flagged is None
