import pandas as pd
import pytest

from core.analysis.calibration.bounds import BY_LENGTH, ONE_PERSON, OTHER_HALF
from core.analysis.calibration.card import Calibration, calibrate
from core.analysis.calibration.choices import position_shares
from tests.core.analysis.calibration import simulated
from tests.core.analysis.calibration.calling import calls, choice
from tests.ui.charts.drawn import rows, spec, text_in_picture
from ui.studio.charts.calibration import (
    MAIN_STATISTICS,
    bias_curve_chart,
    calibration_chart,
    positions_chart,
)


@pytest.fixture(scope="module")
def card() -> Calibration:
    known = simulated.truth(5, 6, 2)
    return calibrate(simulated.people_of(known), simulated.good(known), "good", known.words)


def test_every_main_statistic_has_a_mark_for_judge_ceilings_and_floor(card: Calibration) -> None:
    marks = [row for row in rows(calibration_chart(card.statistics)) if "name" in row]
    assert {row["name"] for row in marks} == set(MAIN_STATISTICS.values())
    assert {"this judge", OTHER_HALF, ONE_PERSON, BY_LENGTH} <= {row["source"] for row in marks}


def test_what_is_not_known_is_not_drawn(card: Calibration) -> None:
    drawn = [row for row in rows(calibration_chart(card.statistics)) if "name" in row]
    assert all(row["value"] is not None for row in drawn)


def test_the_legend_names_who_is_who(card: Calibration) -> None:
    texts = text_in_picture(calibration_chart(card.statistics), width=600)
    assert "this judge" in texts
    assert "length alone" in texts


def test_bias_is_drawn_on_peoples_scale_around_zero(card: Calibration) -> None:
    drawn = spec(bias_curve_chart(card.bias, (0.0, 10.0)))
    assert drawn["layer"][1]["encoding"]["x"]["scale"]["domain"] == [0, 10]
    assert any(row.get("zero") == 0 for row in rows(bias_curve_chart(card.bias, (0.0, 10.0))))


def test_positions_are_drawn_beside_an_even_choice() -> None:
    made = position_shares(calls([choice("ab", "a"), choice("cd", "c"), choice("ef", "f")]))
    texts = text_in_picture(positions_chart(made))
    assert "1 of 2" in texts
    assert "2 of 2" in texts
    assert {row["by_chance"] for row in rows(positions_chart(made))} == {0.5}


@pytest.mark.parametrize(
    "chart",
    [
        lambda card: calibration_chart(card.statistics[:0]),
        lambda card: bias_curve_chart(card.bias[:0], (0.0, 10.0)),
        lambda card: positions_chart(position_shares(calls([]))),
    ],
)
def test_nothing_to_draw_is_said(card: Calibration, chart: object) -> None:
    assert callable(chart)
    assert "No data yet" in text_in_picture(chart(card))


def test_a_frame_of_unknown_figures_says_that_there_is_nothing(card: Calibration) -> None:
    unknown = card.statistics.copy()
    unknown[["value", "lower", "upper"]] = pd.NA
    assert "No data yet" in text_in_picture(calibration_chart(unknown))
