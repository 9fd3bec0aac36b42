"""A study in which the truth is known: stand-in models of known quality, people who see it.

The models' qualities are declared (`sandbox.models`), people's scores follow them with noise, and
judges of known faults judge what the models wrote. Everything between goes the real way: responses
and judgments are asked for over HTTP and stored, people answer a campaign.
"""

import asyncio
import random
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from sqlmodel import select

from core.analysis.calibration.card import standings
from core.analysis.calibration.items import people_rating
from core.judges.base import LLMJudge
from core.judges.registry import judge_named
from core.judging.measuring import measure_chunk
from core.judging.service import request_judging
from core.judging.setups import save_setup
from core.results import load_results
from core.settings import Settings
from core.studies.definition import Case, Parameters, StudyDefinition
from core.studies.rubric import QUALITY
from core.studies.service import create_study
from db.engine import Database
from db.repositories.studies import VersionContent
from db.repositories.work import Work
from db.tables import CallStatus, Candidate, Judgment, Response, Run
from db.together import WritingTogether
from tests.building import ACTOR, SETTINGS, Sandbox, agreed, end, generate, make
from tests.core.rating.raters import completed, opened

REFERENCE = "openai/stand-in-gpt-4"
QUALITY_BY_MODEL: Mapping[str, float] = {
    REFERENCE: 0.93,
    "openai/stand-in-quality-90": 0.90,
    "openai/stand-in-quality-75": 0.75,
    "openai/stand-in-quality-60": 0.60,
    "openai/stand-in-quality-50": 0.50,
    "openai/stand-in-quality-35-wordy": 0.35,
    "openai/stand-in-quality-10": 0.10,
}
_TASKS = ("Finish the budget", "Call the dentist", "Water the plants", "Book the train",
          "Write to Grandma", "Mend the bicycle", "Read chapter nine", "Plan the workshop",
          "Sort the photographs", "Renew the passport")  # fmt: skip
_GOALS = ("Run ten kilometres", "Learn Italian", "Sleep eight hours", "Save for a boat",
          "Play the cello", "Grow tomatoes", "Finish the novel", "See the Alps")  # fmt: skip
_TEMPLATE = """\
Write a short motivating morning briefing in at most four sentences that relates the tasks to the \
goals.
Tasks:
{{tasks}}
Goals:
{{goals}}"""


@dataclass(frozen=True)
class Truth:
    """The study, and what was asked of whom."""

    database: Database
    sandbox: Sandbox
    content: VersionContent
    folder: Path

    def judge(self, judge_name: str, *models: str, **options: object) -> None:
        """Have a judge judge everything, asking each of the models if it asks one."""
        study_id = self.content.study.id
        save_setup(self.database, study_id, judge_name, models=models, options=options, actor=ACTOR)
        for model in models or (None,):
            run = request_judging(
                self.database, SETTINGS, study_id, judge_name, model, ACTOR,
                agreed(unpriced=[model] if model else []),
            )  # fmt: skip
            ids = _open_ids(self.database, run)
            if isinstance(judge_named(judge_name), LLMJudge):
                asyncio.run(make(self.database, self.sandbox, run.id, ids))
            else:
                asyncio.run(self._measure(run, ids))
            end(self.database, run)
        with self.database.read() as session:
            rows = session.exec(select(Judgment).where(Judgment.run_id == run.id)).all()
        if not any(row.status is CallStatus.OK for row in rows):
            raise AssertionError(f"{judge_name} scored nothing: {rows[0].error_message}")

    async def _measure(self, run: Run, ids: list[str]) -> None:
        models, store = self.sandbox.models(), WritingTogether(self.database)
        try:
            await measure_chunk(store, models, Settings(home=self.folder), run.id, ids)
        finally:
            await models.close()
            store.close()

    def rate(self, raters: int, *, noise: float = 1.5, seed: int = 7) -> None:
        """Have people rate everything: ten times the quality, give or take some points."""
        chance = random.Random(seed)
        by_text = self._quality_by_text()
        campaign = opened(
            self.database, self.content, items=2 * len(QUALITY_BY_MODEL), overlap=raters
        )

        for _ in range(raters * len(self.content.test_cases) // 2):
            completed(
                self.database,
                campaign,
                lambda item: _score(by_text[item.responses[0]], noise, chance),
            )

    def standings(self) -> pd.DataFrame:
        """What can be said of each judge, as the page says it."""
        results = load_results(self.database, self.content.study.id)
        people = people_rating(results.ratings, QUALITY, results.rating_scale)
        words = {one.id: len((one.text or "").split()) for one in self._responses()}
        return standings(people, results.judgments, words).set_index("judge")

    def _responses(self) -> list[Response]:
        with self.database.read() as session:
            query = select(Response).where(Response.study_id == self.content.study.id)
            return list(session.exec(query).all())

    def _quality_by_text(self) -> dict[str, float]:
        with self.database.read() as session:
            models = {one.id: one.model for one in session.exec(select(Candidate)).all()}
        return {
            one.text or "": QUALITY_BY_MODEL[models[one.candidate_id]] for one in self._responses()
        }


def known_truth(
    database: Database,
    sandbox: Sandbox,
    folder: Path,
    *,
    cases: int = 6,
    samples: int = 1,
    name: str = "A study whose truth is known",
) -> Truth:
    """The study with all its responses made."""
    for model in QUALITY_BY_MODEL:
        sandbox.change(model, time_to_first_token_ms=1, ms_per_token=0, bad_judge_rate=0)
    definition = StudyDefinition(
        name=name,
        template=_TEMPLATE,
        test_cases=tuple(_case(number) for number in range(cases)),
        reference=REFERENCE,
        candidates=tuple(model for model in QUALITY_BY_MODEL if model != REFERENCE),
        samples_per_case=samples,
        parameters=Parameters(temperature=0.7),
    )
    content = create_study(database, definition, ACTOR)
    generate(database, sandbox, content)
    return Truth(database, sandbox, content, folder)


def _open_ids(database: Database, run: Run) -> list[str]:
    with database.read() as session:
        return [row_id for _, row_id in Work(session).open_calls(run)]


def _case(number: int) -> Case:
    chance = random.Random(number)
    values = {"tasks": chance.sample(_TASKS, 5), "goals": chance.sample(_GOALS, 2)}
    listed = {name: "\n".join(f"- {one}" for one in some) for name, some in values.items()}
    return Case(f"day {number + 1}", listed)


def _score(quality: float, noise: float, chance: random.Random) -> int:
    return min(10, max(0, round(10 * quality + chance.gauss(0, noise))))
