"""What judges found, one row a response: repeats, orders and references become one score.

Responses that fail a gate check (an error text, an empty answer) get the lowest score from every
other judge, so that they never rank above a real answer; what was measured is kept beside.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

import pandas as pd
from sqlmodel import Session

from core.analysis.frames import JUDGMENT_COLUMNS, typed_frame
from core.errors import SlamError
from core.judges.base import AnyJudge, MeasuringJudge, judge_identity
from core.judges.registry import judges
from core.judging.making import judge_as_stored
from core.judging.planning import Material, plan
from core.judging.setups import read_setup
from db.repositories.judgments import Judgments, MadeJudgment
from db.repositories.responses import ResponseInContext
from db.repositories.studies import VersionContent
from db.tables import Judge


def judged_frame(
    session: Session,
    content: VersionContent,
    responses: Sequence[ResponseInContext],
    *,
    with_gates: bool = True,
) -> pd.DataFrame:
    """Everything that judges found about the responses, as `JUDGMENT_COLUMNS`."""
    material = Material(content, responses)
    stored = Judgments(session).judges_of(content.study.id)
    gates = _gates(material) if with_gates else {}
    identities = {
        name: _identities_in_force(session, content.study.id, name)
        for name in {judge.name for judge in stored}
    }
    in_force = {judge.id for judge in stored if judge.identity in identities[judge.name]}
    names = _names(stored, in_force)
    rows: list[dict[str, object]] = []
    for judge in stored:
        found = Judgments(session).made(judge.id, content.study.id)
        method = _method(judge)
        for one in _scored(_current(method, material, found)):
            context = material.by_id.get(one.response_id)
            if context is None:
                continue
            gate = "" if _is_gate(judge) else gates.get(one.response_id, "")
            name = names[judge.id]
            rows.append(
                {
                    "judge": f"{name} \u00b7 {one.criterion}" if one.criterion else name,
                    "judge_id": judge.id,
                    "method": judge.name,
                    "judge_model": judge.model or "",
                    "in_force": judge.id in in_force,
                    "criterion": one.criterion,
                    "test_case": context.test_case.name,
                    "model": context.candidate.model,
                    "response_id": one.response_id,
                    "sample_index": context.response.sample_index,
                    "score": judge.scale_min if gate else fmean(one.scores),
                    "measured_score": fmean(one.scores),
                    "raw_score": fmean(one.raw) if len(one.raw) == len(one.scores) else None,
                    "gate": gate,
                    "judgments": len(one.scores),
                    "spread": stdev(one.scores) if len(one.scores) > 1 else None,
                    "scale_min": judge.scale_min,
                    "scale_max": judge.scale_max,
                }
            )
    return typed_frame(rows, JUDGMENT_COLUMNS)


@dataclass(frozen=True, slots=True)
class _Scored:
    """All that one judge found about one response on one criterion ("" for the whole rubric)."""

    response_id: str
    criterion: str
    scores: list[float]
    raw: list[float]


def _scored(judgments: Sequence[MadeJudgment]) -> Iterator[_Scored]:
    scores: dict[tuple[str, str], list[float]] = defaultdict(list)
    raw: dict[tuple[str, str], list[float]] = defaultdict(list)
    for one in judgments:
        criterion = one.criterion or ""
        for response_id, score in _scores_of(one):
            scores[response_id, criterion].append(score)
        if one.raw_score is not None:
            raw[one.response_id, criterion].append(one.raw_score)
    for key, values in scores.items():
        yield _Scored(*key, values, raw[key])


def _scores_of(judgment: MadeJudgment) -> list[tuple[str, float]]:
    """What one judgment says: of its response, or of each of those that one was chosen from."""
    if judgment.score is not None:
        return [(judgment.response_id, judgment.score)]
    shown = judgment.shown_response_ids
    if judgment.chosen_response_id is None:
        return [(one, 1 / len(shown)) for one in shown]
    return [(one, float(one == judgment.chosen_response_id)) for one in shown]


def _current(
    method: AnyJudge | None, material: Material, judgments: Sequence[MadeJudgment]
) -> list[MadeJudgment]:
    """The judgments that speak of this version.

    What was judged under another question or against other references stays stored, but does not.
    What a judge saw can only be told while it is installed with the same options; without it, its
    newest judgment of each response counts.
    """
    if method is None:
        return list({(one.response_id, one.criterion): one for one in judgments}.values())
    owed = {one.key for one in plan(method, material)}
    return [one for one in judgments if one[:3] in owed]


def _method(stored: Judge) -> AnyJudge | None:
    """The judge as it was set up; none where it is not installed any more, or was another then."""
    if stored.options is None:
        return None
    try:
        return judge_as_stored(stored)
    except SlamError:
        return None


def _identities_in_force(session: Session, study_id: str, judge_name: str) -> set[str]:
    try:
        setup = read_setup(session, study_id, judge_name)
        return {judge_identity(setup.judge, model) for model in setup.identities}
    except SlamError:
        return set()


def _gates(material: Material) -> dict[str, str]:
    """``response id -> the gate check that it fails``."""
    failed = {one.response.id: material.gate_of(one) for one in material.responses}
    return {response_id: gate for response_id, gate in failed.items() if gate is not None}


def _is_gate(stored: Judge) -> bool:
    judge = judges().get(stored.name)
    return isinstance(judge, MeasuringJudge) and judge.is_gate


def _names(stored: Sequence[Judge], in_force: Collection[str]) -> dict[str, str]:
    """A name for each judge that tells it from the others: label and model.

    Of several that are alike, the one in force (or else the newest) has the plain name, the others
    are numbered from the oldest.
    """
    alike: dict[str, list[Judge]] = defaultdict(list)
    for judge in stored:
        alike[f"{judge.label} by {judge.model}" if judge.model else judge.label].append(judge)
    names: dict[str, str] = {}
    for name, among in alike.items():
        plain = next((one for one in among if one.id in in_force), among[-1])
        earlier = [one for one in among if one is not plain]
        names[plain.id] = name
        names |= {one.id: f"{name} #{number}" for number, one in enumerate(earlier, 1)}
    return names
