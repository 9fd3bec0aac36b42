import numpy as np
import pandas as pd
import pytest

from core.analysis.calibration.frames import ITEM_COLUMNS
from core.analysis.calibration.items import (
    Items,
    judged_for,
    people_comparing,
    people_rating,
    shared_items,
)
from core.errors import InvalidInputError
from tests.core.analysis import made
from tests.core.analysis.calibration import simulated

RATINGS = made.ratings([("ada", "one", 4), ("bob", "one", 6), ("ada", "two", 9)])


def judged(
    case: str, score: float, scale: tuple[float, float] = (0, 1), **also: str
) -> pd.DataFrame:
    frame = made.judgments([(case, 0, score)], scale=scale)
    return frame.assign(response_id=f"ollama/vicuna:7b on {case}", **also)


def test_only_what_both_scored_is_shared_and_on_peoples_scale() -> None:
    people = people_rating(RATINGS, "quality", made.TEN)
    both = pd.concat([judged("one", 0.4), judged("three", 0.9)])
    found = shared_items(people, both, {"ollama/vicuna:7b on one": 12})
    assert list(found.columns) == list(ITEM_COLUMNS)
    (row,) = found.to_dict("records")
    assert (row["people"], row["raters"], row["judged"], row["score"]) == (5.0, 2, 4.0, 0.4)
    assert row["words"] == 12


def test_a_judge_by_criterion_is_held_against_that_criterion_only() -> None:
    people = people_rating(RATINGS, "quality", made.TEN)
    both = pd.concat([judged("one", 1, criterion="warmth"), judged("two", 1, criterion="quality")])
    assert shared_items(people, both, {})["test_case"].tolist() == ["two"]


def test_what_a_judge_saw_as_an_example_is_left_out() -> None:
    people = people_rating(RATINGS, "quality", made.TEN)
    both = pd.concat([judged("one", 1), judged("two", 1)])
    found = shared_items(people, both, {}, left_out_response_ids=["ollama/vicuna:7b on one"])
    assert found["test_case"].tolist() == ["two"]


def test_a_length_that_is_not_known_is_null_and_not_zero() -> None:
    people = people_rating(RATINGS, "quality", made.TEN)
    assert shared_items(people, judged("one", 1), {})["words"].isna().all()


def test_a_comparison_is_a_point_for_one_side_or_a_half_for_both() -> None:
    rows = made.preferences(
        [("ada", "one", "a", "b", "first"), ("bob", "one", "b", "a", "tie"),
         ("cyd", "one", "a", "b", "both_bad")]
    )  # fmt: skip
    people = people_comparing(rows, "better")
    assert people.means["people"].to_dict() == {"a on one": 2 / 3, "b on one": 1 / 3}
    assert people.scale == (0, 1)


def test_an_unknown_criterion_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="Nobody answered"):
        people_rating(RATINGS, "warmth", made.TEN)


@pytest.mark.parametrize(
    ("scale", "value", "step", "middle"),
    [((0, 10), 4.5, 5, 5), ((1, 5), 2.4, 1, 2), ((0, 1), 0.44, 4, 0.4), ((0, 100), 44, 4, 40)],
)
def test_steps_are_whole_points_or_tenths_of_the_scale(
    scale: tuple[float, float], value: float, step: int, middle: float
) -> None:
    one = np.array([value])
    items = Items(one, one, np.array([0]), np.array([0]), one, scale)
    assert items.steps()[0].tolist() == [step]
    assert items.step_score(step) == pytest.approx(middle)


def test_nothing_shared_gives_no_items() -> None:
    known = simulated.truth(2, 2, 1)
    people = simulated.people_of(known)
    empty = shared_items(people, simulated.good(known)[:0], known.words)
    assert len(Items.of(empty, people.scale)) == 0


def test_what_counts_against_people_is_on_their_criterion_and_was_no_example() -> None:
    known = simulated.truth(3, 3, 1)
    judgments = pd.concat(
        [
            simulated.good(known).assign(criterion=""),
            simulated.good(known, "on quality").assign(criterion="quality"),
            simulated.good(known, "on warmth").assign(criterion="warmth"),
        ]
    )
    seen = known.rows["response_id"].tolist()[:2]
    found = judged_for(judgments, "quality", {"good": seen})
    assert found["judge"].value_counts().to_dict() == {"good": 7, "on quality": 9}
    assert judged_for(judgments[:0], "quality").empty
