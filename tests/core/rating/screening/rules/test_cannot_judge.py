"""Saying again and again that one cannot judge."""

from db.tables import ControlKind
from tests.core.rating.screening.behaving import seen, session

RULE = "cannot_judge"


def test_more_than_half_is_flagged() -> None:
    without, given = {"cannot_judge": True}, {"scores": {"quality": 5}}
    evidence = seen(RULE, session(*[without] * 3, *[given] * 2))
    assert evidence.flagged is True
    assert evidence.figures == {"cannot_judge_share": 0.6, "cannot_judge": 3}
    assert seen(RULE, session(*[without] * 3, *[given] * 3)).flagged is False


def test_planted_items_are_left_aside_and_four_are_too_few() -> None:
    planted = {"cannot_judge": True, "control": ControlKind.GOLD}
    assert seen(RULE, session(*[planted] * 9)).flagged is None
    assert seen(RULE, session(*[{"cannot_judge": True}] * 4)).flagged is None
