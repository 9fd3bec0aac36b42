from typing import Any

import pytest

from core.errors import InvalidInputError
from core.exchange.content import ImportedStudy
from core.exchange.layouts import crowd
from db.tables import Preference
from tests.core.exchange import samples
from tests.core.exchange.samples import as_json, as_zip, comparison, documents


def read(document: list[Any]) -> ImportedStudy:
    return crowd.read(documents("talk.json", as_json(document)))


def test_the_file_is_one_case_whose_prompt_is_not_known() -> None:
    study = read(samples.crowd_study())
    assert [(case.name, case.values) for case in study.cases] == [("talk", {})]
    assert "does not hold the prompt" in study.template


def test_texts_of_a_model_are_counted_by_their_first_appearance() -> None:
    study = read(samples.crowd_study())
    assert [(one.model, one.sample_index, one.text) for one in study.responses] == [
        ("openai/gpt-4", 0, "Well done!"),
        ("ollama/tiny:1b", 0, "Good."),
        ("ollama/tiny:1b", 1, "Fine."),
    ]


def test_answers_times_and_order_are_kept() -> None:
    first = read(samples.crowd_study()).sessions[0].items[0]
    assert (first.first, first.second, first.reported_ms) == ("0", "1", 12_500)
    assert {one.criterion: one.preference for one in first.answers} == {
        "clarity": Preference.FIRST,
        "warmth": Preference.TIE,
    }


def test_the_same_name_again_is_another_submission_of_the_same_rater() -> None:
    sessions = read(samples.crowd_study()).sessions
    assert [(one.rater, one.external_id) for one in sessions] == [
        ("worker_1", "worker_1"),
        ("worker_2", "worker_2"),
        ("worker_1", "worker_1 (2)"),
    ]


def test_an_unknown_answer_leaves_its_item_and_makes_the_session_partial() -> None:
    study = read([{"ann": [comparison(), comparison(clarity="maybe")]}])
    assert study.tally.reasons == [
        "talk.json: ann, comparison 2: 'maybe' is no known answer to clarity."
    ]
    assert [(len(one.items), one.complete) for one in study.sessions] == [(1, False)]


def test_a_missing_answer_makes_the_session_partial() -> None:
    (session,) = read([{"ann": [comparison(), comparison(clarity=None)]}]).sessions
    assert (len(session.items), session.complete) == (2, False)


def test_a_blank_text_leaves_the_comparison_that_shows_it() -> None:
    study = read([{"ann": [comparison(), comparison(response2=" ")]}])
    assert study.tally.left == {"responses": 1, "items": 1, "ratings": 2}
    assert "comparison 2: one of its two texts could not be taken." in study.tally.reasons[1]


def test_submissions_without_a_name_or_an_answer_are_left() -> None:
    study = read([{"": [comparison()]}, {"ann": []}, {"bob": [comparison()]}])
    assert [one.rater for one in study.sessions] == ["bob"]
    assert study.tally.reasons == [
        "talk.json: a rater without a name: its answers are nobody's.",
        "talk.json: ann: it holds no usable answer.",
    ]


def test_times_that_only_grow_are_noted() -> None:
    running = [comparison(time_spent=float(number)) for number in range(1, 9)]
    assert any("times that only grow" in note for note in read([{"a": running}]).tally.notes)
    assert not any("only grow" in note for note in read([{"a": running[:7]}]).tally.notes)


def test_keys_that_hold_no_answer_are_noted() -> None:
    study = read([{"ann": [comparison(device="phone")]}])
    assert "Keys without a known answer, not read: device." in study.tally.notes


def test_two_crowd_studies_in_one_archive_are_refused() -> None:
    content = as_zip({"a.json": samples.crowd_study(), "b.json": samples.crowd_study()})
    with pytest.raises(InvalidInputError, match="import them one at a time"):
        crowd.read(documents("x.zip", content))


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ([{"ann": [comparison(response1=5)]}], r"\[0\]\.ann\[0\]\.response1 must be text"),
        ([{"ann": [comparison(model2=None)]}], "model2 must be text"),
        ([{"ann": [comparison(time_spent="long")]}], "time_spent must be a number"),
        ([{"a" * 101: [comparison()]}], "is longer than 100 characters"),
        ([{"ann": [comparison()]}, 7], r"\[1\] must be an object"),
    ],
)
def test_a_wrong_type_is_named_with_its_place(document: list[Any], said: str) -> None:
    with pytest.raises(InvalidInputError, match=said):
        read(document)
