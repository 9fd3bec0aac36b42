"""The same answer again and again."""

import pytest

from db.tables import ControlKind, Preference
from tests.core.rating.screening.behaving import scored, seen, session

RULE = "straight_lining"


def test_one_value_throughout_is_a_straight_line() -> None:
    evidence = seen(RULE, scored(7, 7, 7, 7, 7, 7))
    assert evidence.flagged is True
    assert evidence.figures == {"longest_run": 6, "longest_run_share": 1, "score_sd": 0}


def test_changing_values_are_none_and_the_longest_run_is_counted() -> None:
    evidence = seen(RULE, scored(1, 5, 5, 5, 9, 2))
    assert evidence.flagged is False
    assert evidence.figures["longest_run"] == 3
    assert evidence.figures["score_sd"] == pytest.approx(2.566, abs=0.001)


def test_hardly_any_spread_is_flagged_without_a_run() -> None:
    assert seen(RULE, scored(*[7, 8] * 6), least_sd=0.6).flagged is True
    assert seen(RULE, scored(*[7, 8] * 6)).flagged is False


def test_preferences_make_a_line_too_if_all_criteria_do() -> None:
    same = [{"preferences": {"clarity": Preference.FIRST, "tone": Preference.TIE}}] * 6
    other = {"preferences": {"clarity": Preference.FIRST, "tone": Preference.FIRST}}
    assert seen(RULE, session(*same)).flagged is True
    assert seen(RULE, session(*[same[0], other] * 4)).flagged is False


def test_planted_items_neither_break_a_line_nor_make_one() -> None:
    planted = {"scores": {"quality": 3}, "control": ControlKind.ATTENTION}
    line = [{"scores": {"quality": 7}}] * 3
    assert seen(RULE, session(*line, planted, *line)).figures["longest_run"] == 6
    assert seen(RULE, session(*[planted] * 9)).flagged is None


def test_five_answers_are_too_few() -> None:
    assert seen(RULE, scored(7, 7, 7, 7, 7)).flagged is None
