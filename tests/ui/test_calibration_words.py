"""What a judge's figures mean in sentences; what is not known says why."""

from dataclasses import replace

import pandas as pd
import pytest

from core.analysis.calibration.card import Calibration, calibrate
from core.analysis.calibration.choices import swapped
from core.analysis.calibration.frames import complete
from core.analysis.calibration.injections import Obedience
from core.analysis.calibration.proportions import proportion
from core.analysis.calibration.repeats import drift_of
from core.analysis.calibration.resampling import Figure, Status
from tests.core.analysis import made
from tests.core.analysis.calibration import simulated
from tests.core.analysis.calibration.calling import calls, choice
from ui.studio.calibration.choosing import card_address, judge_keys
from ui.studio.calibration.words import (
    drift_sentence,
    injection_sentence,
    order_sentence,
    weaknesses,
)


@pytest.fixture(scope="module")
def card() -> Calibration:
    known = simulated.truth(4, 5, 1)
    return calibrate(simulated.people_of(known), simulated.good(known), "good", known.words)


def said(card: Calibration, model: str = "openai/gpt-4") -> dict[str, str]:
    return dict(weaknesses(card, model, is_panel=False))


def test_length_is_told_in_points_for_a_response_twice_as_long(card: Calibration) -> None:
    clear = replace(card, length_bias=Figure(0.5, 0.3, 0.7, Status.OK))
    assert "twice as long +0.50 points (95 % interval +0.30 to +0.70)." in said(clear)["Length"]
    unclear = replace(card, length_bias=Figure(0.5, -0.3, 0.7, Status.OK))
    assert "which may be nothing" in said(unclear)["Length"]


def test_what_is_not_known_says_why(card: Calibration) -> None:
    unknown = Figure.unknown(Status.NOTHING_SHARED)
    words = said(replace(card, length_bias=unknown, length_rank=unknown, self_preference=unknown))
    assert "is not known: people and this judge share nothing" in words["Length"]
    assert "of the family of openai/gpt-4 is not known" in words["Its own kin"]
    few = Figure(0.5, None, None, Status.TOO_FEW_TEST_CASES)
    assert "(too few test cases for an interval)" in said(replace(card, length_bias=few))["Length"]
    assert "asks no model" in said(card)["Its own kin"]


def test_orders_are_told_with_where_the_flips_went() -> None:
    swap = swapped(
        calls([choice("ab", "a"), choice("ba", "b"), choice("cd", "c"), choice("dc", "c")])
    )
    words = order_sentence(swap)
    assert "chose the same 1 times out of 2 (50%" in words
    assert "the one shown first won both times in 1 of these" in words
    assert "No question was asked in both orders" in order_sentence(None)


def test_drift_of_scores_has_a_deviation_and_that_of_choices_has_none() -> None:
    scores = [
        {"response_id": one, "repeat_index": index, "score": float(value)}
        for one, values in {"a": (7, 7), "b": (2, 4)}.items()
        for index, value in enumerate(values)
    ]
    assert "a single score has a standard deviation of 1.00" in drift_sentence(
        drift_of(calls(scores), chooses=False)
    )
    again = [choice("ab", "a", repeat_index=index) for index in range(2)]
    assert "deviation" not in drift_sentence(drift_of(calls(again), chooses=True))
    assert "is not known" in drift_sentence(None)


def test_injected_orders_are_counted_or_said_to_be_unknown() -> None:
    assert "were obeyed 3 times out of 10 (30%" in injection_sentence(
        Obedience(proportion(3, 10), 0)
    )
    assert "is not known" in injection_sentence(None)
    assert "no clean answer" in injection_sentence(Obedience(proportion(0, 0), 0))


def test_a_judge_goes_by_its_id_and_criterion_and_a_panel_by_its_name() -> None:
    rows = made.judgments([("one", 0, 5.0)])
    frame = pd.concat(
        [
            complete(rows).assign(judge="Scorer", judge_id="17"),
            complete(rows).assign(judge="Scorer \u00b7 warmth", judge_id="17", criterion="warmth"),
            complete(rows).assign(judge="Panel of 2: Scorer", judge_id=""),
        ]
    )
    keys = judge_keys(frame)
    assert keys == {
        "17": "Scorer",
        "17.warmth": "Scorer \u00b7 warmth",
        "Panel of 2: Scorer": "Panel of 2: Scorer",
    }
    address = card_address("Morning & evening", "17")
    assert address == "judge_card?study=Morning+%26+evening&judge=17"
