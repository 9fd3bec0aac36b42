"""The same answer again and again."""

import pytest

from core.rating.screening.base import Context
from db.tables import ControlKind, Preference
from tests.core.rating.screening.behaving import scored, seen, session

RULE = "straight_lining"


def test_one_value_throughout_is_a_straight_line() -> None:
    evidence = seen(RULE, scored(7, 7, 7, 7, 7, 7))
    assert evidence.flagged is True
    assert evidence.figures == {"longest_run": 6, "longest_run_share": 1, "score_sd_share": 0}


def test_changing_values_are_none_and_the_longest_run_is_counted() -> None:
    evidence = seen(RULE, scored(1, 5, 5, 5, 9, 2))
    assert evidence.flagged is False
    assert evidence.figures["longest_run"] == 3
    assert evidence.figures["score_sd_share"] == pytest.approx(0.2566, abs=0.0001)


def test_hardly_any_spread_is_flagged_without_a_run() -> None:
    assert seen(RULE, scored(*[7, 8] * 6), least_sd_share=0.06).flagged is True
    assert seen(RULE, scored(*[7, 8] * 6)).flagged is False


def test_preferences_make_a_line_too_if_all_criteria_do() -> None:
    same = [{"preferences": {"clarity": Preference.FIRST, "tone": Preference.TIE}}] * 6
    other = {"preferences": {"clarity": Preference.FIRST, "tone": Preference.FIRST}}
    assert seen(RULE, session(*same)).flagged is True
    assert seen(RULE, session(*[same[0], other] * 4)).flagged is False


def test_scores_that_only_their_mean_holds_still_are_no_line() -> None:
    values = [0, 10, 3, 7, 1, 9, 2, 8]
    opposed = [{"scores": {"accuracy": one, "brevity": 10 - one}} for one in values]
    evidence = seen(RULE, session(*opposed))
    assert evidence.flagged is False
    assert evidence.figures["score_sd_share"] > 0.3


def test_one_criterion_that_changes_is_enough() -> None:
    moving = [{"scores": {"accuracy": 7, "brevity": one % 10}} for one in range(12)]
    assert seen(RULE, session(*moving)).flagged is False
    still = [{"scores": {"accuracy": 7, "brevity": 2}} for _ in range(12)]
    assert seen(RULE, session(*still)).flagged is True


def test_a_criterion_with_few_answers_is_left_aside() -> None:
    items = [{"scores": {"accuracy": 7}}] * 6
    asked_late = {"scores": {"accuracy": 7, "brevity": 2}}
    assert seen(RULE, session(*items, asked_late)).flagged is True


@pytest.mark.parametrize("values", [[1, 1, 0, *[1] * 9], [0, 0, 0, 1, 0, 0, 0, 0, 1, 0]])
def test_hardly_any_points_are_much_on_a_short_scale(values: list[int]) -> None:
    of_two_values = Context(scale_range=1)
    assert seen(RULE, scored(*values), of_two_values).flagged is False
    assert seen(RULE, scored(*values), Context(scale_range=100)).flagged is True


def test_planted_items_neither_break_a_line_nor_make_one() -> None:
    planted = {"scores": {"quality": 3}, "control": ControlKind.ATTENTION}
    line = [{"scores": {"quality": 7}}] * 3
    assert seen(RULE, session(*line, planted, *line)).figures["longest_run"] == 6
    assert seen(RULE, session(*[planted] * 9)).flagged is None


def test_five_answers_are_too_few() -> None:
    assert seen(RULE, scored(7, 7, 7, 7, 7)).flagged is None
