import numpy as np
import pandas as pd
import pytest

from core.analysis.frames import JUDGMENTS, PEOPLE, QUALITY_COLUMNS, RATINGS
from core.analysis.quality import judged_quality_by_model, quality_by_model
from core.errors import InvalidInputError
from tests.core.analysis import made

PANEL = [
    (rater, case, 4.0 + r + c) for r, rater in enumerate("abc") for c, case in enumerate("xyz")
]


def test_models_come_best_first_with_their_counts() -> None:
    worse = made.ratings(PANEL, model="ollama/orca2:7b")
    better = made.ratings([(r, c, value + 1) for r, c, value in PANEL], model="openai/gpt-4")
    frame = quality_by_model(pd.concat([worse, better]), "quality", made.TEN)
    assert frame["model"].tolist() == ["openai/gpt-4", "ollama/orca2:7b"]
    assert frame["mean"].tolist() == pytest.approx([7, 6])
    assert frame[["ratings", "raters", "test_cases"]].to_numpy().tolist() == [[9, 3, 3], [9, 3, 3]]
    assert set(frame["source"]) == {PEOPLE}
    assert (frame["status"] == "ok").all()


def test_a_model_with_one_rater_has_nulls_and_says_why() -> None:
    frame = quality_by_model(
        made.ratings([("ann", "c1", 4), ("ann", "c2", 6)]), "quality", made.TEN
    )
    assert frame["mean"][0] == 5
    assert frame["lower"].isna().all()
    assert frame["upper"].isna().all()
    assert frame["status"].tolist() == ["too few raters"]


def test_a_criterion_is_looked_at_alone() -> None:
    both = pd.concat([made.ratings(PANEL), made.ratings([("a", "x", 0)], criterion="relevance")])
    assert quality_by_model(both, "quality", made.TEN)["mean"][0] == pytest.approx(6)
    assert quality_by_model(both, "relevance", made.TEN)["mean"][0] == 0


def test_an_interval_is_cut_at_the_ends_of_the_rubrics_scale() -> None:
    rows = [("ann", "c1", 5), ("ben", "c1", 5), ("ann", "c2", 1), ("ben", "c2", 4)]
    frame = quality_by_model(made.ratings(rows), "quality", (1, 5))
    assert frame[["lower", "upper"]].to_numpy().tolist() == [[1, 5]]
    assert frame[["scale_min", "scale_max"]].to_numpy().tolist() == [[1, 5]]


def test_an_unknown_criterion_is_refused_with_the_known_ones() -> None:
    with pytest.raises(InvalidInputError, match="'style': choose from quality"):
        quality_by_model(made.ratings(PANEL), "style", made.TEN)


def test_a_rating_off_the_scale_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="not on the scale from 0 to 10"):
        quality_by_model(made.ratings([("ann", "c1", 11)]), "quality", made.TEN)


def test_judges_keep_their_own_scale_and_have_no_raters() -> None:
    scorer = made.judgments([("x", 0, 6), ("y", 0, 8)])
    similarity = made.judgments([("x", 0, 0.4), ("y", 0, 0.5)], judge="sem-bleu", scale=(0, 1))
    frame = judged_quality_by_model(pd.concat([scorer, similarity]))
    assert frame["source"].tolist() == ["scorer", "sem-bleu"]
    assert frame["mean"].tolist() == pytest.approx([7, 0.45])
    assert frame["scale_max"].tolist() == [10, 1]
    assert frame["raters"].isna().all()
    assert (frame["upper"] <= frame["scale_max"]).all()


def test_a_judge_with_two_scales_is_refused() -> None:
    mixed = pd.concat(
        [made.judgments([("x", 0, 6)]), made.judgments([("y", 0, 0.5)], scale=(0, 1))]
    )
    with pytest.raises(InvalidInputError, match="2 different scales"):
        judged_quality_by_model(mixed)


def test_more_samples_of_one_case_do_not_make_it_weigh_more() -> None:
    frame = judged_quality_by_model(made.judgments([("x", 0, 2), ("x", 1, 2), ("y", 0, 8)]))
    assert frame["mean"][0] == pytest.approx(5)


def test_no_rows_give_a_frame_with_the_columns_and_no_rows() -> None:
    for frame in (
        quality_by_model(RATINGS.frame([]), "quality", made.TEN),
        judged_quality_by_model(JUDGMENTS.frame([])),
    ):
        assert frame.empty
        assert list(frame.columns) == list(QUALITY_COLUMNS)


def test_a_study_without_ratings_yet_is_no_error_for_any_criterion() -> None:
    assert quality_by_model(RATINGS.frame([]), "quality", made.TEN).empty


def test_the_interval_is_wider_than_the_naive_one_when_raters_and_cases_differ() -> None:
    frame = quality_by_model(made.ratings(PANEL), "quality", made.TEN)
    values = np.array([value for _, _, value in PANEL])
    naive = 1.96 * values.std(ddof=1) / 3
    assert frame["upper"][0] - frame["mean"][0] > naive
