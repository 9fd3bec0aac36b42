import pytest

from core.analysis.calibration.choices import choices_of, position_shares, swapped
from core.analysis.calibration.frames import POSITION_COLUMNS
from tests.core.analysis.calibration.calling import calls, choice


def test_the_share_of_each_position_is_counted_by_size_without_ties() -> None:
    made = calls(
        [choice("ab", "a"), choice("cd", "c"), choice("ef", "f"), choice("gh", ""),
         choice("abc", "c")]
    )  # fmt: skip
    found = position_shares(made)
    assert list(found.columns) == list(POSITION_COLUMNS)
    by_place = found.set_index(["shown", "position"])
    assert by_place.loc[(2, 1), "chosen"] == 2
    assert by_place.loc[(2, 1), "choices"] == 3
    assert by_place.loc[(2, 1), "share"] == pytest.approx(2 / 3)
    assert by_place.loc[(3, 3), "share"] == 1
    assert by_place.loc[(3, 1), "by_chance"] == pytest.approx(1 / 3)


def test_the_interval_of_a_share_is_wilsons() -> None:
    """Ten of ten: the published bounds are 0.722 and 1."""
    found = position_shares(calls([choice("ab", "a", inputs_hash=str(n)) for n in range(10)]))
    assert found.loc[0, "lower"] == pytest.approx(0.722, abs=5e-4)
    assert found.loc[0, "upper"] == pytest.approx(1)


def test_both_orders_are_held_against_each_other() -> None:
    made = calls(
        [
            *(choice("ab", "a"), choice("ba", "a")),  # the same response
            *(choice("cd", "c"), choice("dc", "d")),  # the first, whichever it is
            *(choice("ef", "f"), choice("fe", "e")),  # the last, whichever it is
            *(choice("gh", ""), choice("hg", "")),  # a tie both times
            *(choice("ij", "i"), choice("ji", "")),
            choice("kl", "k"),  # asked once
        ]
    )
    found = swapped(made)
    assert found is not None
    assert (found.consistent.count, found.consistent.total) == (2, 5)
    assert found.flipped.share == pytest.approx(2 / 5)
    assert (found.first_twice, found.last_twice) == (1, 1)
    assert found.to_or_from_tie.count == 1


def test_repeats_and_criteria_are_not_mixed_up() -> None:
    made = calls(
        [
            choice("ab", "a", repeat_index=0),
            choice("ba", "a", repeat_index=0),
            choice("ab", "a", repeat_index=1),
            choice("ba", "b", repeat_index=1),
            choice("ab", "b", criterion="warmth"),
            choice("ba", "b", criterion="warmth"),
        ]
    )
    found = swapped(made)
    assert found is not None
    assert (found.consistent.count, found.consistent.total) == (2, 3)


def test_a_judge_that_ties_in_both_orders_is_consistent() -> None:
    made = calls([choice("ab", ""), choice("ba", ""), choice("cd", ""), choice("dc", "")])
    assert len(choices_of(made)) == 4
    assert position_shares(made).empty
    found = swapped(made)
    assert found is not None
    assert (found.consistent.count, found.consistent.total) == (2, 2)
    assert (found.flipped.count, found.to_or_from_tie.count) == (0, 0)


def test_failed_and_injected_answers_do_not_count() -> None:
    made = calls(
        [
            choice("ab", "a"),
            choice("ab", "b", purpose="injection"),
            choice("cd", "", status="failed"),
        ]
    )
    assert position_shares(made)["choices"].tolist() == [1, 1]
