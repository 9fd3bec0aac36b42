import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.analysis.agreement import agreement_by_judge, bottom_agreement, default_depth
from core.analysis.frames import AGREEMENT_COLUMNS
from core.errors import InvalidInputError
from tests.core.analysis import made

HUMAN = {"a": 1.0, "b": 2.0, "c": 3.0, "d": 4.0, "e": 5.0}
MEASURES = ("jaccard", "rank_biased_overlap")

judged = st.fixed_dictionaries({name: st.integers(0, 3).map(float) for name in HUMAN})


def test_the_worst_models_are_compared_not_the_best() -> None:
    worst_alike = HUMAN | {"e": 4.0, "d": 5.0}
    best_alike = HUMAN | {"a": 2.0, "b": 3.0, "c": 1.0}
    assert bottom_agreement(HUMAN, worst_alike, 2).jaccard.value == 1
    assert bottom_agreement(HUMAN, best_alike, 2).jaccard.value == pytest.approx(1 / 3)


def test_scores_on_any_scale_give_the_same_agreement() -> None:
    similarity = {model: score / 10 for model, score in HUMAN.items()}
    agreement = bottom_agreement(HUMAN, similarity, 3)
    assert agreement.jaccard.value == agreement.rank_biased_overlap.value == 1
    assert agreement.shared_models == 3


def test_without_ties_the_range_is_the_value() -> None:
    agreement = bottom_agreement(HUMAN, {"a": 3, "b": 1, "c": 5, "d": 2, "e": 4}, 2)
    for measure in (agreement.jaccard, agreement.rank_biased_overlap):
        assert measure.lower == measure.value == measure.upper


def test_a_tie_at_the_cut_gives_a_range_around_the_expectation() -> None:
    agreement = bottom_agreement(HUMAN, {"a": 1, "b": 1, "c": 1, "d": 4, "e": 5}, 1)
    assert (agreement.jaccard.lower, agreement.jaccard.upper) == (0, 1)
    assert agreement.jaccard.value == pytest.approx(1 / 3)


def test_the_level_by_chance_at_the_papers_size_is_known() -> None:
    scores = {f"model {number:02}": float(number) for number in range(29)}
    agreement = bottom_agreement(scores, scores, 10)
    assert agreement.jaccard.by_chance == pytest.approx(0.215, abs=5e-4)
    assert agreement.rank_biased_overlap.by_chance == pytest.approx(0.190, abs=5e-4)


def test_models_that_one_side_lacks_are_left_out_and_named() -> None:
    agreement = bottom_agreement(HUMAN | {"only people": 0}, HUMAN | {"judge only": 0}, 2)
    assert agreement.left_out == ("judge only", "only people")
    assert agreement.compared_models == 5
    assert agreement.jaccard.value == 1


@pytest.mark.parametrize("k", [-1, 0, 5, 6])
def test_a_depth_that_says_nothing_is_refused(k: int) -> None:
    with pytest.raises(InvalidInputError, match=f"The bottom {k} of 5 models"):
        bottom_agreement(HUMAN, HUMAN, k)


@made.unhurried
@given(judged, judged, st.integers(1, 4))
def test_agreement_is_symmetric_and_bounded(
    one: dict[str, float], other: dict[str, float], k: int
) -> None:
    there, back = bottom_agreement(one, other, k), bottom_agreement(other, one, k)
    assert there == back
    for measure in (there.jaccard, there.rank_biased_overlap):
        assert 0 <= measure.lower <= measure.value <= measure.upper <= 1


@made.unhurried
@given(judged, judged, st.permutations(list(HUMAN)), st.integers(1, 4))
def test_the_order_in_which_models_are_given_does_not_matter(
    one: dict[str, float], other: dict[str, float], order: list[str], k: int
) -> None:
    shuffled = {model: other[model] for model in order}
    assert bottom_agreement(one, shuffled, k) == bottom_agreement(one, other, k)


def test_every_judge_has_a_row_in_the_order_given() -> None:
    frame = agreement_by_judge(HUMAN, {"sbert": HUMAN, "scorer": HUMAN}, 2)
    assert list(frame.columns) == list(AGREEMENT_COLUMNS)
    assert frame["judge"].tolist() == ["sbert", "scorer"]
    assert (frame["jaccard"] == 1).all()
    assert (frame["status"] == "ok").all()


def test_a_judge_with_too_few_models_has_nulls_and_a_status() -> None:
    frame = agreement_by_judge(HUMAN, {"sbert": HUMAN, "partial": {"a": 1, "b": 2}}, 2)
    partial = frame.set_index("judge").loc["partial"]
    assert partial[list(MEASURES)].isna().all()
    assert partial["status"] == "not enough models"
    assert partial["compared_models"] == 2
    assert partial["left_out"] == "c, d, e"


@pytest.mark.parametrize("human", [{}, {"a": 1.0}])
def test_fewer_than_two_models_give_rows_that_say_so(human: dict[str, float]) -> None:
    frame = agreement_by_judge(human, {"sbert": human}, 1)
    assert frame["status"].tolist() == ["not enough models"]
    assert frame["jaccard"].isna().all()


@pytest.mark.parametrize("k", [0, 5])
def test_a_depth_that_fits_no_judge_is_refused(k: int) -> None:
    with pytest.raises(InvalidInputError, match="choose a depth"):
        agreement_by_judge(HUMAN, {"sbert": HUMAN}, k)


def test_no_judges_give_a_frame_with_the_columns_and_no_rows() -> None:
    frame = agreement_by_judge(HUMAN, {}, 2)
    assert frame.empty
    assert list(frame.columns) == list(AGREEMENT_COLUMNS)


@pytest.mark.parametrize(("models", "depth"), [(0, 1), (1, 1), (3, 1), (4, 2), (20, 10), (29, 10)])
def test_the_default_depth_is_half_the_models_at_most_ten(models: int, depth: int) -> None:
    assert default_depth(models) == depth
