"""Which questions a judge is put, and what it sees of each response it measures.

A plan depends on nothing but the study version's content, its responses and the judge, so that it
can be made again at any time and compared with what is stored. What is drawn (which reference, who
stands first, who stands beside whom) is drawn from a hash of the seed and the responses' ids, so
that further responses change as little of it as can be.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256

from core.judges.base import (
    AnyJudge,
    Asking,
    JudgedResponse,
    JudgeTask,
    MeasuringJudge,
    Need,
    Shape,
    Unscored,
)
from core.judges.gates import failed_gate
from core.judges.llm.injection import injected
from core.studies.definition import document_hash
from core.studies.rubric import Rubric, rubric_of
from core.studies.template import render
from db.repositories.judgments import JudgmentKey
from db.repositories.responses import ResponseInContext
from db.repositories.studies import VersionContent
from db.tables import Judgment, JudgmentPurpose

INJECTED_RESPONSES = 10
"""How many responses a judge is shown with an order to itself put into them."""
NO_REFERENCE = Unscored(
    "no_reference",
    "There is no other response of the reference to compare with; generate more samples.",
)
ONE_CANDIDATE = Unscored(
    "one_candidate",
    "There is only one model's response to this prompt, so there is nothing to choose from; "
    "generate the other candidates' first.",
)


@dataclass(frozen=True, slots=True)
class Planned:
    """One judgment that a judge owes: which row it is, and what the judge sees for it.

    ``shown_response_ids`` are empty for a judge that measures. ``sees`` is `Unscored` where there
    is nothing that could be asked.
    """

    key: JudgmentKey
    purpose: JudgmentPurpose
    criterion: str | None
    shown_response_ids: tuple[str, ...]
    sees: JudgeTask | JudgedResponse | Unscored


@dataclass(frozen=True)
class Material:
    """What judges see of a study version: its usable responses, in context."""

    content: VersionContent
    responses: Sequence[ResponseInContext]
    _prompts: dict[tuple[str, str], str] = field(default_factory=dict)

    @cached_property
    def rubric(self) -> Rubric:
        """What is asked about a response."""
        return rubric_of(self.content.version.rubric)

    @cached_property
    def by_id(self) -> Mapping[str, ResponseInContext]:
        """``response id -> response``."""
        return {one.response.id: one for one in self.responses}

    @cached_property
    def by_case(self) -> Mapping[str, list[ResponseInContext]]:
        """``test case id -> its responses``."""
        found: dict[str, list[ResponseInContext]] = defaultdict(list)
        for one in self.responses:
            found[one.test_case.id].append(one)
        return found

    @cached_property
    def references(self) -> Mapping[str, list[ResponseInContext]]:
        """``test case id -> the reference's responses``, without those that fail a gate check.

        A response that quotes the reference's error message must not be near it.
        """
        return {
            case_id: [
                one
                for one in among
                if one.candidate.id in self.content.reference_ids and self.gate_of(one) is None
            ]
            for case_id, among in self.by_case.items()
        }

    def gate_of(self, one: ResponseInContext) -> str | None:
        """The gate check that a response fails, if it fails one."""
        return failed_gate(one.response.text or "", self.prompt_of(one))

    def prompt_of(self, one: ResponseInContext) -> str:
        """What the models were asked."""
        key = (one.template.id, one.test_case.id)
        if key not in self._prompts:
            self._prompts[key] = render(one.template.text, one.test_case.values)
        return self._prompts[key]

    def question_of(self, criterion: str | None) -> str:
        """What the rubric asks: all of it, or one criterion."""
        for one in self.rubric.criteria:
            if one.key == criterion:
                return one.question
        return self.rubric.question


def plan(
    judge: AnyJudge, material: Material, purpose: JudgmentPurpose = JudgmentPurpose.SCORE
) -> list[Planned]:
    """Everything that the judge owes the material, for that purpose.

    Injected orders are only for judges that read, and for a few responses of the candidates.
    """
    if isinstance(judge, MeasuringJudge):
        return list(_measured(judge, material)) if purpose is JudgmentPurpose.SCORE else []
    questions = _Questions(judge.asking, material)
    if purpose is JudgmentPurpose.INJECTION:
        return [one for chosen in _few(material) for one in questions.about(chosen, purpose)]
    if judge.asking.shape is Shape.SET:
        return [one for together in _sets(material) for one in questions.among(together)]
    return [one for each in material.responses for one in questions.about(each, purpose)]


def seen_again(
    judge: AnyJudge, material: Material, rows: Sequence[Judgment]
) -> dict[str, JudgeTask | JudgedResponse | Unscored]:
    """``judgment id -> what the judge sees for it``; without those that would see another thing."""
    if isinstance(judge, MeasuringJudge):
        wanted = {row.response_id for row in rows}
        planned = {one.key: one.sees for one in _measured(judge, material, wanted)}
        keys = {row.id: JudgmentKey(row.response_id, row.inputs_hash, 0) for row in rows}
        return {row_id: planned[key] for row_id, key in keys.items() if key in planned}
    questions = _Questions(judge.asking, material)
    found: dict[str, JudgeTask | JudgedResponse | Unscored] = {}
    for row in rows:
        shown = row.shown_response_ids
        if shown and all(one in material.by_id for one in (row.response_id, *shown)):
            again = questions.again(row)
            if again.key.inputs_hash == row.inputs_hash:
                found[row.id] = again.sees
    return found


@dataclass(frozen=True)
class _Questions:
    """The questions of one way of asking."""

    asking: Asking
    material: Material

    def about(self, one: ResponseInContext, purpose: JudgmentPurpose) -> Iterator[Planned]:
        """The questions about one response."""
        if self.asking.shape is Shape.SET:
            together = self._set_of(one)
            yield from self._asked(together, one, purpose) if together else ()
            return
        if self.asking.shape is Shape.RESPONSE:
            yield from self._asked([one], one, purpose)
            return
        references = self._references_of(one)
        if not references:
            yield self._unasked(one, NO_REFERENCE)
        for reference in references:
            yield from self._asked(self._beside(one, reference), one, purpose)

    def among(self, together: Sequence[ResponseInContext]) -> Iterator[Planned]:
        """The questions among several models' responses to one prompt."""
        if len(together) < 2:
            yield self._unasked(together[0], ONE_CANDIDATE)
            return
        for group in self._groups(together):
            yield from self._asked(group, group[0], JudgmentPurpose.SCORE)

    def again(self, row: Judgment) -> Planned:
        """The question that a stored judgment answers."""
        shown = [self.material.by_id[one] for one in row.shown_response_ids]
        judged = self.material.by_id[row.response_id]
        return self._question(shown, judged, row.criterion, row.purpose, row.repeat_index)

    def _asked(
        self,
        shown: Sequence[ResponseInContext],
        judged: ResponseInContext,
        purpose: JudgmentPurpose,
    ) -> Iterator[Planned]:
        """A question in every order, for every criterion, as often as it is to be repeated."""
        is_choice = self.asking.shape in (Shape.PAIR, Shape.SET)
        orders = [shown]
        if self.asking.both_orders and is_choice:
            orders.append(list(reversed(shown)))
        keys = self.material.rubric.keys if self.asking.by_criterion else (None,)
        repeats = self.asking.repeats if purpose is JudgmentPurpose.SCORE else 1
        for criterion in keys:
            for order in orders:
                # Of a set, the row is the first response's, unless one of them is injected.
                is_set = self.asking.shape is Shape.SET and purpose is JudgmentPurpose.SCORE
                about = order[0] if is_set else judged
                for repeat_index in range(repeats):
                    yield self._question(order, about, criterion, purpose, repeat_index)

    def _question(
        self,
        shown: Sequence[ResponseInContext],
        judged: ResponseInContext,
        criterion: str | None,
        purpose: JudgmentPurpose,
        repeat_index: int,
    ) -> Planned:
        texts = [one.response.text or "" for one in shown]
        if purpose is JudgmentPurpose.INJECTION:
            place = [one.response.id for one in shown].index(judged.response.id)
            texts[place] = injected(texts[place], _drawn(judged.response.id))
        is_named = self.asking.shape is Shape.BESIDE_REFERENCE
        task = JudgeTask(
            prompt=self.material.prompt_of(judged),
            question=self.material.question_of(criterion),
            responses=tuple(texts[:1] if is_named else texts),
            reference=texts[1] if is_named else None,
            examples=tuple(
                one for one in self.asking.examples if one.test_case_id != judged.test_case.id
            ),
        )
        seen = [task.prompt, task.question, criterion, task.responses, task.reference, purpose]
        return Planned(
            key=JudgmentKey(judged.response.id, document_hash(seen), repeat_index),
            purpose=purpose,
            criterion=criterion,
            shown_response_ids=tuple(one.response.id for one in shown),
            sees=task,
        )

    def _unasked(self, one: ResponseInContext, why: Unscored) -> Planned:
        key = JudgmentKey(one.response.id, document_hash(why.kind), 0)
        return Planned(key, JudgmentPurpose.SCORE, None, (one.response.id,), why)

    def _references_of(self, one: ResponseInContext) -> list[ResponseInContext]:
        """The reference's other responses to the test case, or the one of them that is drawn."""
        others = [
            other
            for other in self.material.references[one.test_case.id]
            if other.response.id != one.response.id
        ]
        if self.asking.every_reference or not others:
            return others
        return [min(others, key=lambda other: self._lot(one.response.id, other.response.id))]

    def _beside(
        self, one: ResponseInContext, reference: ResponseInContext
    ) -> list[ResponseInContext]:
        """In the order in which they are shown: drawn, unless the reference is named as such."""
        is_second = (
            self.asking.shape is Shape.PAIR
            and self._lot("order", one.response.id, reference.response.id) % 2
        )
        return [reference, one] if is_second else [one, reference]

    def _groups(self, together: Sequence[ResponseInContext]) -> list[list[ResponseInContext]]:
        """Groups of at most so many, as even as can be, in an order that is drawn.

        Of pairs, one holds three where the number is odd: nobody can choose from one.
        """
        drawn = sorted(together, key=lambda one: self._lot(one.response.id))
        count = min(-(-len(drawn) // self.asking.choices_per_question), len(drawn) // 2)
        return [drawn[number::count] for number in range(count)]

    def _set_of(self, one: ResponseInContext) -> list[ResponseInContext]:
        """The group in which a response is shown among the others; nothing if it is alone."""
        for together in _sets(self.material):
            if one in together and len(together) > 1:
                return next(group for group in self._groups(together) if one in group)
        return []

    def _lot(self, *of: str) -> int:
        return _drawn(str(self.asking.seed), *of)


def _sets(material: Material) -> list[list[ResponseInContext]]:
    """All models' responses to one prompt: of one test case and sample index."""
    found: dict[tuple[str, int], list[ResponseInContext]] = defaultdict(list)
    for one in material.responses:
        found[one.test_case.id, one.response.sample_index].append(one)
    return list(found.values())


def _few(material: Material) -> list[ResponseInContext]:
    """A few responses of the candidates, always the same ones."""
    of_candidates = [
        one for one in material.responses if one.candidate.id not in material.content.reference_ids
    ]
    return sorted(of_candidates, key=lambda one: _drawn(one.response.id))[:INJECTED_RESPONSES]


def _drawn(*of: str) -> int:
    return int.from_bytes(sha256("\n".join(of).encode()).digest()[:8], "big")


def _measured(
    judge: MeasuringJudge, material: Material, wanted: set[str] | None = None
) -> Iterator[Planned]:
    """What a judge that measures sees of each response, or of those wanted."""
    for case_id, among in material.by_case.items():
        of_case = [one for one in among if wanted is None or one.response.id in wanted]
        if not of_case:
            continue
        prompt, facts = material.prompt_of(among[0]), among[0].test_case.values
        texts = (one.response.text or "" for one in among)
        corpus = tuple(sorted(texts)) if Need.CORPUS in judge.needs else ()
        beside = document_hash([prompt, facts, corpus])
        references = material.references[case_id] if Need.REFERENCES in judge.needs else []
        by_id = {one.response.id: one.response.text or "" for one in references}
        every_reference = _hashed(beside, tuple(by_id.values()))
        for one in of_case:
            # The reference's own responses are measured against its others.
            others, seen = (
                _hashed(beside, tuple(by_id[key] for key in by_id if key != one.response.id))
                if one.response.id in by_id
                else every_reference
            )
            judged = JudgedResponse(
                response_id=one.response.id,
                prompt=prompt,
                text=one.response.text or "",
                references=others,
                corpus=corpus,
                facts=facts,
            )
            key = JudgmentKey(one.response.id, seen, 0)
            yield Planned(key, JudgmentPurpose.SCORE, None, (), judged)


def _hashed(beside: str, references: tuple[str, ...]) -> tuple[tuple[str, ...], str]:
    """The references, and the hash of all that a judge sees besides the response."""
    return references, document_hash([beside, sorted(references)])
