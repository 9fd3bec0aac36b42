import numpy as np
import pandas as pd
import pytest

from core.analysis.calibration.bounds import BY_LENGTH, ONE_PERSON, OTHER_HALF, SAME_FOR_ALL
from core.analysis.calibration.card import (
    STANDING_COLUMNS,
    Calibration,
    calibrate,
    standing_of_people,
    standings,
)
from core.analysis.calibration.frames import STATISTIC_COLUMNS, Statistic
from core.analysis.calibration.items import People, people_comparing
from core.analysis.calibration.resampling import Status
from core.analysis.calibration.standing import Standing
from tests.core.analysis.calibration import simulated


@pytest.fixture(scope="module")
def known() -> simulated.Truth:
    return simulated.truth(cases=8)


@pytest.fixture(scope="module")
def people(known: simulated.Truth) -> People:
    return simulated.people_of(known)


@pytest.fixture(scope="module")
def card(known: simulated.Truth, people: People) -> Calibration:
    return calibrate(people, simulated.good(known), "good", known.words)


def test_every_statistic_is_there_for_the_judge_the_ceilings_and_the_floors(
    card: Calibration,
) -> None:
    assert list(card.statistics.columns) == list(STATISTIC_COLUMNS)
    table = card.statistics.pivot(index="source", columns="statistic", values="value")
    assert set(table.index) == {"good", OTHER_HALF, ONE_PERSON, BY_LENGTH, SAME_FOR_ALL}
    assert set(table.columns) == {one.value for one in Statistic}
    assert table.loc["good"].notna().all()


def test_no_number_is_nan_and_unknown_ones_say_why(card: Calibration) -> None:
    values = card.statistics[["value", "lower", "upper"]]
    assert not np.isnan(values.to_numpy(dtype=float, na_value=0.0)).any()
    unknown = card.statistics[card.statistics["value"].isna()]
    assert set(unknown["source"]) == {SAME_FOR_ALL}
    assert set(unknown["status"]) == {Status.NO_VARIATION}


def test_a_good_judge_lies_between_floor_and_ceiling_or_above(card: Calibration) -> None:
    known = card.statistics.set_index(["source", "statistic"])["value"]
    for statistic in (Statistic.SPEARMAN_WITHIN_MODELS, Statistic.WEIGHTED_KAPPA):
        assert known["good", statistic] > known[BY_LENGTH, statistic] + 0.2
    assert (
        known["good", Statistic.MEAN_ABSOLUTE_ERROR]
        < known[SAME_FOR_ALL, Statistic.MEAN_ABSOLUTE_ERROR]
    )


def test_intervals_hold_their_values(card: Calibration) -> None:
    rows = card.statistics[card.statistics["status"] == Status.OK]
    rows = rows[rows["source"].isin(["good", BY_LENGTH])]
    models = {Statistic.SPEARMAN_OVER_MODELS.value, Statistic.KENDALL_OVER_MODELS.value}
    rows = rows[~rows["statistic"].isin(models)]  # at the end of their range, draws lie below
    assert ((rows["lower"] <= rows["value"]) & (rows["value"] <= rows["upper"])).all()


def test_the_same_rows_in_another_order_give_the_same_card(
    known: simulated.Truth, people: People, card: Calibration
) -> None:
    judgments = simulated.judged(known, "good", lambda rows: rows["quality"].round())
    shuffled = judgments.sample(frac=1, random_state=3)
    cards = [calibrate(people, rows, "good", known.words) for rows in (judgments, shuffled)]
    pd.testing.assert_frame_equal(cards[0].statistics, cards[1].statistics)
    pd.testing.assert_frame_equal(cards[0].items, cards[1].items)
    assert cards[0].standing == cards[1].standing


def test_a_judge_without_a_model_has_no_kin(card: Calibration) -> None:
    assert card.self_preference is None


def test_examples_are_left_out(known: simulated.Truth, people: People) -> None:
    seen = known.rows["response_id"].tolist()[:7]
    found = calibrate(
        people, simulated.good(known), "good", known.words, left_out_response_ids=seen
    )
    assert len(found.items) == len(known.rows) - 7


