import pandas as pd
import pytest

from core.analysis.calibration.panels import with_panels
from tests.core.analysis import made


def member(
    model: str, scores: dict[str, float], scale: tuple[float, float] = (0, 10), **also: object
) -> pd.DataFrame:
    rows = made.judgments([(case, 0, score) for case, score in scores.items()], scale=scale)
    kept = {"criterion": "", "method": "scorer", "in_force": True, **also}
    return rows.assign(judge=f"Scorer by {model}", judge_id=model, judge_model=model, **kept)  # type: ignore[arg-type]  # values of several types


def panel_of(*members: pd.DataFrame) -> pd.DataFrame:
    found = with_panels(pd.concat(members))
    return found[found["judge"].str.startswith("Panel")].set_index("test_case")


def test_a_panel_is_the_mean_of_its_members_from_0_to_1() -> None:
    found = panel_of(
        member("openai/gpt-4", {"one": 4, "two": 10}),
        member("ollama/llama2:7b", {"one": 1.0, "two": 0.5}, (0, 1)),
    )
    assert set(found["judge"]) == {"Panel of 2: Scorer"}
    assert found["score"].to_dict() == {"one": pytest.approx(0.7), "two": pytest.approx(0.75)}
    assert found["judgments"].tolist() == [2, 2]
    assert found["spread"]["one"] == pytest.approx(0.6 / 2**0.5)
    assert set(zip(found["scale_min"], found["scale_max"], strict=True)) == {(0, 1)}


def test_what_a_member_did_not_score_the_panel_did_not_either() -> None:
    found = panel_of(member("a/a", {"one": 4, "two": 10}), member("b/b", {"one": 6}))
    assert found.index.tolist() == ["one"]


def test_a_panel_says_which_part_of_its_set_up_it_is() -> None:
    members = pd.concat([member("a/a", {"one": 4}), member("b/b", {"one": 6})])
    for wanted, name in ((3, "Panel of 2 of 3: Scorer"), (2, "Panel of 2: Scorer")):
        assert name in set(with_panels(members, {"scorer": wanted})["judge"])


def test_one_model_is_no_panel_and_neither_are_two_methods() -> None:
    one = member("a/a", {"one": 4})
    assert len(with_panels(one)) == 1
    assert panel_of(one, member("b/b", {"one": 4}, method="comparer")).empty


def test_an_older_set_up_is_not_of_the_panel() -> None:
    assert panel_of(member("a/a", {"one": 4}), member("b/b", {"one": 6}, in_force=False)).empty


def test_judges_by_criterion_make_a_panel_each() -> None:
    found = panel_of(
        *(
            member(model, {"one": 5}, criterion=criterion)
            for model in ("a/a", "b/b")
            for criterion in ("quality", "warmth")
        )
    )
    assert set(found["judge"]) == {
        "Panel of 2: Scorer \u00b7 quality", "Panel of 2: Scorer \u00b7 warmth"
    }  # fmt: skip


def test_judgments_without_the_further_columns_come_back_as_they_are() -> None:
    rows = made.judgments([("one", 0, 5)])
    assert with_panels(rows)[list(rows.columns)].to_dict() == rows.to_dict()
