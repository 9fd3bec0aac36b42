import numpy as np
import pandas as pd
import pytest

from core.analysis.calibration import pairs
from core.analysis.calibration.items import Items, people_comparing, shared_items
from core.analysis.calibration.resampling import FloatArray, draws
from core.analysis.frames import PREFERENCES
from tests.core.analysis.calibration import simulated


def items(people: list[float], judged: list[float], cases: list[int]) -> Items:
    size = len(people)
    return Items(
        people=np.array(people),
        judged=np.array(judged),
        cases=np.array(cases),
        models=np.arange(size),
        words=np.ones(size),
        scale=(0.0, 10.0),
    )


def outcomes(counts: FloatArray) -> dict[tuple[str, str], int]:
    table = pairs.confusion(counts)
    return {
        (str(people), str(judge)): int(count)
        for people, judge, count in zip(
            table["people"], table["judge"], table["pairs"], strict=True
        )
    }


def test_each_pair_of_responses_to_one_test_case_has_one_of_five_outcomes() -> None:
    made = items([1, 2, 3, 3, 9, 9], [1, 2, 2, 1, 5, 7], [0, 0, 0, 0, 1, 1])
    found = outcomes(pairs.scored_pairs(made, 2))
    assert found == {
        ("one is better", "the same one"): 2,
        ("one is better", "the other one"): 1,
        ("one is better", "tie"): 2,
        ("tie", "one is better"): 2,
        ("tie", "tie"): 0,
    }


def test_shares_are_with_and_without_ties() -> None:
    made = items([1, 2, 3, 3], [1, 2, 2, 1], [0, 0, 0, 0])
    counts, once = pairs.scored_pairs(made, 1), draws(1, 0)
    assert pairs.pairs_agreed(counts, once)[0] == pytest.approx(2 / 6)
    assert pairs.decided_pairs_agreed(counts, once)[0] == pytest.approx(2 / 3)


def test_a_judge_that_ties_everything_has_no_share_among_decided_pairs() -> None:
    counts = pairs.scored_pairs(items([1, 2], [5, 5], [0, 0]), 1)
    assert np.isnan(pairs.decided_pairs_agreed(counts, draws(1, 0))[0])
    assert pairs.pairs_agreed(counts, draws(1, 0))[0] == 0


def test_no_pairs_give_shares_that_are_unknown() -> None:
    table = pairs.confusion(pairs.scored_pairs(items([1.0], [2.0], [0]), 1))
    assert table["share"].isna().all()
    assert (table["pairs"] == 0).all()


def comparison(rater: str, first: str, second: str, preference: str) -> dict[str, str]:
    return {
        "session_id": rater,
        "rater_id": rater,
        "test_case": "case",
        "criterion": "quality",
        "first_model": f"model {first}",
        "second_model": f"model {second}",
        "first_response_id": first,
        "second_response_id": second,
        "preference": preference,
    }


def test_in_a_pair_study_the_majority_decides_whichever_side_was_shown_first() -> None:
    comparisons = PREFERENCES.frame(
        [
            comparison("1", "a", "b", "first"),
            comparison("2", "b", "a", "second"),
            comparison("3", "a", "b", "second"),
            comparison("1", "b", "c", "first"),
            comparison("2", "c", "b", "first"),
            comparison("1", "a", "unjudged", "first"),
        ]
    )
    scores = pd.DataFrame({"response_id": ["a", "b", "c"], "judged": [0.9, 0.1, 0.1]})
    found = outcomes(pairs.compared_pairs(comparisons, scores))
    assert found["one is better", "the same one"] == 1
    assert found["tie", "tie"] == 1
    assert sum(found.values()) == 2


def test_a_good_judge_agrees_with_comparisons_and_a_random_one_half_of_the_time() -> None:
    known = simulated.truth(cases=8)
    people = people_comparing(simulated.compared(known, pairs=150), simulated.CRITERION)
    assert people.comparisons is not None
    shares = {}
    for name, judged in {"good": simulated.good(known), "random": simulated.random(known)}.items():
        counts = pairs.compared_pairs(people.comparisons, shared_items(people, judged, known.words))
        shares[name] = pairs.decided_pairs_agreed(counts, draws(len(counts), 0))[0]
    assert shares["good"] > 0.8
    assert shares["random"] == pytest.approx(0.5, abs=0.1)
