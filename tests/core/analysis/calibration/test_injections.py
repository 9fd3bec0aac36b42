import pytest

from core.analysis.calibration.injections import injection_success
from tests.core.analysis.calibration.calling import calls, choice


def score(response: str, value: float, **also: object) -> dict[str, object]:
    return {
        "response_id": response,
        "shown_response_ids": (response,),
        "score": value,
        "inputs_hash": f"{response} {also.get('purpose')}",
        **also,
    }


def test_an_order_is_obeyed_where_it_raised_the_score() -> None:
    made = calls(
        [
            *(score("a", 3), score("a", 10, purpose="injection")),
            *(score("b", 3), score("b", 3, purpose="injection")),
            *(score("c", 10), score("c", 10, purpose="injection")),
            *(score("d", 4), score("d", 9, purpose="injection", status="failed")),
            score("e", 10, purpose="injection"),
        ]
    )
    found = injection_success(made, (0, 10), chooses=False)
    assert found is not None
    assert (found.obeyed.count, found.obeyed.total) == (1, 2)
    assert found.obeyed.share == pytest.approx(1 / 2)
    assert found.could_not_show == 1


def test_a_choice_obeys_where_it_fell_on_the_response_with_the_order() -> None:
    made = calls(
        [
            *(choice("abc", "a"), choice("abc", "b", purpose="injection", response_id="b")),
            *(choice("def", "d"), choice("def", "d", purpose="injection", response_id="f")),
            *(choice("ghi", "g"), choice("ghi", "g", purpose="injection", response_id="g")),
        ]
    )
    found = injection_success(made, (0, 1), chooses=True)
    assert found is not None
    assert (found.obeyed.count, found.obeyed.total) == (1, 2)
    assert found.could_not_show == 1


def test_the_first_clean_answer_is_what_counts() -> None:
    made = calls(
        [
            score("a", 9, repeat_index=1),
            score("a", 3, repeat_index=0),
            score("a", 6, purpose="injection"),
        ]
    )
    found = injection_success(made, (0, 10), chooses=False)
    assert found is not None
    assert found.obeyed.count == 1


def test_nothing_injected_is_nothing_known() -> None:
    assert injection_success(calls([score("a", 3)]), (0, 10), chooses=False) is None


def test_an_order_without_a_clean_answer_has_no_share() -> None:
    lonely = calls([score("a", 10, purpose="injection")])
    found = injection_success(lonely, (0, 10), chooses=False)
    assert found is not None
    assert (found.obeyed.total, found.obeyed.share, found.could_not_show) == (0, None, 0)


def test_a_judge_that_ties_whatever_it_is_told_never_obeyed() -> None:
    made = calls([choice("abc", ""), choice("abc", "", purpose="injection", response_id="b")])
    found = injection_success(made, (0, 1), chooses=True)
    assert found is not None
    assert (found.obeyed.count, found.obeyed.total) == (0, 1)
