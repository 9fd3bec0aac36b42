"""One person under several names."""

from dataclasses import replace

from core.rating.screening.base import Context, Evidence
from tests.core.rating.screening.behaving import person, seen, session

RULE = "duplicate_people"
LONG = ("it is shorter and to the point", "the tone is warmer than the other")


def look(number: int, context: Context, **thresholds: float) -> Evidence:
    return seen(RULE, replace(session(), session_id=f"session {number}"), context, **thresholds)


def test_an_id_that_came_before_is_flagged_and_the_first_session_is_not() -> None:
    context = Context(
        dict([person(0, "a", "person 1"), person(1, "b", "person 1"), person(2, "c", "person 2")])
    )
    assert [look(number, context).flagged for number in range(3)] == [False, True, False]
    assert look(1, context).figures == {"earlier_sessions": 1, "shared_comments": 0}


def test_a_raters_second_session_is_a_duplicate() -> None:
    context = Context(dict([person(0, "a"), person(1, "a", "submission 2")]))
    assert [look(number, context).flagged for number in range(2)] == [False, True]


def test_long_comments_word_for_word_of_another_person_are_flagged_in_both() -> None:
    context = Context(dict([person(0, "a", comments=LONG), person(1, "b", comments=LONG)]))
    assert [look(number, context).flagged for number in range(2)] == [True, True]
    assert look(0, context, comments=3).flagged is False


def test_short_comments_are_written_alike_by_different_people() -> None:
    short = ("both are good", "a is better")
    context = Context(dict([person(0, "a", comments=short), person(1, "b", comments=short)]))
    assert look(0, context).flagged is False


def test_comments_shared_with_two_people_one_each_are_not_one_other_person() -> None:
    context = Context(
        dict(
            [
                person(0, "a", comments=LONG),
                person(1, "b", comments=LONG[:1]),
                person(2, "c", comments=LONG[1:]),
            ]
        )
    )
    assert look(0, context).figures["shared_comments"] == 1


def test_of_nobody_known_nothing_is_said() -> None:
    assert look(9, Context()).flagged is None
