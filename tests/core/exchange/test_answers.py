from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InvalidInputError
from core.exchange.answers import (
    answers_of,
    criteria_of,
    keep_item,
    milliseconds,
    moment,
    other_keys,
    preference_of,
)
from core.exchange.report import Tally
from db.tables import Preference


@pytest.mark.parametrize(
    "text",
    ["1 is better", "Response A", "1", "A", "first", "response 1", " FIRST ", "A is better."],
)
def test_many_words_mean_the_first(text: str) -> None:
    assert preference_of(text) is Preference.FIRST


@pytest.mark.parametrize("text", ["2 is better", "Response B", "2", "b", "Second"])
def test_many_words_mean_the_second(text: str) -> None:
    assert preference_of(text) is Preference.SECOND


@pytest.mark.parametrize("text", ["About the same", "Tie", "equal", "ABOUT  THE SAME."])
def test_many_words_mean_a_tie(text: str) -> None:
    assert preference_of(text) is Preference.TIE


@pytest.mark.parametrize("value", ["3", "1 is worse", "Response C", "", None, 1, ["A"], "banana"])
def test_everything_else_is_no_answer(value: object) -> None:
    assert preference_of(value) is None


def test_every_key_with_an_answer_is_a_criterion_but_free_text_never_is() -> None:
    items: list[dict[str, object]] = [
        {"a": "1", "feedback": "first", "n": 3},
        {"a": "?", "b": "Tie", "text": "long"},
    ]
    assert criteria_of(items, "x") == ("a", "b")
    assert other_keys(items, ("a", "b")) == ("n", "text")


@pytest.mark.parametrize("name", ["", "x" * 101, "a\0"])
def test_a_criterion_whose_name_cannot_be_stored_is_refused(name: str) -> None:
    with pytest.raises(InvalidInputError, match="the criterion"):
        criteria_of([{name: "A"}], "x.json")


def test_the_free_text_stands_once_at_the_overall_criterion() -> None:
    answers = answers_of({"a": "A", "overall": "B", "feedback": " why "}, ("a", "overall"))
    assert [(one.criterion, one.comment) for one in answers.given] == [
        ("a", None),
        ("overall", "why"),
    ]


def test_an_unknown_answer_leaves_the_item_and_counts_its_answers() -> None:
    tally = Tally()
    assert not keep_item(answers_of({"a": "A", "b": "banana"}, ("a", "b")), "item 1", tally)
    assert tally.left == {"items": 1, "ratings": 2}
    assert tally.reasons == ["item 1: 'banana' is no known answer to b."]


def test_a_missing_answer_is_reported_and_the_others_are_kept() -> None:
    tally = Tally()
    assert keep_item(answers_of({"a": "A", "b": " "}, ("a", "b", "c")), "item 1", tally)
    assert tally.reasons == ["item 1: it holds no answer to b, c."]


def test_an_item_without_any_answer_is_left() -> None:
    tally = Tally()
    assert not keep_item(answers_of({}, ("a",)), "item 1", tally)
    assert tally.reasons == ["item 1: it holds no answer."]


def test_a_free_text_that_cannot_be_stored_is_reported() -> None:
    tally = Tally()
    answers = answers_of({"a": "A", "feedback": "x\0"}, ("a",))
    assert keep_item(answers, "item 1", tally)
    assert answers.given[0].comment is None
    assert "free text" in tally.reasons[0]


def test_durations_are_milliseconds_where_they_can_be_believed() -> None:
    assert milliseconds(12.3456) == 12_346
    assert [milliseconds(one) for one in (None, -1.0, float("nan"), float("inf"), 1e12)] == [
        None
    ] * 5


def test_only_seconds_since_1970_are_moments() -> None:
    assert moment(1_700_000_000.5) == datetime(2023, 11, 14, 22, 13, 20, 500_000, UTC)
    assert [moment(one) for one in (None, 12.5, float("inf"), float("nan"), 1e300)] == [None] * 5


@given(st.one_of(st.none(), st.floats()))
def test_no_number_is_too_odd_for_a_time(seconds: float | None) -> None:
    milliseconds(seconds)
    moment(seconds)
