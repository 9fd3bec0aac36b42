"""A judge's card and the agreement table on a study in which the truth is known."""

from collections.abc import Iterator

import pytest
from streamlit.testing.v1 import AppTest

from db.engine import Database
from db.tables import CallStatus, CampaignStatus, Judge, JudgeSetup, JudgmentPurpose
from db.types import new_id
from tests.building import ACTOR
from tests.ui.judged_study import (
    GPT_4,
    LLAMA,
    MODELS,
    JudgedStudy,
    judge_id_of,
    judged_study,
    rated_study,
)
from tests.ui.studio_pages import VIEWS, studio


@pytest.fixture(autouse=True)
def _signed_in(database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with studio(database, monkeypatch):
        yield


def opened(view: str, made: JudgedStudy, **parameters: str) -> AppTest:
    page = AppTest.from_file(str(VIEWS / "results" / view), default_timeout=60)
    page.session_state["study_choice"] = made.content.study.name
    for name, value in parameters.items():
        page.query_params[name] = value
    page.run()
    assert not page.exception
    return page


def said(page: AppTest) -> str:
    boxes = (*page.success, *page.error, *page.info, *page.warning)
    parts = (*page.caption, *page.subheader, *page.markdown, *boxes)
    return plainly("\n".join(element.value for element in parts))


def plainly(text: str) -> str:
    return text.replace("\\", "")


def card(made: JudgedStudy, name: str, model: str | None = None) -> AppTest:
    return opened("judge_card.py", made, judge=judge_id_of(made, name, model))


def test_the_agreement_page_names_who_finds_the_bad_models_and_who_does_not(
    database: Database,
) -> None:
    page = opened("agreement.py", judged_study(database))
    (finds,) = (plainly(one.value) for one in page.success)
    (does_not,) = (plainly(one.value) for one in page.error)
    for judge in (f"Scorer by {GPT_4}", f"Scorer by {LLAMA}", "SEM-BLEU", "Panel of 2: Scorer"):
        assert judge in finds
    for judge in ("TF-IDF", f"Comparer by {GPT_4}", f"Multi-choice selector by {GPT_4}"):
        assert judge in does_not


def test_all_nine_methods_have_a_row_and_those_not_run_say_what_to_do(database: Database) -> None:
    page = opened("agreement.py", judged_study(database))
    table = next(one.value for one in page.dataframe if "method" in one.value.columns)
    assert list(dict.fromkeys(table["method"])) == [
        "People", "Scorer", "Comparer", "Comparer-NR", "Multi-choice selector", "TF-IDF", "SBERT",
        "USE-QA", "OpenAI embeddings", "SEM-BLEU",
    ]  # fmt: skip
    missing = table[table["standing"] == "not run yet"]
    assert missing["method"].tolist() == ["Comparer-NR", "SBERT", "USE-QA", "OpenAI embeddings"]
    assert set(missing["why"]) == {"Run it on the page “Judges”."}
    assert missing["jaccard"].isna().all()
    assert table[table["method"] == "Scorer"]["card"].str.startswith("judge_card?study=").all()


def test_the_switch_shows_what_the_checks_change(database: Database) -> None:
    page = opened("agreement.py", judged_study(database))
    assert "Responses that fail a check: 1." in said(page)
    page.toggle(key="agreement_gates").set_value(False).run()
    assert not page.exception
    table = next(one.value for one in page.dataframe if "method" in one.value.columns)
    assert table["gated"].fillna(0).sum() == 0


def test_a_good_judges_card_says_that_it_finds_the_bad_models(database: Database) -> None:
    page = card(judged_study(database), "scorer", GPT_4)
    (standing,) = page.success
    assert plainly(standing.value).startswith(
        "Finds the bad models: it ranks over models as people"
    )
    words = said(page)
    assert "favours" not in words
    assert "it gives the one that is twice as long" in words
    assert "gives one by a model of the family of openai/gpt-4" in words
    assert "Asked again in the same words, it answered the same 10 times out of 20" in words
    assert "were obeyed 3 times out of 10" in words
    metrics = {one.label: one.value for one in page.metric}
    assert metrics["Questions failed"] == "3"
    assert metrics["Put last by a check"] == "1"
    assert metrics["Median time"] == "1.20 s"


def test_what_a_judge_left_unscored_is_counted_by_model_with_its_cause(database: Database) -> None:
    page = card(judged_study(database), "scorer", GPT_4)
    by_model = next(one.value for one in page.dataframe if "not_judged" in one.value.columns)
    assert by_model["failed"].sum() == 3
    causes = next(one.value for one in page.dataframe if "error_kind" in one.value.columns)
    assert causes["example"].tolist() == ["The reply holds no score."]


def test_a_judge_that_goes_by_place_is_found_out(database: Database) -> None:
    page = card(judged_study(database), "multi_choice_selector", GPT_4)
    (standing,) = page.error
    assert plainly(standing.value).startswith("Does not find the bad models: ")
    assert "No question was asked in both orders" in said(page)


def test_both_orders_are_told_of_pairs(database: Database) -> None:
    words = said(card(judged_study(database), "pairwise", GPT_4))
    assert "Asked in both orders, it chose the same" in words
    assert "the one shown last in 0" in words


def test_a_judge_that_chooses_has_pairs_and_no_points(database: Database) -> None:
    page = card(judged_study(database), "pairwise", GPT_4)
    words = said(page)
    assert "points away from people" not in words
    assert "falling line" not in words
    assert "pairs that both decided, they decided" in words


def test_a_judge_that_ties_everything_in_both_orders_has_a_card(database: Database) -> None:
    made = rated_study(database)
    judge = made.judge("pairwise", {}, GPT_4, scale=1)
    reference = made.responses[-1].id
    made.store(
        *(
            made.judgment(
                judge, one, 0.5, shown_response_ids=shown, chosen_response_id=None,
                inputs_hash=new_id(), purpose=purpose,
            )
            for one in list(made.quality)[:12]
            for shown in ([one, reference], [reference, one])
            for purpose in JudgmentPurpose
        )
    )  # fmt: skip
    words = said(opened("judge_card.py", made, judge=judge.id))
    assert "Asked in both orders, it chose the same 12 times out of 12" in words
    assert "were obeyed 0 times out of 24" in words
    assert "nan" not in words


def test_a_set_judge_that_ties_everything_has_a_card(database: Database) -> None:
    made = rated_study(database)
    judge = made.judge("multi_choice_selector", {}, GPT_4, scale=1)
    shown = list(made.quality)[:4]
    also = {"shown_response_ids": shown, "chosen_response_id": None, "inputs_hash": "same"}
    made.store(
        made.judgment(judge, shown[0], None, **also),
        made.judgment(judge, shown[0], None, repeat_index=1, **also),
        made.judgment(
            judge,
            shown[0],
            None,
            **also | {"purpose": JudgmentPurpose.INJECTION, "inputs_hash": "other"},
        ),
    )
    words = said(opened("judge_card.py", made, judge=judge.id))
    assert "it answered the same 1 times out of 1" in words
    assert "were obeyed 0 times out of 1" in words
    assert "nan" not in words


def test_a_judge_that_measures_is_not_swayed_by_order(database: Database) -> None:
    words = said(card(judged_study(database), "sem_bleu"))
    assert "the same response always gets the same score" in words
    assert "no kin among candidates" in words


def test_a_panel_has_a_card_too(database: Database) -> None:
    page = opened("judge_card.py", judged_study(database), judge="Panel of 2: Scorer")
    assert "Panel of 2: Scorer" in said(page)
    assert "on its members' cards" in said(page)
    assert "favours its members' kin is on the members' cards" in said(page)


def test_an_address_of_no_judge_opens_the_first_card(database: Database) -> None:
    page = opened("judge_card.py", judged_study(database), judge="nobody")
    assert page.query_params["judge"] != ["nobody"]
    assert "Beside people" in said(page)


def test_a_judge_by_criterion_is_held_against_peoples_answers_to_it(database: Database) -> None:
    made = rated_study(database)
    judge = made.judge("scorer", {}, GPT_4)
    rows = [
        made.judgment(judge, one, score, criterion=criterion, inputs_hash=new_id())
        for one, score in made.seen().items()
        for criterion in ("quality", "warmth")
    ]
    made.store(*rows)
    on_quality = opened("judge_card.py", made, judge=f"{judge.id}.quality")
    assert on_quality.success
    on_warmth = opened("judge_card.py", made, judge=f"{judge.id}.warmth")
    assert "people have not answered yet what this judge was asked" in said(on_warmth)


def test_a_judge_of_which_everything_failed_has_a_card_with_the_cause(database: Database) -> None:
    made = rated_study(database)
    judge = made.judge("scorer", {}, GPT_4)
    lost = {"status": CallStatus.FAILED, "error_kind": "refused", "error_message": "It refused."}
    made.store(*(made.judgment(judge, one, None, **lost) for one in made.quality))
    page = opened("judge_card.py", made, judge=judge.id)
    assert "Not enough data" in said(page)
    causes = next(one.value for one in page.dataframe if "error_kind" in one.value.columns)
    assert causes["example"].tolist() == ["It refused."]
    made.judge("sem_bleu", made.seen(1.5, 1), scale=1)
    with database.write() as session:
        session.add(
            JudgeSetup(
                study_id=made.content.study.id, judge_name="scorer", number=1,
                models=[GPT_4], options={}, created_by=ACTOR,
            )
        )  # fmt: skip
    table = next(
        one.value for one in opened("agreement.py", made).dataframe if "method" in one.value.columns
    )
    row = table[table["method"] == "Scorer"].iloc[0]
    assert row["standing"] == "scored nothing"
    assert row["card"].endswith(judge.id)


def test_few_scores_are_said_to_be_few_and_ranks_are_of_the_same_models(
    database: Database,
) -> None:
    made = rated_study(database)
    models = {one.id: one.model for one in made.content.candidates}
    left_out = [one.id for one in made.responses if models[one.candidate_id] == MODELS[0]]
    seen = made.seen(1.5, 1)
    made.judge("sem_bleu", {one: seen[one] for one in seen if one not in left_out}, scale=1)
    page = opened("agreement.py", made)
    (few,) = (plainly(one.value) for one in page.warning)
    assert f"SEM-BLEU ({len(seen) - len(left_out)} of {len(seen)})" in few
    ranks = next(one.value for one in page.dataframe if "people" in one.value.columns)
    assert ranks["people"].max() == len(MODELS)
    assert ranks.loc[MODELS[0]].isna().all()


def test_people_are_not_shown_while_they_rate(database: Database) -> None:
    page = card(judged_study(database, CampaignStatus.OPEN), "scorer", GPT_4)
    words = said(page)
    assert "People are still rating" in words
    assert "Beside people" not in words
    assert "Disagreements" not in words
    assert "Asked again in the same words" in words


def test_without_judgments_the_page_says_what_to_do(database: Database) -> None:
    page = opened("judge_card.py", rated_study(database))
    assert "run one on the page “Judges”" in said(page)


def test_what_a_judge_was_shown_as_an_example_does_not_test_it(database: Database) -> None:
    made = judged_study(database)
    seen = list(made.quality)[20:24]
    examples = [
        {"response_id": one, "test_case_id": "any", "prompt": "p", "response": "r", "score": 0.5}
        for one in seen
    ]
    with database.write() as session:
        judge = session.get_one(Judge, judge_id_of(made, "sem_bleu", None))
        judge.options = {"examples": examples}
        session.add(judge)
    page = card(made, "sem_bleu")
    assert f"{len(made.quality) - len(seen)} responses were scored by both" in said(page)
