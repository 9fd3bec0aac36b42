"""Choosing a side of the screen."""

import pytest
from statsmodels.stats.proportion import binom_test

from core.rating.screening.base import Behaviour
from db.tables import ControlKind, Preference
from tests.core.rating.screening.behaving import scored, seen, session

RULE = "position_bias"


def sides(first: int, second: int, ties: int = 0) -> Behaviour:
    return session(
        *[{"preferences": {"quality": Preference.FIRST}}] * first,
        *[{"preferences": {"quality": Preference.SECOND}}] * second,
        *[{"preferences": {"quality": Preference.TIE}}] * ties,
    )


@pytest.mark.parametrize(("first", "second"), [(10, 0), (0, 10), (12, 8), (15, 4), (30, 20)])
def test_the_p_value_is_that_of_the_exact_binomial_test(first: int, second: int) -> None:
    evidence = seen(RULE, sides(first, second, ties=3))
    p_value = binom_test(first, first + second, 0.5)
    assert evidence.figures["p_value"] == pytest.approx(p_value)
    assert evidence.figures["first_share"] == first / (first + second)
    assert evidence.flagged is bool(p_value < 0.01)


def test_where_no_p_value_could_be_small_enough_nothing_is_said() -> None:
    assert seen(RULE, sides(7, 0)).flagged is None
    assert seen(RULE, sides(8, 0)).flagged is True
    assert seen(RULE, sides(7, 0), alpha=0.05).flagged is True
    assert seen(RULE, sides(0, 0, ties=30)).flagged is None


def test_criteria_of_one_item_are_one_choice() -> None:
    many = {str(number): Preference.FIRST for number in range(9)}
    split = {"clarity": Preference.FIRST, "tone": Preference.SECOND}
    assert seen(RULE, session({"preferences": many})).flagged is None
    assert seen(RULE, session(*[{"preferences": split}] * 20)).flagged is None


def test_planted_items_and_scores_have_no_side() -> None:
    planted = {"preferences": {"q": Preference.FIRST}, "control": ControlKind.ATTENTION}
    assert seen(RULE, session(*[planted] * 20)).flagged is None
    assert seen(RULE, scored(*[1] * 20)).flagged is None
