import pandas as pd
import pytest

from core.analysis.calibration.frames import RESPONSES
from core.analysis.calibration.unscored import failures_by_cause, unscored_by_model
from core.errors import InvalidInputError
from tests.core.analysis import made
from tests.core.analysis.calibration.calling import calls, choice

RETRIED = {"unparsable", "timeout", "internal"}
RESPONSE_ROWS = RESPONSES.frame(
    {"response_id": one, "test_case": "case", "model": f"model {model}", "words": 3}
    for one, model in (("a", 1), ("b", 1), ("c", 2), ("d", 2), ("e", 2))
)


def judged(*response_ids: str, gate: str = "") -> pd.DataFrame:
    rows = made.judgments([("case", index, 5.0) for index, _ in enumerate(response_ids)])
    return rows.assign(response_id=list(response_ids), gate=gate)


def failed(response_id: str, kind: str = "unparsable") -> dict[str, object]:
    return {
        "response_id": response_id, "status": "failed", "error_kind": kind,
        "error_message": f"{kind}: no",
    }  # fmt: skip


def test_failures_are_counted_by_model_apart_from_what_nobody_judged() -> None:
    made_calls = calls([failed("c"), failed("a"), failed("d") | {"purpose": "injection"}])
    found = unscored_by_model(
        judged("a", "b"), made_calls, RESPONSE_ROWS, worth_a_retry=RETRIED
    ).set_index("model")
    one, two = found.loc["model 1"], found.loc["model 2"]
    assert (one["scored"], one["failed"], one["not_judged"]) == (2, 0, 0)
    assert (two["scored"], two["failed"], two["not_judged"]) == (0, 1, 2)
    assert two["failed_share"] == 1
    assert two["lower"] < 1


def test_a_failed_question_about_a_set_fails_for_all_of_it() -> None:
    lost = calls([choice("ace", "", status="failed")])
    alone = unscored_by_model(judged("e"), lost, RESPONSE_ROWS, worth_a_retry=RETRIED)
    together = unscored_by_model(
        judged("e"), lost, RESPONSE_ROWS, worth_a_retry=RETRIED, judges_all_shown=True
    )
    assert alone["failed"].tolist() == [1, 0]
    assert together["failed"].tolist() == [1, 1]


def test_what_a_judge_has_nothing_to_say_about_did_not_fail() -> None:
    made_calls = calls([failed("b", "no_reference"), failed("c", "no_reference"), failed("c")])
    found = unscored_by_model(judged("a"), made_calls, RESPONSE_ROWS, worth_a_retry=RETRIED)
    assert found["cannot"].tolist() == [1, 0]
    assert found["failed"].tolist() == [0, 1]
    assert found["not_judged"].tolist() == [0, 2]
    assert found["failed_share"].tolist() == [0, 1]


def test_a_failure_without_a_cause_failed() -> None:
    made_calls = calls([failed("c", "")])
    found = unscored_by_model(judged(), made_calls, RESPONSE_ROWS, worth_a_retry=RETRIED)
    assert found["failed"].tolist() == [0, 1]
    assert failures_by_cause(made_calls)["error_kind"].tolist() == ["internal"]


def test_what_a_check_put_at_the_bottom_is_counted() -> None:
    both = pd.concat([judged("a", gate="empty"), judged("c")])
    found = unscored_by_model(both, calls([]), RESPONSE_ROWS, worth_a_retry=RETRIED)
    assert found["gated"].tolist() == [1, 0]


def test_a_model_that_nobody_judged_has_no_share() -> None:
    found = unscored_by_model(judged("a"), calls([]), RESPONSE_ROWS, worth_a_retry=RETRIED)
    assert found["failed_share"].isna().tolist() == [False, True]


def test_causes_come_most_frequent_first_with_an_example() -> None:
    found = failures_by_cause(calls([failed("a"), failed("b"), failed("c", "timeout")]))
    assert found["error_kind"].tolist() == ["unparsable", "timeout"]
    assert found["judgments"].tolist() == [2, 1]
    assert found["example"].tolist() == ["unparsable: no", "timeout: no"]
    assert failures_by_cause(calls([])).empty


def test_a_frame_without_its_columns_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="lack the column"):
        unscored_by_model(judged("a"), pd.DataFrame(), RESPONSE_ROWS, worth_a_retry=RETRIED)
