import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.analysis.distribution import judged_score_distribution, rated_score_distribution
from core.analysis.frames import DISTRIBUTION_COLUMNS, JUDGMENTS, RATINGS
from tests.core.analysis import made


def counts(frame: pd.DataFrame) -> dict[float, int]:
    return {
        float(score): int(count)
        for score, count in zip(frame["score"], frame["count"], strict=True)
        if count
    }


def test_every_score_has_a_row_also_those_nobody_gave() -> None:
    frame = rated_score_distribution(
        made.ratings([("ann", "c1", 4), ("bob", "c1", 10)]), "quality", made.TEN
    )
    assert frame["score"].tolist() == list(range(11))
    assert counts(frame) == {4: 1, 10: 1}
    assert frame["share"].sum() == pytest.approx(1)


def test_a_score_between_two_integers_counts_for_the_nearer_and_a_half_for_the_upper() -> None:
    scores = [4.4, 4.5, 5.5, 0.2]
    frame = rated_score_distribution(
        made.ratings([(f"rater {n}", "c1", score) for n, score in enumerate(scores)]),
        "quality",
        made.TEN,
    )
    assert counts(frame) == {0: 1, 4: 1, 5: 1, 6: 1}


def test_a_similarity_is_counted_in_tenths_of_its_own_scale() -> None:
    frame = judged_score_distribution(
        made.judgments([("c1", 0, 0.31), ("c1", 1, 1.0)], judge="sem-bleu", scale=(0, 1))
    )
    assert counts(frame) == {0.3: 1, 1.0: 1}
    assert frame["source"].unique().tolist() == ["sem-bleu"]


@pytest.mark.parametrize(
    ("scale", "bins", "width"),
    [((1, 5), 5, 1), ((0, 1), 2, 1), ((-10, 10), 21, 1), ((0, 100), 11, 10)],
)
def test_every_whole_number_of_a_short_scale_has_a_bin(
    scale: tuple[float, float], bins: int, width: float
) -> None:
    ratings = made.ratings([("ann", "c1", scale[0]), ("bob", "c1", scale[1])])
    frame = rated_score_distribution(ratings, "quality", scale)
    assert len(frame) == bins
    assert set(frame["bin_width"]) == {width}
    assert counts(frame) == {scale[0]: 1, scale[1]: 1}


@made.unhurried
@given(st.lists(st.floats(0, 10), min_size=1, max_size=30))
def test_the_counts_add_up_to_the_ratings(values: list[float]) -> None:
    frame = rated_score_distribution(
        made.ratings([(f"rater {n}", "c1", value) for n, value in enumerate(values)]),
        "quality",
        made.TEN,
    )
    assert frame["count"].sum() == len(values)
    assert len(frame) == 11


def test_no_rows_give_a_frame_with_the_columns_and_no_rows() -> None:
    for frame in (
        rated_score_distribution(RATINGS.frame([]), "quality", made.TEN),
        judged_score_distribution(JUDGMENTS.frame([])),
    ):
        assert frame.empty
        assert list(frame.columns) == list(DISTRIBUTION_COLUMNS)
