"""What a study has to be rated: the numbers that a campaign is planned with."""

from collections import Counter
from dataclasses import dataclass

from core.rating.blindness import model_named_in
from core.rating.design import CampaignDesign, Protocol
from core.studies.rubric import Rubric, rubric_of
from core.studies.service import newest_content
from core.studies.template import render
from db.engine import Database
from db.repositories.responses import Responses
from db.repositories.studies import VersionContent

CHARACTERS_PER_WORD = 6
"""Of English prose, the space among them."""


@dataclass(frozen=True, slots=True)
class Material:
    """The finished responses of a study's newest version.

    ``samples`` is of the model and test case with the most. ``words_of_task`` and
    ``words_of_response`` are means, null without a response.
    """

    content: VersionContent
    rubric: Rubric
    models: int
    test_cases: int
    samples: int
    responses: int
    has_reference: bool
    words_of_task: float | None
    words_of_response: float | None

    @property
    def missing(self) -> int:
        """How many responses there would be more if every model had as many for every case."""
        return self.models * self.test_cases * self.samples - self.responses

    def words_per_item(self, design: CampaignDesign) -> float | None:
        """How much there is to read in an item on average."""
        if self.words_of_task is None or self.words_of_response is None:
            return None
        shown = 2 if design.protocol is Protocol.PAIR else 1
        return self.words_of_task + shown * self.words_of_response


def material_of(database: Database, study_id: str) -> Material:
    """What the study's newest version has to be rated.

    Raises:
        NotFoundError: there is no such study.
    """
    with database.read() as session:
        content = newest_content(session, study_id)
        sizes = Responses(session).usable_sizes(content)
    of_case: Counter[str] = Counter()
    for _, case_id, count, _ in sizes:
        of_case[case_id] += count
    models = {candidate_id for candidate_id, *_ in sizes}
    responses = of_case.total()
    characters = sum(one[-1] for one in sizes)
    return Material(
        content=content,
        rubric=rubric_of(content.version.rubric),
        models=len(models),
        test_cases=len(of_case),
        samples=max((count for _, _, count, _ in sizes), default=0),
        responses=responses,
        has_reference=bool(models & content.reference_ids),
        words_of_task=_words_of_task(content, of_case) if responses else None,
        words_of_response=characters / CHARACTERS_PER_WORD / responses if responses else None,
    )


def count_naming_a_model(database: Database, content: VersionContent) -> int:
    """How many of the responses that can be rated name one of the study's models.

    Every text is read, which takes seconds at 100,000 of them.
    """
    models = [one.model for one in content.candidates]
    with database.read() as session:
        texts = Responses(session).usable_texts(content)
        return sum(model_named_in(text, models) is not None for text in texts)


def _words_of_task(content: VersionContent, of_case: Counter[str]) -> float:
    words = sum(
        len(render(content.template.text, case.values)) / CHARACTERS_PER_WORD * of_case[case.id]
        for case in content.test_cases
    )
    return words / of_case.total()
