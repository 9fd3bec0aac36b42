import numpy as np
import pandas as pd
import pytest
from scipy import stats  # type: ignore[import-untyped]  # scipy ships no types

from core.analysis.calibration.repeats import drift_of, intraclass_correlation
from tests.core.analysis.calibration.calling import calls, choice

SHROUT_AND_FLEISS = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9],
                     [6, 2, 4, 7]]  # fmt: skip


def scores(response: str, *values: float) -> list[dict[str, object]]:
    return [
        {"response_id": response, "repeat_index": index, "score": value}
        for index, value in enumerate(values)
    ]


def test_icc_1_of_shrout_and_fleiss_is_the_published_one() -> None:
    """Psychological Bulletin 86 (1979), table 4: ICC(1,1) = 0.17."""
    groups = [np.array(row, dtype=float) for row in SHROUT_AND_FLEISS]
    assert intraclass_correlation(groups) == pytest.approx(0.17, abs=5e-3)


def test_icc_1_of_unequal_groups_is_that_of_the_analysis_of_variance() -> None:
    random = np.random.default_rng(1)
    groups = [random.normal(mean, 1, size) for mean, size in ((0, 3), (2, 5), (4, 2), (1, 4))]
    f = stats.f_oneway(*groups).statistic
    sizes = np.array([len(one) for one in groups])
    size = (sizes.sum() - (sizes**2).sum() / sizes.sum()) / 3
    assert intraclass_correlation(groups) == pytest.approx((f - 1) / (f + size - 1))


def test_drift_is_the_share_of_equal_answers_the_deviation_and_icc() -> None:
    made = calls([*scores("a", 7, 7, 7), *scores("b", 2, 4, 3), *scores("c", 9)])
    found = drift_of(made, chooses=False)
    assert found is not None
    assert (found.questions, found.repeats) == (2, 3)
    assert (found.identical.count, found.identical.total) == (1, 2)
    assert found.standard_deviation == pytest.approx(np.sqrt(2 / 4))
    expected = intraclass_correlation([np.array([7.0] * 3), np.array([2.0, 4.0, 3.0])])
    assert found.intraclass_correlation == expected


def test_what_was_asked_in_another_way_is_no_repeat() -> None:
    first, second = scores("a", 7, 2)
    assert drift_of(calls([first, second | {"inputs_hash": "other"}]), chooses=False) is None
    assert drift_of(calls([first, second | {"purpose": "injection"}]), chooses=False) is None
    assert drift_of(calls([]), chooses=False) is None


def test_repeated_choices_are_equal_or_not_and_have_no_deviation() -> None:
    made = calls(
        [
            choice("ab", "a", repeat_index=0), choice("ab", "a", repeat_index=1),
            choice("cd", "c", repeat_index=0), choice("cd", "", repeat_index=1),
        ]
    )  # fmt: skip
    found = drift_of(made, chooses=True)
    assert found is not None
    assert found.identical.share == 0.5
    assert found.standard_deviation is None
    assert found.intraclass_correlation is None


def test_repeated_ties_are_the_same_answer_and_no_number() -> None:
    made = calls([choice("ab", "", repeat_index=0), choice("ab", "", repeat_index=1)])
    found = drift_of(made, chooses=True)
    assert found is not None
    assert found.identical.share == 1
    assert found.standard_deviation is None


def test_scores_that_never_differ_have_no_icc() -> None:
    found = drift_of(calls([*scores("a", 7, 7), *scores("b", 7, 7)]), chooses=False)
    assert found is not None
    assert found.intraclass_correlation is None
    assert found.standard_deviation == 0


def test_a_single_question_has_no_icc() -> None:
    assert intraclass_correlation([np.array([1.0, 2.0])]) is None


def test_more_noise_means_less_icc() -> None:
    random = np.random.default_rng(2)
    truth = random.normal(0, 1, 200)

    def icc(noise: float) -> float:
        rows = pd.DataFrame(truth[:, None] + random.normal(0, noise, (200, 3)))
        found = intraclass_correlation(list(rows.to_numpy()))
        assert found is not None
        return found

    assert icc(0.5) == pytest.approx(0.8, abs=0.08)
    assert icc(1.0) == pytest.approx(0.5, abs=0.1)
