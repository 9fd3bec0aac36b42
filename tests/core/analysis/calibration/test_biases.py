import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf

from core.analysis.calibration import biases
from core.analysis.calibration.items import Items, shared_items
from core.analysis.calibration.resampling import Status
from tests.core.analysis.calibration import simulated


@pytest.fixture(scope="module")
def known() -> simulated.Truth:
    return simulated.truth(cases=8)


def test_a_judge_that_adds_two_points_is_two_points_above_all_along_the_scale(
    known: simulated.Truth,
) -> None:
    people = simulated.people_of(known)
    means = people.means["people"]
    above = simulated.judged(
        known, "above", lambda rows: means[rows["response_id"]] + 2, (0.0, 20.0)
    )
    shared = shared_items(people, above, known.words)
    curve = biases.bias_curve(Items.of(shared.assign(judged=shared["people"] + 2), people.scale))
    assert curve["people_score"].is_monotonic_increasing
    assert np.allclose(curve["bias"], 2)
    assert curve["items"].sum() == len(shared)


def test_a_constant_judge_draws_a_falling_line(known: simulated.Truth) -> None:
    people = simulated.people_of(known)
    curve = biases.bias_curve(simulated.items_of(known, people, simulated.constant(known)))
    assert curve["bias"].is_monotonic_decreasing
    assert curve["bias"].iloc[0] > 0 > curve["bias"].iloc[-1]


def test_a_bin_of_few_test_cases_has_no_interval(known: simulated.Truth) -> None:
    people = simulated.people_of(known)
    curve = biases.bias_curve(simulated.items_of(known, people, simulated.good(known)))
    unknown = curve[curve["status"] != Status.OK]
    assert not unknown.empty
    assert unknown["lower"].isna().all()
    assert curve[curve["status"] == Status.OK]["lower"].notna().all()


def longer_is_better(known: simulated.Truth, points: float) -> pd.DataFrame:
    return simulated.judged(
        known,
        "long-winded",
        lambda rows: rows["quality"] + points * np.log2(rows["words"] / 60),
    )


def test_length_bias_is_that_of_a_regression_on_length_people_and_test_cases(
    known: simulated.Truth,
) -> None:
    people = simulated.people_of(known)
    shared = shared_items(people, longer_is_better(known, 0.8), known.words)
    found = biases.length_bias(Items.of(shared, people.scale))
    rows = shared.assign(doubled=np.log2(shared["words"].astype(float)))
    theirs = smf.ols("judged ~ doubled + people + C(test_case)", rows).fit()
    assert found.value == pytest.approx(theirs.params["doubled"])
    assert found.lower is not None
    assert found.lower > 0


@pytest.mark.parametrize(("slope", "height"), [(0.0, 5.0), (0.5, 2.5), (1.0, 0.0)])
def test_a_constant_a_compressed_and_a_perfect_judge_have_no_bias_at_all(
    known: simulated.Truth, slope: float, height: float
) -> None:
    """People like long responses and the judge's kin here; the judge does no more than they."""
    people = simulated.people_of(known)
    shared = shared_items(people, simulated.good(known), known.words)
    kin = shared["model"].isin(["ollama/model-08", "ollama/model-09"])
    rated = shared["people"] + np.log2(shared["words"].astype(float)) + kin
    items = Items.of(shared.assign(people=rated, judged=rated * slope + height), (0.0, 30.0))
    models = shared["model"].mask(kin, "ollama/vicuna:7b")
    for figure in (
        biases.length_bias(items),
        biases.self_preference(items, models, "ollama/llama2:7b"),
    ):
        assert (figure.value, figure.lower, figure.upper) == pytest.approx((0, 0, 0), abs=1e-9)


def test_people_whose_scores_do_not_vary_explain_nothing(known: simulated.Truth) -> None:
    people = simulated.people_of(known)
    shared = shared_items(people, longer_is_better(known, 0.8), known.words).assign(people=5.0)
    found = biases.length_bias(Items.of(shared, people.scale))
    rows = shared.assign(doubled=np.log2(shared["words"].astype(float)))
    theirs = smf.ols("judged ~ doubled + C(test_case)", rows).fit()
    assert found.value == pytest.approx(theirs.params["doubled"])


def test_a_length_that_peoples_scores_tell_wholly_has_no_slope(known: simulated.Truth) -> None:
    people = simulated.people_of(known)
    shared = shared_items(people, simulated.good(known), known.words)
    rated = np.log2(shared["words"].astype(float))
    found = biases.length_bias(Items.of(shared.assign(people=rated), people.scale))
    assert (found.value, found.status) == (None, Status.NO_VARIATION)


def test_a_response_of_unknown_length_is_left_out_alone(known: simulated.Truth) -> None:
    people = simulated.people_of(known)
    shared = shared_items(people, longer_is_better(known, 0.8), known.words)
    without = shared.assign(words=shared["words"].mask(shared.index == 3))
    for measured in (biases.length_bias, biases.length_rank):
        of_the_rest = measured(Items.of(shared.drop(index=3), people.scale))
        assert measured(Items.of(without, people.scale)) == of_the_rest


def test_a_judge_that_ignores_length_has_no_length_bias() -> None:
    known = simulated.truth(cases=20)
    people = simulated.people_of(known)
    items = simulated.items_of(known, people, simulated.good(known))
    found, rank = biases.length_bias(items), biases.length_rank(items)
    for figure in (found, rank):
        assert figure.lower is not None
        assert figure.upper is not None
        assert figure.lower < 0 < figure.upper


def test_without_lengths_nothing_is_said_of_length(known: simulated.Truth) -> None:
    people = simulated.people_of(known)
    items = Items.of(shared_items(people, simulated.good(known), {}), people.scale)
    assert biases.length_bias(items).status is Status.NOTHING_SHARED
    assert biases.length_rank(items).value is None


def test_a_judge_that_favours_its_kin_is_found_out(known: simulated.Truth) -> None:
    people = simulated.people_of(known)
    kin = {"ollama/model-00": "ollama/vicuna:7b", "ollama/model-05": "ollama/llama2:7b"}

    def favours(rows: pd.DataFrame) -> "pd.Series[float]":
        return (rows["quality"] + 2 * rows["model"].isin(list(kin))).clip(0, 10)

    shared = shared_items(people, simulated.judged(known, "kin", favours), known.words)
    models = shared["model"].replace(kin)
    items = Items.of(shared, people.scale)
    found = biases.self_preference(items, models, "ollama/llama3:8b")
    rows = shared.assign(kin=shared["model"].isin(list(kin)).astype(float))
    theirs = smf.ols("judged ~ kin + people + C(test_case)", rows).fit()
    assert found.value == pytest.approx(theirs.params["kin"])
    assert found.value == pytest.approx(2, abs=0.6)
    assert found.lower is not None
    assert found.lower > 1
    by_a_stranger = biases.self_preference(items, models, "anthropic/claude-3")
    assert by_a_stranger.status is Status.NOTHING_SHARED
