"""The very question that a judge would be put about one response, before anything is saved."""

from dataclasses import dataclass, replace
from math import ceil

from sqlmodel import Session

from core.bench.estimate import BYTES_PER_TOKEN, text_of
from core.errors import NotFoundError
from core.judges.asking import question
from core.judges.base import AnyJudge, JudgeTask, LLMJudge, Shape
from core.judging.planning import Material, Planned, plan
from core.providers.base import ChatRequest
from core.providers.names import parse_model
from core.studies.service import newest_content
from db.engine import Database
from db.repositories.responses import Responses
from db.repositories.studies import VersionContent


@dataclass(frozen=True, slots=True)
class Question:
    """What a judge sees about a response; ``request`` is none where no model is asked."""

    planned: Planned
    request: ChatRequest | None

    @property
    def tokens(self) -> int | None:
        """Roughly how many tokens a model reads; ``None`` where none is asked."""
        if self.request is None:
            return None
        return ceil(len(text_of(self.request).encode()) / BYTES_PER_TOKEN)


def blind_responses(database: Database, study_id: str, test_case_id: str) -> list[str]:
    """The ids of a test case's usable responses, in an order that tells nothing of the models.

    Raises:
        NotFoundError: there is no such study.
    """
    with database.read() as session:
        content = newest_content(session, study_id)
        found = Responses(session).usable(content, test_case_ids=[test_case_id])
    # Ids are random.
    return sorted(one.response.id for one in found)


def preview(
    database: Database,
    study_id: str,
    judge: AnyJudge,
    model: str | None,
    response_id: str,
    *,
    with_examples: bool = True,
) -> list[Question]:
    """The questions that the judge would be put about a response; a repeated one only once.

    Args:
        database: the store.
        study_id: the study, whose newest version counts.
        judge: the judge, with options that need not be saved.
        model: the model that it asks, as ``provider/model``.
        response_id: a usable response of that version.
        with_examples: whether the examples are shown, which tell what people gave.

    Raises:
        InvalidInputError: ``model`` is no name of a model.
        NotFoundError: there is no such study or response.
    """
    with database.read() as session:
        content = newest_content(session, study_id)
        planned = questions_about(session, content, judge, response_id)
    shown = planned if with_examples else [_without_examples(one) for one in planned]
    return [Question(one, _request(judge, model, one)) for one in shown]


def questions_about(
    session: Session, content: VersionContent, judge: AnyJudge, response_id: str
) -> list[Planned]:
    """What `core.judging.planning.plan` says of one response, without repeats.

    Raises:
        NotFoundError: the version has no such usable response.
    """
    found = Responses(session).by_ids([response_id])
    # What a judge sees of a response is all of one test case.
    cases = [one.test_case.id for one in found]
    material = Material(content, Responses(session).usable(content, test_case_ids=cases))
    if response_id not in material.by_id:
        raise NotFoundError(
            f"There is no usable response {response_id!r} in this version; choose another."
        )
    about = [one for one in plan(judge, material) if _is_about(judge, one, response_id)]
    return list({one.key.inputs_hash: one for one in reversed(about)}.values())[::-1]


def _without_examples(planned: Planned) -> Planned:
    if not isinstance(planned.sees, JudgeTask):
        return planned
    return replace(planned, sees=replace(planned.sees, examples=()))


def _is_about(judge: AnyJudge, planned: Planned, response_id: str) -> bool:
    if isinstance(judge, LLMJudge) and judge.asking.shape is Shape.SET:
        return response_id in planned.shown_response_ids
    return planned.key.response_id == response_id


def _request(judge: AnyJudge, model: str | None, planned: Planned) -> ChatRequest | None:
    if not isinstance(judge, LLMJudge) or not isinstance(planned.sees, JudgeTask) or not model:
        return None
    return question(judge, planned.sees, parse_model(model).model)
