"""Which questions a judge is put about a study's responses, and what each one shows."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.judges.base import (
    UNIT_SCALE,
    Asking,
    Choice,
    Example,
    JudgedResponse,
    JudgeKind,
    JudgeTask,
    Need,
    Options,
    Scale,
    Score,
    Shape,
    Tools,
    Unscored,
)
from core.judging.planning import INJECTED_RESPONSES, Material, Planned, plan, seen_again
from core.providers.base import ChatReply, ChatRequest
from core.studies.rubric import DEFAULT_QUESTION, Criterion, Rubric
from core.studies.service import create_study, newest_content
from db.engine import Database
from db.repositories.judgments import JudgmentKey
from db.repositories.responses import ResponseInContext, Responses
from db.repositories.studies import VersionContent
from db.tables import (
    Candidate,
    Judgment,
    JudgmentPurpose,
    PromptTemplate,
    Response,
    Study,
    StudyVersion,
    TestCase,
)
from tests.building import ACTOR, SMALL, definition, make_study, store_responses


@dataclass(frozen=True)
class Asks:
    """A judge that asks in whatever way it is told to."""

    asking: Asking
    options: Options = field(default_factory=Options)
    name = "asks"
    label = "Asks"
    kind = JudgeKind.LLM
    scale = Scale(0, 10)

    def configuration(self) -> dict[str, Any]:
        return {}

    def request(self, task: JudgeTask, model: str) -> ChatRequest:
        return ChatRequest(model, task.prompt)

    def parse(self, reply: ChatReply, task: JudgeTask) -> Score | Choice:
        return Score(float(reply.text))


@dataclass(frozen=True)
class Measures:
    """A judge that measures by whatever it is told that it needs."""

    needs: frozenset[Need] = frozenset()
    options: Options = field(default_factory=Options)
    name = "measures"
    label = "Measures"
    kind = JudgeKind.SIMILARITY
    scale = UNIT_SCALE
    asks_model = False
    is_gate = False

    def configuration(self) -> dict[str, Any]:
        return {}

    def score(self, responses: Sequence[JudgedResponse], tools: Tools) -> list[Score | Unscored]:
        return [Score(len(one.text) / 1000) for one in responses]


def material(
    *, models: int = 3, cases: int = 2, samples: int = 2, references: int = 1, **rubric: Any
) -> Material:
    """A version of ``models`` models with their responses, the first ``references`` named so."""
    study = Study(id="study", name="study", created_by=ACTOR)
    version = StudyVersion(
        study_id="study",
        number=1,
        prompt_template_id="template",
        samples_per_case=samples,
        rubric=Rubric(**rubric).model_dump(mode="json"),
        created_by=ACTOR,
    )
    template = PromptTemplate(id="template", study_id="study", text="Do {{it}}.", text_hash="x")
    stored_cases = tuple(
        TestCase(
            id=f"case {n}", study_id="study", name=f"{n}", values={"it": f"{n}"}, values_hash=""
        )
        for n in range(cases)
    )
    candidates = tuple(
        Candidate(id=f"model {n}", study_id="study", model=f"ollama/m{n}", parameters_hash="")
        for n in range(models)
    )
    content = VersionContent(
        study=study,
        version=version,
        template=template,
        test_cases=stored_cases,
        candidates=candidates,
        reference_ids=frozenset(one.id for one in candidates[:references]),
    )
    responses = [
        ResponseInContext(
            Response(
                id=f"{candidate.id}, {case.id}, {sample}",
                study_id="study",
                prompt_template_id="template",
                test_case_id=case.id,
                candidate_id=candidate.id,
                sample_index=sample,
                text=f"text of {candidate.id}, {case.id}, {sample}",
            ),
            candidate,
            case,
            template,
        )
        for candidate in candidates
        for case in stored_cases
        for sample in range(samples)
    ]
    return Material(content, responses)


def task_of(planned: Planned) -> JudgeTask:
    assert isinstance(planned.sees, JudgeTask)
    return planned.sees


def asked(shape: Shape, of: Material, **asking: Any) -> list[Planned]:
    return plan(Asks(Asking(shape, **asking)), of)


def test_a_single_response_is_asked_about_once_with_its_prompt_and_the_whole_rubric() -> None:
    of = material()
    planned = asked(Shape.RESPONSE, of)
    assert [one.key.response_id for one in planned] == list(of.by_id)
    for one in planned:
        response = of.by_id[one.key.response_id]
        task = task_of(one)
        assert task.responses == (response.response.text,)
        assert task.prompt == f"Do {response.test_case.values['it']}."
        assert (task.question, task.reference, one.criterion) == (DEFAULT_QUESTION, None, None)
        assert response.candidate.model not in repr(task)


def test_repeats_differ_by_their_number_alone() -> None:
    planned = asked(Shape.RESPONSE, material(), repeats=3)
    by_response = Counter(one.key.response_id for one in planned)
    assert set(by_response.values()) == {3}
    assert len({one.key for one in planned}) == len(planned)
    assert len({one.key.inputs_hash for one in planned}) == len(by_response)


def test_by_criterion_each_one_is_asked_by_itself() -> None:
    criteria = (Criterion(), Criterion(key="warmth", question="How warm is it?"))
    planned = asked(Shape.RESPONSE, material(criteria=criteria), by_criterion=True)
    questions = {one.criterion: task_of(one).question for one in planned}
    assert questions == {"quality": DEFAULT_QUESTION, "warmth": "How warm is it?"}


def test_beside_the_reference_one_of_its_other_responses_is_drawn_and_named() -> None:
    of = material(samples=4)
    for one in asked(Shape.BESIDE_REFERENCE, of):
        judged, reference = one.shown_response_ids
        assert judged == one.key.response_id != reference
        assert of.by_id[reference].candidate.id in of.content.reference_ids
        assert of.by_id[reference].test_case.id == of.by_id[judged].test_case.id
        assert task_of(one).reference == of.by_id[reference].response.text
        assert task_of(one).responses == (of.by_id[judged].response.text,)
    every = asked(Shape.BESIDE_REFERENCE, of, every_reference=True)
    wanted = Counter(
        {
            one.response.id: 3 if one.candidate.id in of.content.reference_ids else 4
            for one in of.responses
        }
    )
    assert Counter(one.key.response_id for one in every) == wanted


def test_which_reference_is_drawn_stays_as_long_as_it_is_there() -> None:
    fewer = material(samples=3)
    more = material(samples=4)
    before = {one.key.response_id: one.shown_response_ids[1] for one in asked(Shape.PAIR, fewer)}
    drawn = {one.key.response_id: one.shown_response_ids for one in asked(Shape.PAIR, more)}
    changed = [key for key, reference in before.items() if reference not in drawn[key]]
    # A fourth response is drawn for about a quarter; nothing else moves.
    assert len(changed) < len(before) / 2
    for key in changed:
        assert any(one.endswith(", 3") for one in drawn[key])


def test_a_pair_is_shown_in_both_orders_or_in_one_that_is_drawn() -> None:
    of = material(models=9, samples=6)
    both = asked(Shape.PAIR, of, both_orders=True)
    orders = Counter((one.key.response_id, one.shown_response_ids[0]) for one in both)
    assert set(orders.values()) == {1}
    assert len(both) == 2 * len(of.responses)
    one_order = asked(Shape.PAIR, of)
    firsts = sum(one.key.response_id == one.shown_response_ids[0] for one in one_order)
    assert len(one_order) == len(of.responses)
    assert 0.3 < firsts / len(one_order) < 0.7
    for one in one_order:
        assert task_of(one).reference is None
        texts = tuple(of.by_id[key].response.text for key in one.shown_response_ids)
        assert task_of(one).responses == texts


def test_another_seed_draws_otherwise() -> None:
    of = material(models=9, samples=6)
    one, other = (
        [planned.shown_response_ids for planned in asked(Shape.PAIR, of, seed=seed)]
        for seed in (0, 1)
    )
    assert one != other


def test_without_another_response_of_the_reference_there_is_a_sentence_and_no_question() -> None:
    of = material(samples=1)
    by_id = {one.key.response_id: one.sees for one in asked(Shape.PAIR, of)}
    for response in of.responses:
        is_reference = response.candidate.id in of.content.reference_ids
        assert isinstance(by_id[response.response.id], Unscored) == is_reference
    for one in asked(Shape.BESIDE_REFERENCE, material(references=0)):
        assert isinstance(one.sees, Unscored)
        assert one.sees.kind == "no_reference"


@given(
    models=st.integers(2, 12),
    samples=st.integers(1, 3),
    most=st.integers(2, 9),
    both_orders=st.booleans(),
    seed=st.integers(0, 5),
)
def test_in_sets_every_response_is_shown_once_an_order_among_others_of_its_prompt(
    models: int, samples: int, most: int, both_orders: bool, seed: int
) -> None:
    of = material(models=models, samples=samples, cases=2)
    planned = asked(Shape.SET, of, choices_per_question=most, both_orders=both_orders, seed=seed)
    shown = Counter(key for one in planned for key in one.shown_response_ids)
    assert shown == dict.fromkeys(of.by_id, 2 if both_orders else 1)
    for one in planned:
        is_odd_pair = most == 2 and models % 2
        assert 2 <= len(one.shown_response_ids) <= (3 if is_odd_pair else most)
        assert one.key.response_id == one.shown_response_ids[0]
        sets = {
            (of.by_id[key].test_case.id, of.by_id[key].response.sample_index)
            for key in one.shown_response_ids
        }
        assert len(sets) == 1
    sizes = {len(one.shown_response_ids) for one in planned}
    assert max(sizes) - min(sizes) <= 1
    assert len({one.key for one in planned}) == len(planned)


def test_a_set_of_one_model_has_nothing_to_choose_from() -> None:
    for one in asked(Shape.SET, material(models=1)):
        assert isinstance(one.sees, Unscored)
        assert one.sees.kind == "one_candidate"


def test_examples_of_the_judged_responses_own_test_case_are_left_out() -> None:
    examples = tuple(
        Example(response_id=f"r{n}", test_case_id=f"case {n}", prompt="", response="", score=0.5)
        for n in range(2)
    )
    of = material()
    for one in asked(Shape.RESPONSE, of, examples=examples):
        case_id = of.by_id[one.key.response_id].test_case.id
        assert [example.test_case_id for example in task_of(one).examples] == [
            other.test_case_id for other in examples if other.test_case_id != case_id
        ]


@pytest.mark.parametrize("shape", list(Shape))
def test_an_injected_order_is_in_the_judged_response_alone(shape: Shape) -> None:
    of = material(models=4, samples=3)
    judge = Asks(Asking(shape, both_orders=True, repeats=2))
    clean = {one.shown_response_ids: task_of(one) for one in plan(judge, of)}
    planned = plan(judge, of, JudgmentPurpose.INJECTION)
    assert len({one.key.response_id for one in planned}) == INJECTED_RESPONSES
    for one in planned:
        assert one.key.repeat_index == 0
        before, after = clean[one.shown_response_ids].responses, task_of(one).responses
        place = one.shown_response_ids.index(one.key.response_id)
        for number, (text, other) in enumerate(zip(before, after, strict=True)):
            assert (text != other) == (number == place)
        assert clean[one.shown_response_ids].reference == task_of(one).reference
        judged = of.by_id[one.key.response_id]
        assert judged.candidate.id not in of.content.reference_ids


@pytest.mark.parametrize("shape", list(Shape))
def test_what_a_stored_judgment_saw_can_be_told_from_its_row(shape: Shape) -> None:
    of = material(models=4, samples=3)
    judge = Asks(Asking(shape, both_orders=True, by_criterion=True, every_reference=True))
    purposes = list(JudgmentPurpose)
    planned = [one for purpose in purposes for one in plan(judge, of, purpose)]
    rows = [
        Judgment(
            id=str(number),
            judge_id="judge",
            **one.key._asdict(),
            purpose=one.purpose,
            criterion=one.criterion,
            shown_response_ids=list(one.shown_response_ids),
        )
        for number, one in enumerate(planned)
    ]
    assert seen_again(judge, of, rows) == {
        str(number): one.sees for number, one in enumerate(planned)
    }
    asks_otherwise = material(models=4, samples=3, criteria=(Criterion(question="Another?"),))
    assert seen_again(judge, asks_otherwise, rows) == {}


@dataclass
class Kept:
    """References and corpus of what a judge that measures saw."""

    planned: list[Planned] = field(default_factory=list)

    def of(self, response_id: str) -> JudgedResponse:
        (one,) = [one.sees for one in self.planned if one.key.response_id == response_id]
        assert isinstance(one, JudgedResponse)
        return one


def test_what_is_measured_sees_only_what_it_needs() -> None:
    of = material(samples=3)
    bare, with_all = (
        Kept(plan(Measures(needs), of)) for needs in (frozenset[Need](), frozenset(Need))
    )
    for one in of.responses:
        assert (bare.of(one.response.id).references, bare.of(one.response.id).corpus) == ((), ())
        seen = with_all.of(one.response.id)
        among = of.by_case[one.test_case.id]
        references = {
            other.response.text
            for other in among
            if other.candidate.id in of.content.reference_ids
            and other.response.id != one.response.id
        }
        assert set(seen.references) == references
        assert Counter(seen.corpus) == Counter(other.response.text for other in among)
        assert seen.facts == one.test_case.values
        assert seen.prompt == of.prompt_of(one)


def test_the_hash_tells_references_apart_but_not_their_order() -> None:
    judge = Measures(frozenset({Need.REFERENCES}))
    of = material(samples=3)
    there = {one.key for one in plan(judge, of)}
    back = {one.key for one in plan(judge, replace_responses(of, list(of.responses)[::-1]))}
    assert there == back
    fewer = plan(
        judge,
        replace_responses(
            of,
            [
                one
                for one in of.responses
                if one.response.sample_index < 2 or one.candidate.id not in of.content.reference_ids
            ],
        ),
    )
    assert there.isdisjoint({one.key for one in fewer})


def replace_responses(of: Material, responses: list[ResponseInContext]) -> Material:
    return Material(of.content, responses)


def test_the_plan_of_a_stored_study_is_the_same_each_time(database: Database) -> None:
    criteria = (Criterion(), Criterion(key="warmth", question="How warm is it?"))
    wanted = replace(definition(candidates=[SMALL]), rubric=Rubric(criteria=criteria))
    content = create_study(database, wanted, ACTOR)
    store_responses(database, content)
    keys: list[list[JudgmentKey]] = []
    for _ in range(2):
        with database.read() as session:
            fresh = newest_content(session, content.study.id)
            of = Material(fresh, Responses(session).usable(fresh))
            keys.append([one.key for one in asked(Shape.SET, of)])
            first = task_of(asked(Shape.RESPONSE, of)[0])
    assert keys[0] == keys[1]
    assert first.question == f"1. {DEFAULT_QUESTION}\n2. How warm is it?"
    assert "- Budget number" in first.prompt


def test_an_empty_study_owes_nothing(database: Database) -> None:
    content = make_study(database)
    assert asked(Shape.SET, Material(content, [])) == []
