import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats  # type: ignore[import-untyped]  # scipy ships no types

from core.analysis.quality import quality_by_model
from core.analysis.ranking import Bottom, bottom_k, rank_models, scores_by_source, tie_groups
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


def test_the_bottom_is_certain_without_a_tie_at_the_cut() -> None:
    scores = {"a": 1.0, "b": 2.0, "c": 2.0, "d": 3.0}
    assert bottom_k(scores, 1) == Bottom(frozenset("a"), frozenset(), 0)
    assert bottom_k(scores, 3) == Bottom(frozenset("abc"), frozenset(), 0)
    assert bottom_k(scores, 4) == Bottom(frozenset("abcd"), frozenset(), 0)


def test_a_tie_at_the_cut_leaves_places_open() -> None:
    scores = {"a": 1.0, "b": 2.0, "c": 2.0, "d": 3.0}
    assert bottom_k(scores, 2) == Bottom(frozenset("a"), frozenset("bc"), 1)


@made.unhurried
@given(score_maps.filter(bool), st.data())
def test_the_certain_and_the_open_places_are_k(scores: dict[str, int], data: st.DataObject) -> None:
    k = data.draw(st.integers(1, len(scores)))
    bottom = bottom_k(scores, k)
    assert len(bottom.certain) + bottom.places == k
    assert bottom.places < max(1, len(bottom.tied))


@pytest.mark.parametrize("k", [0, 3])
def test_a_bottom_that_does_not_exist_is_refused(k: int) -> None:
    with pytest.raises(InvalidInputError, match="of 2 models does not exist"):
        bottom_k({"a": 1.0, "b": 2.0}, k)


def test_a_score_that_is_not_a_number_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="score of b is nan"):
        rank_models({"a": 1.0, "b": float("nan")})


def test_scores_are_read_from_a_quality_frame_by_source() -> None:
    ratings = [
        made.ratings([("ann", "c1", value)], model=model) for model, value in [("a", 4), ("b", 6)]
    ]
    assert scores_by_source(quality_by_model(pd.concat(ratings))) == {
        "people": {"a": 4.0, "b": 6.0}
    }