def test_a_judge_that_shares_nothing_with_people_has_a_card_that_says_so(
    known: simulated.Truth, people: People
) -> None:
    found = calibrate(people, simulated.good(known)[:0], "good", known.words)
    assert found.standing.standing is Standing.NOT_ENOUGH_DATA
    assert set(found.statistics["status"]) == {Status.NOTHING_SHARED}
    assert found.bias.empty
    assert found.length_bias.status is Status.NOTHING_SHARED


def test_a_pair_study_gives_the_same_card_from_peoples_own_comparisons(
    known: simulated.Truth,
) -> None:
    compared = people_comparing(simulated.compared(known, 8, 500), simulated.CRITERION)
    found = calibrate(compared, simulated.good(known), "good", known.words)
    value = found.statistics.set_index(["source", "statistic"])["value"]
    assert value["good", Statistic.DECIDED_PAIRS_AGREED] > 0.8
    assert value[BY_LENGTH, Statistic.DECIDED_PAIRS_AGREED] == pytest.approx(0.5, abs=0.1)
    assert found.standing.standing is Standing.FINDS_THE_BAD_MODELS


def test_the_table_of_standings_has_a_row_for_each_judge_of_the_criterion(
    known: simulated.Truth, people: People
) -> None:
    judges = pd.concat(
        [
            simulated.good(known).assign(criterion=""),
            simulated.good(known, "good \u00b7 warmth").assign(criterion="warmth"),
            simulated.random(known).assign(criterion="", gate="empty"),
        ]
    )
    found = standings(people, judges, known.words)
    assert list(found.columns) == list(STANDING_COLUMNS)
    assert found["judge"].tolist() == ["good", "random"]
    assert found["gated"].tolist() == [0, len(known.rows)]
    assert standings(people, judges[:0], known.words).empty


def test_the_table_and_the_card_say_the_same(
    known: simulated.Truth, people: People, card: Calibration
) -> None:
    rows = simulated.judged(known, "good", lambda rows: rows["quality"].round())
    table = standings(people, rows, known.words)
    of_card = calibrate(people, rows, "good", known.words)
    assert table.loc[0, "sentence"] == of_card.standing.sentence
    value = of_card.statistics.set_index(["source", "statistic"])["value"]
    for column, statistic in (
        ("within_models", Statistic.SPEARMAN_WITHIN_MODELS),
        ("over_models", Statistic.SPEARMAN_OVER_MODELS),
    ):
        assert table.loc[0, column] == value["good", statistic]
        lower = of_card.statistics.set_index(["source", "statistic"])["lower"]
        assert table.loc[0, f"{column}_lower"] == lower["good", statistic]


def test_the_table_says_how_many_of_the_rated_responses_a_judge_scored(
    known: simulated.Truth, people: People
) -> None:
    rows = simulated.good(known)
    examples = {"good": rows["response_id"].tolist()[:3]}
    found = standings(people, rows[:20], known.words, left_out_response_ids=examples)
    assert found.loc[0, "items"] == 17
    assert found.loc[0, "rated_by_people"] == len(known.rows)


def test_one_half_of_the_people_stands_as_the_ceiling_of_a_judge_does(
    known: simulated.Truth, people: People, card: Calibration
) -> None:
    found = standing_of_people(people, known.words)
    assert list(found.columns) == list(STANDING_COLUMNS)
    assert found["judge"].tolist() == [OTHER_HALF]
    assert found.loc[0, "standing"] == Standing.FINDS_THE_BAD_MODELS
    value = card.statistics.set_index(["source", "statistic"])["value"]
    assert found.loc[0, "over_models"] == value[OTHER_HALF, Statistic.SPEARMAN_OVER_MODELS]


def test_of_one_rater_no_half_can_stand_beside_another(known: simulated.Truth) -> None:
    found = standing_of_people(simulated.people_of(known, raters=1), known.words)
    assert found.loc[0, "standing"] == Standing.NOT_ENOUGH_DATA
    assert found["over_models"].isna().all()


def test_an_unknown_length_takes_neither_the_floor_nor_the_rule_away(
    known: simulated.Truth, people: People
) -> None:
    some = dict(list(known.words.items())[1:])
    found = calibrate(people, simulated.good(known), "good", some)
    floor = found.statistics[found.statistics["source"] == BY_LENGTH]
    assert set(floor["items"]) == {len(some)}
    assert "better than length alone" in found.standing.sentence
