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
    found = injection_success(made, (0, 10))
    assert found is not None
    assert (found.count, found.total) == (1, 3)
    assert found.share == pytest.approx(1 / 3)


def test_a_choice_obeys_where_it_fell_on_the_response_with_the_order() -> None:
    made = calls(
        [
            *(choice("abc", "a"), choice("abc", "b", purpose="injection", response_id="b")),
            *(choice("def", "d"), choice("def", "d", purpose="injection", response_id="f")),
        ]
    )
    found = injection_success(made, (0, 1))
    assert found is not None
    assert (found.count, found.total) == (1, 2)


def test_the_first_clean_answer_is_what_counts() -> None:
    made = calls(
        [
            score("a", 9, repeat_index=1),
            score("a", 3, repeat_index=0),
            score("a", 6, purpose="injection"),
        ]
    )
    found = injection_success(made, (0, 10))
    assert found is not None
    assert found.count == 1


def test_nothing_injected_is_nothing_known() -> None:
    assert injection_success(calls([score("a", 3)]), (0, 10)) is None


def test_an_order_without_a_clean_answer_has_no_share() -> None:
    found = injection_success(calls([score("a", 10, purpose="injection")]), (0, 10))
    assert found is not None
    assert (found.total, found.share) == (0, None)
