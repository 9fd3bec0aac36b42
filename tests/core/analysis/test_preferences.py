import pytest

from core.analysis.frames import PREFERENCES, SHARE_COLUMNS
from core.analysis.preferences import preference_share_by_model
from core.errors import InvalidInputError
from tests.core.analysis import made

COMPARISONS = made.preferences(
    [
        ("ann", "c1", "small", "large", "second"),
        ("ann", "c2", "large", "small", "first"),
        ("bob", "c1", "large", "small", "tie"),
        ("bob", "c2", "small", "large", "first"),
    ]
)


def test_a_win_counts_one_and_a_tie_half_whichever_side_it_was_on() -> None:
    frame = preference_share_by_model(COMPARISONS, "better").set_index("model")
    assert frame["mean"].to_dict() == pytest.approx({"large": 0.625, "small": 0.375})
    outcomes = frame[["wins", "ties", "losses"]]
    assert outcomes.to_dict("index") == {
        "large": {"wins": 2, "ties": 1, "losses": 1},
        "small": {"wins": 1, "ties": 1, "losses": 2},
    }


def test_shares_come_best_first_with_counts_and_an_interval_on_the_scale() -> None:
    frame = preference_share_by_model(COMPARISONS, "better")
    assert list(frame.columns) == list(SHARE_COLUMNS)
    assert frame["model"].tolist() == ["large", "small"]
    assert frame["ratings"].tolist() == [4, 4]
    assert frame["raters"].tolist() == [2, 2]
    assert (frame["lower"] >= 0).all()
    assert (frame["upper"] <= 1).all()


def test_both_bad_is_half_a_win_for_each_and_counted_apart_from_ties() -> None:
    answers = [
        ("ann", "c1", "small", "large", "both_bad"),
        ("bob", "c1", "large", "small", "tie"),
        ("bob", "c2", "small", "large", "first"),
    ]
    frame = preference_share_by_model(made.preferences(answers), "better").set_index("model")
    assert frame["mean"].to_dict() == pytest.approx({"small": 0.75, "large": 0.25})
    outcomes = frame[["wins", "ties", "both_bad", "losses"]].to_dict("index")
    assert outcomes["large"] == {"wins": 0, "ties": 1, "both_bad": 1, "losses": 1}


def test_one_rater_has_no_interval() -> None:
    one = COMPARISONS[COMPARISONS["rater_id"] == "ann"]
    frame = preference_share_by_model(one, "better")
    assert frame["lower"].isna().all()
    assert set(frame["status"]) == {"too few raters"}


def test_a_model_compared_with_itself_tells_nothing_and_is_left_out() -> None:
    itself = made.preferences([("ann", "c1", "small", "small", "first")])
    assert preference_share_by_model(itself, "better").empty


def test_an_unknown_preference_is_refused() -> None:
    with pytest.raises(
        InvalidInputError, match="'left': it must be first, second, tie or both_bad"
    ):
        preference_share_by_model(made.preferences([("a", "c", "m", "n", "left")]), "better")


def test_an_unknown_criterion_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="choose from better"):
        preference_share_by_model(COMPARISONS, "style")


def test_no_comparisons_give_a_frame_with_the_columns_and_no_rows() -> None:
    frame = preference_share_by_model(PREFERENCES.frame([]), "better")
    assert frame.empty
    assert list(frame.columns) == list(SHARE_COLUMNS)
