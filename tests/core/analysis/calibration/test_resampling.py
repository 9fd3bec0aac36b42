import numpy as np
import pytest
from scipy import stats  # type: ignore[import-untyped]  # scipy ships no types

from core.analysis.calibration.resampling import DRAWS, Status, draws, figure


def test_the_first_draw_is_the_sample_and_every_other_has_as_many_cases() -> None:
    drawn = draws(7)
    assert drawn.shape == (DRAWS + 1, 7)
    assert (drawn[0] == 1).all()
    assert (drawn.sum(axis=1) == 7).all()


def test_the_same_seed_draws_the_same() -> None:
    assert (draws(5, 10, 3) == draws(5, 10, 3)).all()
    assert (draws(5, 10, 3) != draws(5, 10, 4)).any()


def test_the_interval_of_a_mean_is_the_textbook_one() -> None:
    """Over 40 cases the interval is close to Student's."""
    values = np.random.default_rng(1).normal(0, 1, 40)
    drawn = draws(40)
    known = figure(drawn @ values / 40, 40)
    reach = stats.t.ppf(0.975, 39) * values.std(ddof=1) / np.sqrt(40)
    assert known.status is Status.OK
    assert known.lower == pytest.approx(values.mean() - reach, abs=0.1 * reach)
    assert known.upper == pytest.approx(values.mean() + reach, abs=0.1 * reach)


def test_intervals_of_a_mean_over_eight_test_cases_hold_the_truth_often_enough() -> None:
    random = np.random.default_rng(4)
    drawn = draws(8)
    held = 0
    for _ in range(400):
        known = figure(drawn @ random.normal(0, 1, 8) / 8, 8)
        assert known.lower is not None
        assert known.upper is not None
        held += known.lower < 0 < known.upper
    assert 0.92 <= held / 400 <= 0.985


def test_with_few_test_cases_there_is_a_value_and_no_interval() -> None:
    known = figure(np.array([0.5, 0.4, 0.6]), 4)
    assert (known.value, known.lower, known.upper) == (0.5, None, None)
    assert known.status is Status.TOO_FEW_TEST_CASES


def test_what_is_not_defined_is_unknown_and_never_a_number() -> None:
    known = figure(np.full(5, np.nan), 9)
    assert known.value is None
    assert known.status is Status.NO_VARIATION


def test_a_statistic_that_many_draws_leave_undefined_has_no_interval() -> None:
    values = np.array([0.5, *[np.nan] * 20, *[0.5] * 80])
    known = figure(values, 9)
    assert (known.value, known.lower) == (0.5, None)
    assert known.status is Status.NO_VARIATION


def test_repetitions_have_their_mean_and_the_interval_of_all_replicates() -> None:
    known = figure([np.array([0.2, 0.1, 0.3]), np.array([0.4, 0.5, 0.3])], 9)
    assert known.value == pytest.approx(0.3)
    assert known.lower is not None
    assert 0.1 <= known.lower < 0.2
