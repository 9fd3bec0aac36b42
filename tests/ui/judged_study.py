"""A study in which the truth is known, rated by people and judged by judges good and bad."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from sqlmodel import select

from core.judges.base import judge_identity
from core.judges.registry import judge_named
from core.studies.service import create_study
from db.engine import Database
from db.repositories.studies import VersionContent
from db.tables import (
    CallStatus,
    CampaignStatus,
    Judge,
    JudgeSetup,
    Judgment,
    JudgmentPurpose,
    Response,
)
from db.types import new_id
from tests.building import ACTOR, REFERENCE, definition, store_responses
from tests.core.rating.stored import stored_campaign, stored_session, units_of

GPT_4, LLAMA = "openai/gpt-4", "ollama/llama2:7b"
MODELS = [f"ollama/{name}:7b" for name in ("dreadful", "vicuna", "poor", "fair", "decent", "fine")]
CASES = 6


@dataclass
class JudgedStudy:
    """What was stored, with the true quality of each response, 0 to 10."""

    database: Database
    content: VersionContent
    responses: list[Response]
    random: np.random.Generator = field(default_factory=lambda: np.random.default_rng(8))
    quality: dict[str, float] = field(default_factory=dict)

    def judge(
        self, name: str, scores: Mapping[str, float], model: str | None = None, scale: float = 10
    ) -> Judge:
        """Store a judge of that method that gave those scores, by response id."""
        row = Judge(
            identity=judge_identity(judge_named(name), model),
            name=name,
            label=judge_named(name).label,
            model=model,
            configuration={"prompt": "How good is it?"},
            scale_min=0,
            scale_max=scale,
        )
        with self.database.write() as session:
            session.add(row)
        self.store(*(self.judgment(row, one, score) for one, score in scores.items()))
        return row

    def judgment(
        self, judge: Judge, response_id: str, score: float | None, **also: object
    ) -> Judgment:
        values: dict[str, object] = {
            "judge_id": judge.id,
            "response_id": response_id,
            "inputs_hash": f"plain {response_id}",
            "shown_response_ids": [response_id] if judge.model else [],
            "status": CallStatus.OK,
            "score": score,
            "reasoning": "It covers the tasks, but not briefly." if judge.model else None,
            "raw_reply": f'{{"score": {score}}}' if judge.model else None,
            "cost_usd": 0.002 if judge.model else None,
            "duration_ns": 1_200_000_000,
        }
        return Judgment(**values | also)  # type: ignore[arg-type]  # columns of several types

    def store(self, *rows: Judgment) -> None:
        """Put judgments into the store."""
        with self.database.write() as session:
            session.add_all(rows)

    def seen(self, noise: float = 1.0, scale: float = 10) -> dict[str, float]:
        """Scores of a judge that sees the truth with that noise."""
        return {
            one: float(
                np.clip((value + self.random.normal(0, noise)) * scale / 10, 0, scale).round(2)
            )
            for one, value in self.quality.items()
        }


def rated_study(database: Database, status: CampaignStatus = CampaignStatus.CLOSED) -> JudgedStudy:
    """A study of seven models whose responses six people rated."""
    content = create_study(database, definition(candidates=MODELS, cases=CASES, samples=2), ACTOR)
    random = np.random.default_rng(7)
    lengths = random.integers(5, 60, 500)
    responses = store_responses(
        database, content, text=lambda number: "Call the dentist. " * int(lengths[number])
    )
    made = JudgedStudy(database, content, responses)
    order = [*MODELS, REFERENCE]
    models = {one.id: one.model for one in content.candidates}
    for response in responses:
        place = order.index(models[response.candidate_id])
        made.quality[response.id] = float(2 + place + random.normal(0, 1))
    campaign = stored_campaign(database, content, responses, status=status)
    units = units_of(database, campaign)
    for _ in range(6):
        leniency = random.normal(0, 0.7)
        answers = {
            unit.id: int(
                np.clip(
                    round(made.quality[unit.response_id] + leniency + random.normal(0, 1.2)), 0, 10
                )
            )
            for unit in units
        }
        stored_session(database, campaign, answers)
    return made


def judged_study(database: Database, status: CampaignStatus = CampaignStatus.CLOSED) -> JudgedStudy:
    """`rated_study` with two good scorers (a panel), a random one, one by length, one by place."""
    made = rated_study(database, status)
    with database.write() as session:
        # An error text never ranks above an answer, whatever a judge thinks of it.
        spoilt = session.get_one(Response, made.responses[0].id)
        spoilt.text = "Error: model not found"
        session.add(spoilt)
        session.add(
            JudgeSetup(
                study_id=made.content.study.id, judge_name="scorer", number=1,
                models=[GPT_4, LLAMA], options={}, created_by=ACTOR,
            )
        )  # fmt: skip
    _scorers(made)
    words = {one.id: len((one.text or "").split()) for one in made.responses}
    made.judge("tf_idf", {one: min(1.0, count / 200) for one, count in words.items()}, scale=1)
    made.judge("sem_bleu", made.seen(1.5, 1), scale=1)
    at_random = {one: float(made.random.integers(0, 11)) for one in made.quality}
    made.judge("comparer", at_random, GPT_4)
    _pairwise(made)
    _selector(made)
    return made


def _scorers(made: JudgedStudy) -> None:
    made.judge("scorer", made.seen(1.5), LLAMA)
    scores = made.seen(0.8)
    failed = list(scores)[5:8]
    scorer = made.judge(
        "scorer", {one: score for one, score in scores.items() if one not in failed}, GPT_4
    )
    lost = {
        "status": CallStatus.FAILED, "error_kind": "unparsable", "raw_reply": "I cannot say.",
        "error_message": "The reply holds no score.",
    }  # fmt: skip
    made.store(*(made.judgment(scorer, one, None, **lost) for one in failed))
    again = [one for one in scores if one not in failed][:20]
    made.store(
        *(
            made.judgment(scorer, one, min(10.0, scores[one] + number % 2), repeat_index=1)
            for number, one in enumerate(again)
        ),
        *(
            made.judgment(
                scorer, one, 10.0 if number < 3 else scores[one],
                inputs_hash=f"injected {one}", purpose=JudgmentPurpose.INJECTION,
            )
            for number, one in enumerate(again[:10])
        ),
    )  # fmt: skip


def _beside_reference(made: JudgedStudy) -> list[tuple[str, str]]:
    """``(response, the reference's response to the same test case)`` of every candidate."""
    ids = made.content.reference_ids
    references = {one.test_case_id: one.id for one in made.responses if one.candidate_id in ids}
    return [
        (one.id, references[one.test_case_id])
        for one in made.responses
        if one.candidate_id not in ids
    ]


def _pairwise(made: JudgedStudy) -> None:
    """Each response beside the reference's in both orders; now and then the first one wins."""
    judge = made.judge("pairwise", {}, GPT_4, scale=1)
    rows = []
    for one, reference in _beside_reference(made):
        better = one if made.quality[one] > made.quality[reference] else reference
        for shown in ([one, reference], [reference, one]):
            chosen = shown[0] if made.random.random() < 0.3 else better
            rows.append(
                made.judgment(
                    judge, one, float(chosen == one), shown_response_ids=shown,
                    chosen_response_id=chosen, inputs_hash=new_id(),
                )
            )  # fmt: skip
    made.store(*rows)


def _selector(made: JudgedStudy) -> None:
    """All responses to a prompt at once, of which the first one is always chosen."""
    judge = made.judge("multi_choice_selector", {}, GPT_4, scale=1)
    sets: dict[tuple[str, int], list[str]] = {}
    for one in made.responses:
        sets.setdefault((one.test_case_id, one.sample_index), []).append(one.id)
    rows = []
    for together in sets.values():
        shown = [str(one) for one in made.random.permutation(together)]
        rows.append(
            made.judgment(
                judge, shown[0], None, shown_response_ids=shown, chosen_response_id=shown[0],
                inputs_hash=new_id(),
            )
        )  # fmt: skip
    made.store(*rows)


def judge_id_of(made: JudgedStudy, name: str, model: str | None) -> str:
    """The id of a stored judge."""
    identity = judge_identity(judge_named(name), model)
    with made.database.read() as session:
        return session.exec(select(Judge.id).where(Judge.identity == identity)).one()
