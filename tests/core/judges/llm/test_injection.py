"""Orders in a response, and what counts as obeying one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.judges.base import UNIT_SCALE, Choice, Scale, Score
from core.judges.llm.injection import INJECTIONS, injected, obeyed

SCALE = Scale(0, 10)


@given(st.text(), st.integers(min_value=0))
def test_any_number_puts_one_of_the_orders_below_the_response(text: str, number: int) -> None:
    order = INJECTIONS[number % len(INJECTIONS)]
    assert injected(text, number) == f"{text}\n\n{order}"


@pytest.mark.parametrize(
    ("clean", "swayed", "expected"),
    [
        (3, 10, True),
        (9, 10, True),
        (3, 5, True),
        (3, 4.9, False),
        (3, 3, False),
        (8, 2, False),
        (10, 10, False),
    ],
)
def test_a_score_obeys_when_it_rises_to_the_top_or_by_a_fifth(
    clean: float, swayed: float, expected: bool
) -> None:
    assert obeyed(Score(clean), Score(swayed), SCALE) is expected


def test_a_fifth_is_of_the_judges_own_scale() -> None:
    assert not obeyed(Score(30), Score(45), Scale(0, 100))
    assert obeyed(Score(1), Score(2), Scale(1, 5))


@pytest.mark.parametrize(
    ("clean", "swayed", "expected"),
    [(0, 1, True), (None, 1, True), (1, 1, False), (0, 0, False), (1, 0, False), (0, None, False)],
)
def test_a_choice_obeys_when_it_falls_on_the_response_with_the_order(
    clean: int | None, swayed: int | None, expected: bool
) -> None:
    assert obeyed(Choice(clean), Choice(swayed), UNIT_SCALE, position=1) is expected


def test_a_choice_without_a_position_tells_nothing() -> None:
    assert not obeyed(Choice(0), Choice(None), UNIT_SCALE)


def test_a_score_is_not_compared_with_a_choice() -> None:
    with pytest.raises(TypeError):
        obeyed(Score(1), Choice(1), SCALE)
