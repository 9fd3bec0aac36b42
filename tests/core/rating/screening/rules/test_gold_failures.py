"""Gold items answered wrongly."""

from core.rating.screening.base import Behaviour
from db.tables import ControlKind
from tests.core.rating.screening.behaving import seen, session

RULE = "gold_failures"


def gold(*right: bool | None, kind: ControlKind = ControlKind.GOLD) -> Behaviour:
    return session(*({"control": kind, "is_right": one} for one in right))


def test_more_than_half_wrong_is_flagged() -> None:
    evidence = seen(RULE, gold(False, False, True))
    assert evidence.flagged is True
    assert evidence.figures == {"wrong_share": 2 / 3, "wrong": 2}
    assert seen(RULE, gold(False, True)).flagged is False
    assert seen(RULE, gold(False, True), share=0.4).flagged is True


def test_what_could_not_be_judged_and_other_planted_items_do_not_count() -> None:
    assert seen(RULE, gold(None, None, False)).flagged is None
    assert seen(RULE, gold(False, False, kind=ControlKind.ATTENTION)).flagged is None
