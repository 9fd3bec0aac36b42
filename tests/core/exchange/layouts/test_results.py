from datetime import UTC, datetime
from typing import Any

import pytest

from core.errors import InvalidInputError
from core.exchange.content import ImportedResults
from core.exchange.layouts import results
from db.tables import Preference
from tests.core.exchange import samples
from tests.core.exchange.samples import as_json, documents


def read(document: dict[str, Any]) -> ImportedResults:
    return results.read(documents("r.json", as_json(document)))


def test_a_submission_is_read_in_its_order() -> None:
    (file,) = read(samples.submission()).files
    assert (file.rater, file.question_set_id, file.external_id) == ("ann", "set-0", "ann_set-0")
    first = file.evaluations[0]
    assert [shown.external_id for shown in first.shown] == ["t0", "m0"]
    assert first.answers.given[0].preference is Preference.FIRST
    assert first.answers.given[0].comment == "said 0"
    assert first.answered_at == datetime.fromtimestamp(samples.START + 5, UTC)


def test_moments_become_the_time_of_each_answer_alone() -> None:
    document = samples.submission(answers=("A", "B", "A"))
    document["evals"][2]["time"] = samples.START
    (file,) = read(document).files
    assert [one.reported_ms for one in file.evaluations] == [5_000, 5_000, None]


def test_times_that_are_no_moments_are_kept_as_durations() -> None:
    document = samples.submission()
    document |= {"start_time": None, "end_time": None}
    document["evals"][0]["time"], document["evals"][1]["time"] = 3.5, samples.START
    (file,) = read(document).files
    assert [one.reported_ms for one in file.evaluations] == [3_500, None]
    assert file.started_at is None


def test_a_file_that_names_no_rater_is_left() -> None:
    read_results = read(samples.submission(rater=" "))
    assert read_results.files == ()
    assert read_results.tally.left == {"sessions": 1, "items": 2}


def test_criteria_and_what_was_not_read_are_noted() -> None:
    document = samples.submission()
    document["evals"][0]["result"]["mood"] = "happy"
    assert read(document).tally.notes == [
        "Criteria: overall.",
        "Keys without a known answer, not read: mood.",
    ]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"worker_id": "w" * 101}, "worker_id is longer than 100"),
        ({"question_set_id": 5}, "question_set_id must be text"),
        ({"evals": {}}, "evals must be a list"),
        ({"evals": [{"result": {}, "question": "p0"}]}, r"evals\[0\]\.question must be a list"),
        ({"start_time": "soon"}, "start_time must be a number"),
    ],
)
def test_a_wrong_type_is_named_with_its_place(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidInputError, match=said):
        read(samples.submission() | changes)
