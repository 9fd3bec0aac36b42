import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats  # type: ignore[import-untyped]  # scipy ships no types

from core.analysis.quality import quality_by_model
from core.analysis.ranking import rank_models, scores_by_source, tie_groups
from core.errors import InvalidInputError
from tests.core.analysis import made

score_maps = st.dictionaries(st.text("abcdefgh", min_size=1, max_size=3), st.integers(0, 4))


def test_tied_models_share_the_mean_of_their_ranks() -> None:
    frame = rank_models({"a": 5, "b": 7, "c": 5, "d": 1})
    assert frame["model"].tolist() == ["b", "a", "c", "d"]
    assert frame["rank"].tolist() == [1, 2.5, 2.5, 4]
    assert frame["tied"].tolist() == [False, True, True, False]


@made.unhurried
@given(score_maps)
def test_mid_ranks_are_those_of_scipy(scores: dict[str, int]) -> None:
    frame = rank_models(scores).set_index("model")
    expected = stats.rankdata([-score for score in scores.values()], method="average")
    assert [frame["rank"][model] for model in scores] == expected.tolist()


def test_a_difference_in_the_last_bit_is_a_tie() -> None:
    assert tie_groups({"a": 0.1 + 0.2, "b": 0.3}) == [["a", "b"]]


def test_a_score_that_is_not_a_number_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="score of b is nan"):
        rank_models({"a": 1.0, "b": float("nan")})


def test_scores_are_read_from_a_quality_frame_by_source() -> None:
    ratings = [
        made.ratings([("ann", "c1", value)], model=model) for model, value in [("a", 4), ("b", 6)]
    ]
    assert scores_by_source(quality_by_model(pd.concat(ratings), "quality", made.TEN)) == {
        "people": {"a": 4.0, "b": 6.0}
    }
