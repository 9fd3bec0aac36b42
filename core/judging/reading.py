"""What a reader of results looks up: lengths, what a judge is, and one response close up."""

from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

import pandas as pd
from pydantic import ValidationError
from sqlmodel import Session

from core.analysis.calibration.frames import RESPONSES
from core.analysis.frames import typed_frame
from core.errors import SlamError
from core.judges.base import Example, LLMJudge, Shape, judge_identity
from core.judges.registry import judges
from core.judging.setups import read_setup, setup_of
from core.studies.service import content_of
from core.studies.template import render
from db.engine import Database
from db.repositories.judgments import Judgments
from db.repositories.rating import Campaigns, complete_ratings
from db.repositories.responses import Responses
from db.tables import Judge

ANSWER_COLUMNS: Final = {
    "rater": "str",  # a number, since a pseudonym tells a reader nothing
    "criterion": "str",
    "answer": "str",
    "comment": "str",
}
"""One row per answer of a person about one response."""


@dataclass(frozen=True, slots=True)
class JudgedClosely:
    """One response with the prompt it answers and what people said of it (`ANSWER_COLUMNS`)."""

    prompt: str
    text: str
    test_case: str
    model: str
    answers: pd.DataFrame


def load_judge(database: Database, judge_id: str) -> Judge:
    """The stored judge of that id."""
    with database.read() as session:
        return Judgments(session).judge(judge_id)


@dataclass(frozen=True, slots=True)
class AskedJudge:
    """A judge that was ever asked about a study, whatever came of it.

    ``is_in_force`` says whether the study's set-up of it is still this one.
    """

    judge_id: str
    method: str
    name: str
    is_in_force: bool


def asked_judges(database: Database, study_id: str) -> list[AskedJudge]:
    """Every judge that was ever asked about the study, by label, oldest first."""
    with database.read() as session:
        found = Judgments(session).judges_of(study_id)
        in_force = {
            name: _identities_in_force(session, study_id, name)
            for name in {one.name for one in found}
        }
        return [
            AskedJudge(
                judge_id=one.id,
                method=one.name,
                name=f"{one.label} by {one.model}" if one.model else one.label,
                is_in_force=one.identity in in_force[one.name],
            )
            for one in found
        ]


def panel_sizes(database: Database, study_id: str, methods: Collection[str]) -> dict[str, int]:
    """``method -> models of its set-up in force``, without methods that cannot be used here."""
    sizes = {}
    for method in methods:
        with suppress(SlamError):
            sizes[method] = len(setup_of(database, study_id, method).models)
    return sizes


def shape_of(judge_name: str) -> Shape | None:
    """What one question of an installed judge shows; None of a judge that asks no model."""
    found = judges().get(judge_name)
    return found.asking.shape if isinstance(found, LLMJudge) else None


def summary_of(judge_name: str) -> str:
    """The first line of what an installed judge says of itself; empty of one that is not."""
    found = judges().get(judge_name)
    return (type(found).__doc__ or "").strip().partition("\n")[0] if found else ""


def example_ids(judge: Judge) -> frozenset[str]:
    """The responses that the judge's model is shown as examples, which must not test it."""
    examples: list[Any] = (judge.options or {}).get("examples") or []
    try:
        return frozenset(Example.model_validate(one).response_id for one in examples)
    except ValidationError:
        return frozenset()


def load_responses(
    database: Database,
    study_id: str,
    version_number: int,
    *,
    ignoring_rules: frozenset[str] = frozenset(),
) -> pd.DataFrame:
    """Every response of the version that could be judged, with its length (`RESPONSES`).

    What only ``ignoring_rules`` leave out is among them, as in `core.results.load_results`.
    """
    with database.read() as session:
        content = content_of(session, study_id, version_number)
        return RESPONSES.frame(
            {
                "response_id": one.response.id,
                "test_case": one.test_case.name,
                "model": one.candidate.model,
                "words": len((one.response.text or "").split()),
            }
            for one in Responses(session).usable(content, ignoring_rules=ignoring_rules)
        )


def load_closely(
    database: Database, study_id: str, response_id: str, session_ids: Collection[str]
) -> JudgedClosely:
    """One response with what people said of it in those sessions.

    Args:
        database: where it is stored.
        study_id: whose campaigns are looked through.
        response_id: the response.
        session_ids: the rating sessions that count.
    """
    with database.read() as session:
        (one,) = Responses(session).by_ids([response_id])
        campaigns = [row.id for row in Campaigns(session).of_study(study_id)]
        counted = set(session_ids)
        raters: dict[str, str] = {}
        rows = []
        for rated in complete_ratings(session, campaigns):
            shown = (rated.item.response_id, rated.item.second_response_id)
            if rated.session.id not in counted or response_id not in shown:
                continue
            if rated.item.control_id or rated.item.second_control_id:
                continue
            rater = raters.setdefault(rated.session.rater_id, f"person {len(raters) + 1}")
            value = "cannot judge" if rated.rating.value is None else f"{rated.rating.value:g}"
            preference = rated.rating.preference
            if preference is not None:
                place = "first" if shown[0] == response_id else "second"
                value = f"{preference.value.replace('_', ' ')} (this one was {place})"
            rows.append(
                {
                    "rater": rater,
                    "criterion": rated.rating.criterion,
                    "answer": value,
                    "comment": rated.rating.comment or "",
                }
            )
        return JudgedClosely(
            prompt=render(one.template.text, one.test_case.values),
            text=one.response.text or "",
            test_case=one.test_case.name,
            model=one.candidate.model,
            answers=typed_frame(rows, ANSWER_COLUMNS),
        )


def _identities_in_force(session: Session, study_id: str, judge_name: str) -> set[str]:
    try:
        setup = read_setup(session, study_id, judge_name)
        return {judge_identity(setup.judge, model) for model in setup.identities}
    except SlamError:
        return set()
