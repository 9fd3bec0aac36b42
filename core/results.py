"""What a study has brought so far, as the frames that the analysis takes."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd
from sqlmodel import Session

from core.analysis.frames import JUDGMENTS, PREFERENCES, RATINGS
from core.studies.service import newest_content
from db.engine import Database
from db.repositories.judgments import Judgments
from db.repositories.rating import Campaigns, RatedItem, complete_ratings
from db.repositories.responses import ResponseInContext, Responses, excluded_ids
from db.repositories.studies import VersionContent
from db.tables import CallStatus, Judge, Subject


@dataclass(frozen=True, slots=True)
class SessionCounts:
    """Sessions by whether they count: only complete ones that nobody excluded do."""

    counted: int
    excluded: int
    incomplete: int


@dataclass(frozen=True, slots=True)
class StudyResults:
    """All rows that count for a study's newest version.

    ``ratings``, ``preferences`` and ``judgments`` fulfil the contracts of `core.analysis.frames`;
    ``scales`` maps a judge's name in ``judgments`` to the ends of its scale.
    """

    content: VersionContent
    ratings: pd.DataFrame
    preferences: pd.DataFrame
    judgments: pd.DataFrame
    sessions: SessionCounts

    @property
    def reference_model(self) -> str | None:
        """The model to be replaced, as ``provider/model``."""
        return self.content.reference.model if self.content.reference else None

    @property
    def scales(self) -> Mapping[str, tuple[float, float]]:
        """``judge -> (worst, best)``."""
        ends = self.judgments.groupby("judge")[["scale_min", "scale_max"]].first()
        return {str(judge): (low, high) for judge, low, high in ends.itertuples()}


def load_results(database: Database, study_id: str) -> StudyResults:
    """Read everything that counts for the study's newest version.

    Raises:
        NotFoundError: there is no such study.
    """
    with database.read() as session:
        content = newest_content(session, study_id)
        usable = {one.response.id: one for one in Responses(session).usable(content)}
        campaign_ids = [one.id for one in Campaigns(session).of_study(study_id)]
        rated = complete_ratings(session, campaign_ids)
        excluded = _Excluded.read(session)
        counted = [one for one in rated if excluded.counts(one)]
        return StudyResults(
            content=content,
            ratings=RATINGS.frame(_rating_rows(counted, usable)),
            preferences=PREFERENCES.frame(_preference_rows(counted, usable)),
            judgments=JUDGMENTS.frame(_judgment_rows(session, usable)),
            sessions=_session_counts(session, campaign_ids, rated, excluded),
        )


@dataclass(frozen=True, slots=True)
class _Excluded:
    sessions: frozenset[str]
    raters: frozenset[str]
    ratings: frozenset[str]

    @classmethod
    def read(cls, session: Session) -> "_Excluded":
        return cls(
            sessions=excluded_ids(session, Subject.SESSION),
            raters=excluded_ids(session, Subject.RATER),
            ratings=excluded_ids(session, Subject.RATING),
        )

    def counts(self, one: RatedItem) -> bool:
        return (
            one.session.id not in self.sessions
            and one.session.rater_id not in self.raters
            and one.rating.id not in self.ratings
        )


def _session_counts(
    session: Session, campaign_ids: list[str], rated: list[RatedItem], excluded: _Excluded
) -> SessionCounts:
    complete = {one.session.id: one.session for one in rated}
    left_out = [
        one
        for one in complete.values()
        if one.id in excluded.sessions or one.rater_id in excluded.raters
    ]
    started = sum(Campaigns(session).counts(one).started for one in campaign_ids)
    return SessionCounts(
        counted=len(complete) - len(left_out), excluded=len(left_out), incomplete=started
    )


def _rating_rows(
    rated: list[RatedItem], usable: Mapping[str, ResponseInContext]
) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for one in rated:
        context = usable.get(one.item.response_id)
        if context is not None and one.rating.value is not None:
            rows.append(
                {
                    "session_id": one.session.id,
                    "rater_id": one.session.rater_id,
                    "test_case": context.test_case.name,
                    "model": context.candidate.model,
                    "response_id": context.response.id,
                    "criterion": one.rating.criterion,
                    "value": float(one.rating.value),
                }
            )
    return rows


def _preference_rows(
    rated: list[RatedItem], usable: Mapping[str, ResponseInContext]
) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for one in rated:
        first = usable.get(one.item.response_id)
        second = usable.get(one.item.second_response_id or "")
        if first is not None and second is not None and one.rating.preference is not None:
            rows.append(
                {
                    "session_id": one.session.id,
                    "rater_id": one.session.rater_id,
                    "test_case": first.test_case.name,
                    "criterion": one.rating.criterion,
                    "first_model": first.candidate.model,
                    "second_model": second.candidate.model,
                    "first_response_id": first.response.id,
                    "second_response_id": second.response.id,
                    "preference": one.rating.preference.value,
                }
            )
    return rows


def _judgment_rows(
    session: Session, usable: Mapping[str, ResponseInContext]
) -> list[dict[str, object]]:
    judgments = Judgments(session)
    judges = judgments.judges_of(list(usable))
    names = _names(judges)
    rows: list[dict[str, object]] = []
    for judge in judges:
        # A judgment on newer references takes the place of the older one, which stays stored.
        newest = {
            one.response_id: one
            for one in judgments.of_judge(judge.id, usable)
            if one.status is CallStatus.OK
        }
        for response_id, judgment in newest.items():
            context = usable[response_id]
            rows.append(
                {
                    "judge": names[judge.id],
                    "test_case": context.test_case.name,
                    "model": context.candidate.model,
                    "response_id": response_id,
                    "sample_index": context.response.sample_index,
                    "score": judgment.score,
                    "scale_min": judge.scale_min,
                    "scale_max": judge.scale_max,
                }
            )
    return rows


def _names(judges: list[Judge]) -> dict[str, str]:
    """A name for each judge that tells it from the others: label, model, if need be a number."""
    names: dict[str, str] = {}
    for judge in judges:
        name = f"{judge.label} by {judge.model}" if judge.model else judge.label
        same = sum(1 for other in names.values() if other.split(" #")[0] == name)
        names[judge.id] = f"{name} #{same + 1}" if same else name
    return names
