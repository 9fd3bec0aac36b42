"""What a judge is shown of each response."""

from dataclasses import replace

from core.judges.base import JudgedResponse
from core.judges.registry import judge_named
from core.judging.inputs import inputs_hash, inputs_of
from core.studies.rubric import DEFAULT_QUESTION, Criterion, Rubric, single_question
from core.studies.service import create_study, newest_content
from db.engine import Database
from db.repositories.responses import Responses
from tests.building import ACTOR, SMALL, definition, make_study, store_responses


def test_the_references_of_a_response_never_hold_the_response_itself(database: Database) -> None:
    content = make_study(database, candidates=[SMALL], cases=2, samples=3)
    store_responses(database, content)
    judge = judge_named("sem_bleu")
    with database.read() as session:
        responses = Responses(session).usable(newest_content(session, content.study.id))
    seen = inputs_of(judge, content, responses)
    assert len(seen) == len(responses) == 12
    for one in responses:
        of_reference = one.candidate.id in content.reference_ids
        others = {
            other.response.text
            for other in responses
            if other.candidate.id in content.reference_ids
            and other.test_case.id == one.test_case.id
            and other.response.id != one.response.id
        }
        judged = seen[one.response.id]
        assert set(judged.references) == others
        assert len(judged.references) == (2 if of_reference else 3)
        assert one.response.text not in judged.references


def test_a_judge_by_model_sees_the_filled_prompt_and_no_reference(database: Database) -> None:
    content = make_study(database, candidates=[SMALL], cases=1)
    store_responses(database, content)
    with database.read() as session:
        responses = Responses(session).usable(newest_content(session, content.study.id))
    for judged in inputs_of(judge_named("gpt_scorer"), content, responses).values():
        assert judged.references == ()
        assert "- Budget number 0" in judged.prompt
        assert "{{" not in judged.prompt
        assert judged.rubric_question == DEFAULT_QUESTION
        assert SMALL not in repr(judged)


def test_the_hash_tells_references_apart_but_not_their_order(database: Database) -> None:
    content = make_study(database, candidates=[SMALL], cases=1, samples=3)
    store_responses(database, content)
    with database.read() as session:
        responses = Responses(session).usable(newest_content(session, content.study.id))
    judge = judge_named("sem_bleu")
    there = inputs_of(judge, content, responses)
    back = inputs_of(judge, content, responses[::-1])
    fewer = inputs_of(
        judge,
        content,
        [
            one
            for one in responses
            if one.response.sample_index < 2 or one.candidate.id not in content.reference_ids
        ],
    )
    for response_id, judged in there.items():
        assert inputs_hash(judged) == inputs_hash(back[response_id])
        if response_id in fewer:
            assert inputs_hash(judged) != inputs_hash(fewer[response_id])


def test_the_hash_of_a_single_question_is_over_the_question_as_a_text() -> None:
    judged = JudgedResponse("one", "Say hello.", "Hello.", single_question("Is it kind?").question)
    # printf '["Say hello.", "Is it kind?", []]' | sha256sum: as it was before there were rubrics.
    assert inputs_hash(judged) == (
        "46ae4f6411625b3ca223a640b4147cc4d7982c22612a972993ee7148a2109df1"
    )


def test_several_criteria_are_put_to_a_judge_as_a_numbered_list(database: Database) -> None:
    criteria = (Criterion(), Criterion(key="warmth", question="How warm is it?"))
    content = create_study(database, replace(definition(), rubric=Rubric(criteria=criteria)), ACTOR)
    store_responses(database, content)
    with database.read() as session:
        responses = Responses(session).usable(content)
    seen = inputs_of(judge_named("gpt_scorer"), content, responses)
    assert {judged.rubric_question for judged in seen.values()} == {
        f"1. {DEFAULT_QUESTION}\n2. How warm is it?"
    }
