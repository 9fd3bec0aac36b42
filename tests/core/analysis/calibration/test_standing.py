"""A study in which the truth is known: who finds the bad models, who does not, who cannot tell."""

import pandas as pd
import pytest

from core.analysis.calibration.card import standings
from core.analysis.calibration.evidence import bottom_of, ceiling_of
from core.analysis.calibration.items import shared_items
from core.analysis.calibration.standing import Standing, standing_of
from core.analysis.overlap import chance_of_overlap
from tests.core.analysis.calibration import simulated


@pytest.fixture(scope="module")
def known() -> simulated.Truth:
    return simulated.truth()


@pytest.fixture(scope="module")
def table(known: simulated.Truth) -> pd.DataFrame:
    judges = (
        simulated.good(known),
        simulated.good(known, "noisy", noise=3.0),
        simulated.random(known),
        simulated.by_length(known),
        simulated.constant(known),
        simulated.by_position(known),
    )
    found = standings(simulated.people_of(known), pd.concat(judges, ignore_index=True), known.words)
    return found.set_index("judge")


@pytest.mark.parametrize("judge", ["good", "noisy"])
def test_judges_that_see_the_truth_find_the_bad_models(table: pd.DataFrame, judge: str) -> None:
    assert table.loc[judge, "standing"] == Standing.FINDS_THE_BAD_MODELS
    assert "better than length alone" in str(table.loc[judge, "sentence"])


@pytest.mark.parametrize("judge", ["random", "length", "constant", "position"])
def test_judges_that_read_nothing_do_not(table: pd.DataFrame, judge: str) -> None:
    assert table.loc[judge, "standing"] == Standing.DOES_NOT
    assert str(table.loc[judge, "sentence"]).startswith("Does not find the bad models: ")


def report(
    known: simulated.Truth, judgments: pd.DataFrame, raters: int = 6, noise: float = 1.5
) -> tuple[str, str]:
    people = simulated.people_of(known, raters, noise)
    found = standing_of(shared_items(people, judgments, known.words), people)
    return found.standing.value, found.sentence


def test_nothing_is_said_of_length_where_it_is_not_known() -> None:
    known = simulated.truth()
    people = simulated.people_of(known)
    found = standing_of(shared_items(people, simulated.good(known), {}), people)
    assert found.standing is Standing.FINDS_THE_BAD_MODELS
    assert "length" not in found.sentence


def test_with_few_test_cases_nobody_can_tell() -> None:
    known = simulated.truth(cases=4)
    standing, sentence = report(known, simulated.good(known))
    assert standing == Standing.NOT_ENOUGH_DATA
    assert sentence == (
        "Not enough data: people and this judge share 4 test cases, and 5 are needed."
    )


def test_with_few_models_nobody_can_tell() -> None:
    known = simulated.truth(models=3)
    standing, sentence = report(known, simulated.good(known))
    assert standing == Standing.NOT_ENOUGH_DATA
    assert "share 3 models, and 4 are needed" in sentence


def test_with_one_rater_nobody_knows_whether_people_agree() -> None:
    known = simulated.truth()
    standing, sentence = report(known, simulated.good(known), raters=1)
    assert standing == Standing.NOT_ENOUGH_DATA
    assert "no two people rated the same responses" in sentence


def test_where_people_disagree_among_themselves_nothing_can_agree_with_them() -> None:
    made = simulated.truth(models=6, cases=6, samples=1)
    known = simulated.Truth(made.rows.assign(quality=5.0), made.random)
    standing, sentence = report(known, simulated.random(known), raters=4)
    assert standing == Standing.NOT_ENOUGH_DATA
    assert "do not agree with each other" in sentence


def test_a_judge_that_fails_where_people_would_fail_too_is_not_condemned() -> None:
    """Models that hardly differ: halves agree on responses, but not on which models are bad."""
    known = simulated.truth(models=8, cases=8, samples=2)
    rows = known.rows.assign(quality=known.random.normal(5, 2, len(known.rows)))
    alike = simulated.Truth(rows, known.random)
    standing, sentence = report(alike, simulated.random(alike), raters=4)
    assert standing == Standing.NOT_ENOUGH_DATA
    assert "one half of the people does not pass" in sentence


def test_of_four_models_their_order_shows_what_the_two_worst_alone_could_not() -> None:
    known = simulated.truth(models=4)
    people = simulated.people_of(known)
    found = bottom_of(simulated.items_of(known, people, simulated.good(known, noise=0.1)))
    assert found is not None
    assert found.chance_of_overlap == pytest.approx(1 / 6)
    assert found.chance_of_order == pytest.approx(1 / 24)
    standing, sentence = report(known, simulated.good(known, noise=0.1))
    assert standing == Standing.FINDS_THE_BAD_MODELS
    assert "its order of all models comes up by chance in 4.2%" in sentence


def test_seven_of_ten_of_twenty_nine_models_is_what_chance_rarely_gives() -> None:
    """The hypergeometric tail at the paper's size: P(7 or more) = .0062."""
    people = [[f"{number:02}"] for number in range(29)]
    judge = [*people[:7], *people[10:13], *people[7:10], *people[13:]]
    assert float(chance_of_overlap(people, judge, 10)) == pytest.approx(0.0062, abs=5e-5)


def test_a_judge_is_random_no_more_often_than_the_rule_allows() -> None:
    """Forty judges that read nothing, on one study: hardly any is taken for a good one."""
    known = simulated.truth(models=8, cases=8, samples=1)
    people = simulated.people_of(known)
    shared = shared_items(people, simulated.good(known), known.words)
    ceiling = ceiling_of(shared, people)
    found = [
        standing_of(
            shared_items(people, simulated.random(known), known.words), people, ceiling=ceiling
        ).standing
        for _ in range(40)
    ]
    assert found.count(Standing.FINDS_THE_BAD_MODELS) <= 3
