"""Everything people answered, one row a rating, and their comparisons as an arena's battles.

All sessions are in the ratings, also those that do not count, with the reason. Who rated is a
pseudonym; the recruiting platform's ids stay in the store.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
from sqlalchemy import RowMapping
from sqlmodel import Session

from core.exchange.ratings_columns import BATTLE_COLUMNS, RATING_COLUMNS, Column
from core.rating.design import design_of
from core.studies.rubric import rubric_of
from db.engine import Database
from db.repositories.exclusions import decisions_in_campaigns, standing
from db.repositories.exported import exported_ratings
from db.repositories.rating import Campaigns
from db.repositories.studies import Studies
from db.tables import ControlKind, Preference, SessionStatus, Subject

Reasons = Mapping[tuple[Subject, str], list[str]]
"""Why a session, rater, rating or response does not count."""

_WINNERS = {
    Preference.FIRST: "model_a",
    Preference.SECOND: "model_b",
    Preference.TIE: "tie",
    Preference.BOTH_BAD: "both_bad",
}


@dataclass(frozen=True, slots=True)
class _Version:
    """What a row needs of the study's version: its scale in words, and its reference."""

    scale: str
    reference_ids: frozenset[str]


def ratings_frame(database: Database, study_id: str) -> pd.DataFrame:
    """Every rating of the study's campaigns with `RATING_COLUMNS`, sessions in order of start."""
    with database.read() as session:
        found = exported_ratings(session, study_id)
        reasons = _reasons(session, {row["campaign_id"] for row in found})
        versions = _versions(session, study_id)
    order = _order_of_answers(found)
    rows = (
        {"study_id": study_id, "order_index": order.get(row["item_id"])}
        | _row(row, versions[row["rubric_version"]])
        | _whether_it_counts(row, reasons)
        for row in found
    )
    return _typed(rows, RATING_COLUMNS)


def battles_frame(database: Database, study_id: str) -> pd.DataFrame:
    """Every comparison of two models that counts, with `BATTLE_COLUMNS`, in the same order."""
    with database.read() as session:
        found = exported_ratings(session, study_id)
        reasons = _reasons(session, {row["campaign_id"] for row in found})
        campaigns = Campaigns(session).of_study(study_id)
    languages = {one.id: design_of(one.design).language for one in campaigns}
    rows = (
        _battle(row) | {"language": languages[row["campaign_id"]]}
        for row in found
        if row["preference"] is not None and _whether_it_counts(row, reasons)["included"]
    )
    return _typed(rows, BATTLE_COLUMNS)


def _row(row: RowMapping, version: _Version) -> dict[str, Any]:
    kinds = {row["control_kind"], row["second_control_kind"]}
    first_is_planted = row["control_kind"] is not None
    second_is_planted = row["second_control_kind"] is not None
    model = None if first_is_planted else row["model"]
    second_model = None if second_is_planted else row["second_model"]
    preference = row["preference"]
    same = {name: row[name] for name in RATING_COLUMNS if name in row}
    return same | {
        "rater_id": _pseudonym(row),
        "rater_kind": "HUMAN",
        "response_id": None if first_is_planted else row["response_id"],
        "model": model,
        "second_response_id": None if second_is_planted else row["second_response_id"],
        "second_model": second_model,
        "scale": version.scale if row["second_response_id"] is None else "pair",
        "label": preference or (None if row["value"] is not None else row["status"]),
        "is_gold": ControlKind.GOLD in kinds,
        "is_attention": ControlKind.ATTENTION in kinds,
        "is_known_bad": ControlKind.KNOWN_BAD in kinds,
        "preferred_side": preference,
        "preferred_model": {Preference.FIRST: model, Preference.SECOND: second_model}.get(
            preference, preference
        ),
        "reference_side": _reference_side(row, version.reference_ids),
    }


def _battle(row: RowMapping) -> dict[str, Any]:
    submitted_at = row["submitted_at"]
    return {
        "question_id": row["prompt_id"],
        "model_a": row["model"],
        "model_b": row["second_model"],
        "winner": _WINNERS[row["preference"]],
        "judge": _pseudonym(row),
        "turn": 1,
        "tstamp": submitted_at.timestamp() if submitted_at else None,
        "criterion": row["criterion"],
        "response_a_id": row["response_id"],
        "response_b_id": row["second_response_id"],
        "session_id": row["session_id"],
        "rubric_version": row["rubric_version"],
    }


def _pseudonym(row: RowMapping) -> str:
    """The rater's pseudonym; an imported rater's is what the file called them, so it stays here."""
    if row["pseudonym"] == row["external_id"]:
        return f"rater-{row['rater_row_id'][:12]}"
    return str(row["pseudonym"])


def _reference_side(row: RowMapping, reference_ids: frozenset[str]) -> str | None:
    if row["second_response_id"] is None:
        return None
    if row["candidate_id"] in reference_ids and row["control_kind"] is None:
        return Preference.FIRST
    if row["second_candidate_id"] in reference_ids and row["second_control_kind"] is None:
        return Preference.SECOND
    return None


def _whether_it_counts(row: RowMapping, reasons: Reasons) -> dict[str, Any]:
    why: list[str] = []
    if row["session_status"] is not SessionStatus.COMPLETE:
        why.append(f"the session is {row['session_status'].replace('_', ' ')}, not complete")
    kind = row["control_kind"] or row["second_control_kind"]
    if kind is not None:
        why.append(f"a planted item ({kind.replace('_', ' ')})")
    for subject, subject_id in (
        (Subject.SESSION, row["session_id"]),
        (Subject.RATER, row["rater_row_id"]),
        (Subject.RATING, row["rating_id"]),
        (Subject.RESPONSE, row["response_id"]),
        (Subject.RESPONSE, row["second_response_id"]),
    ):
        why += reasons.get((subject, subject_id), [])
    return {"included": not why, "exclusion_reason": "; ".join(why) or None}


def _reasons(session: Session, campaign_ids: set[str]) -> Reasons:
    found: dict[tuple[Subject, str], list[str]] = defaultdict(list)
    decisions = standing(decisions_in_campaigns(session, sorted(campaign_ids)))
    for (subject, subject_id, rule), decision in decisions.items():
        if decision.excluded:
            found[subject, subject_id].append(f"{subject} excluded, {rule}: {decision.reason}")
    return found


def _versions(session: Session, study_id: str) -> dict[int, _Version]:
    studies = Studies(session)
    found = {}
    for one in studies.versions(study_id):
        scale = rubric_of(one.rubric).scale
        found[one.number] = _Version(
            scale=f"{scale.minimum}..{scale.maximum}",
            reference_ids=studies.content(one).reference_ids,
        )
    return found


def _order_of_answers(found: Iterable[RowMapping]) -> dict[str, int]:
    """``item -> which answer of its session it was``, where it is known when it was given."""
    moments: dict[str, dict[str, Any]] = defaultdict(dict)
    for row in found:
        if row["submitted_at"] is not None:
            moments[row["session_id"]][row["item_id"]] = (row["submitted_at"], row["position"])
    return {
        item_id: place
        for items in moments.values()
        for place, item_id in enumerate(sorted(items, key=items.__getitem__))
    }


def _typed(rows: Iterable[Mapping[str, Any]], columns: Mapping[str, Column]) -> pd.DataFrame:
    frame = pd.DataFrame(list(rows), columns=list(columns), dtype=object)
    return frame.astype({name: column.dtype for name, column in columns.items()})
