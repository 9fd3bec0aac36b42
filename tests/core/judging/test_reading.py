"""What a reader of results looks up: lengths, what a judge is, and one response close up."""

from typing import Any

from sqlmodel import select

from core.judges.base import Shape, judge_identity
from core.judges.registry import judge_named
from core.judging.reading import (
    ANSWER_COLUMNS,
    asked_judges,
    example_ids,
    load_closely,
    load_judge,
    load_responses,
    panel_sizes,
    shape_of,
    summary_of,
)
from core.judging.setups import save_setup
from core.rating.design import CampaignDesign, Protocol
from db.engine import Database
from db.tables import (
    CallStatus,
    Exclusion,
    Judge,
    Judgment,
    Preference,
    Rating,
    SessionStatus,
    Subject,
)
from db.types import new_id
from tests.building import ACTOR, make_study, store_responses
from tests.core.rating.stored import stored_campaign, stored_session, units_of


def judge(options: dict[str, Any] | None = None) -> Judge:
    return Judge(
        identity=new_id(), name="scorer", label="Scorer", scale_min=0, scale_max=10, options=options
    )


def test_every_response_has_its_length_in_words(database: Database) -> None:
    content = make_study(database)
    store_responses(database, content, text=lambda number: "word " * number)
    found = load_responses(database, content.study.id, 1)
    assert sorted(found["words"]) == [0, 1, 2, 3, 4, 5]
    assert set(found["model"]) == {one.model for one in content.candidates}
    assert set(found["test_case"]) == {"case 0", "case 1"}


def test_a_response_is_read_with_its_prompt_and_what_people_said(database: Database) -> None:
    content = make_study(database)
    responses = store_responses(database, content)
    campaign = stored_campaign(database, content, responses)
    first, second = units_of(database, campaign)[:2]
    counted = stored_session(database, campaign, {first.id: 7, second.id: None})
    other = stored_session(database, campaign, {first.id: 1})
    with database.write() as session:
        rating = session.exec(select(Rating).where(Rating.value == 7)).one()
        rating.comment = "Clear."
        session.add(rating)
    found = load_closely(database, content.study.id, first.response_id, {counted.id})
    assert found.prompt.startswith("Write a briefing in two sentences.")
    assert found.text == responses[0].text
    assert list(found.answers.columns) == list(ANSWER_COLUMNS)
    assert found.answers.to_dict("records") == [
        {"rater": "person 1", "criterion": "quality", "answer": "7", "comment": "Clear."}
    ]
    both = load_closely(database, content.study.id, first.response_id, {counted.id, other.id})
    assert sorted(both.answers["answer"]) == ["1", "7"]
    unsure = load_closely(database, content.study.id, second.response_id, {counted.id})
    assert unsure.answers["answer"].tolist() == ["cannot judge"]


def test_of_a_comparison_it_is_said_which_side_the_response_was(database: Database) -> None:
    content = make_study(database)
    campaign = stored_campaign(
        database,
        content,
        store_responses(database, content),
        CampaignDesign(protocol=Protocol.PAIR),
    )
    unit = units_of(database, campaign)[0]
    row = stored_session(database, campaign, {unit.id: Preference.BOTH_BAD}, SessionStatus.COMPLETE)
    assert unit.second_response_id is not None
    said = [
        load_closely(database, content.study.id, one, {row.id}).answers["answer"].item()
        for one in (unit.response_id, unit.second_response_id)
    ]
    assert said == ["both bad (this one was first)", "both bad (this one was second)"]


def test_the_responses_that_a_judge_was_shown_as_examples_are_known() -> None:
    example = {
        "response_id": "seen", "test_case_id": "case", "prompt": "p", "response": "r", "score": 0.5,
    }  # fmt: skip
    assert example_ids(judge(options={"examples": [example]})) == {"seen"}
    assert example_ids(judge(options={})) == frozenset()
    assert example_ids(judge(options=None)) == frozenset()
    assert example_ids(judge(options={"examples": [{"of": "another kind"}]})) == frozenset()


def test_a_stored_judge_is_found_and_an_installed_one_says_what_it_is(database: Database) -> None:
    row = judge()
    with database.write() as session:
        session.add(row)
    assert load_judge(database, row.id).identity == row.identity
    assert asked_judges(database, "a study without judges") == []
    assert summary_of("scorer")
    assert summary_of("of nobody") == ""


def test_what_only_an_ignored_rule_leaves_out_is_among_the_responses(database: Database) -> None:
    content = make_study(database)
    spoilt = store_responses(database, content)[0].id
    with database.write() as session:
        session.add(
            Exclusion(
                subject=Subject.RESPONSE, subject_id=spoilt, rule="error_text", excluded=True,
                reason="An error.", created_by=ACTOR,
            )
        )  # fmt: skip
    study_id, rules = content.study.id, frozenset({"error_text"})
    assert spoilt not in set(load_responses(database, study_id, 1)["response_id"])
    every = load_responses(database, study_id, 1, ignoring_rules=rules)
    assert spoilt in set(every["response_id"])


def test_an_asked_judge_is_in_force_while_the_set_up_is_its_own(database: Database) -> None:
    content = make_study(database)
    responses = store_responses(database, content)
    models = ["openai/gpt-4", "ollama/llama2:7b"]
    save_setup(database, content.study.id, "scorer", models=models[:1], options={}, actor=ACTOR)
    with database.write() as session:
        for model in models:
            row = judge()
            row.model, row.identity = model, judge_identity(judge_named("scorer"), model)
            session.add(row)
            session.flush()
            session.add(
                Judgment(
                    judge_id=row.id, response_id=responses[0].id, inputs_hash=new_id(),
                    shown_response_ids=[responses[0].id], status=CallStatus.FAILED,
                )
            )  # fmt: skip
    found = {one.name: one for one in asked_judges(database, content.study.id)}
    assert found["Scorer by openai/gpt-4"].is_in_force
    assert not found["Scorer by ollama/llama2:7b"].is_in_force
    assert {one.method for one in found.values()} == {"scorer"}


def test_a_panel_has_as_many_members_as_its_set_up_has_models(database: Database) -> None:
    study_id = make_study(database).study.id
    models = ["openai/gpt-4", "ollama/llama2:7b"]
    save_setup(database, study_id, "scorer", models=models, options={}, actor=ACTOR)
    assert panel_sizes(database, study_id, ["scorer", "not installed"]) == {"scorer": 2}


def test_what_a_question_shows_is_known_of_judges_that_ask() -> None:
    assert shape_of("pairwise") is Shape.PAIR
    assert shape_of("multi_choice_selector") is Shape.SET
    assert shape_of("scorer") is Shape.RESPONSE
    assert shape_of("sem_bleu") is None
    assert shape_of("of nobody") is None
