"""What a study has brought so far, as the frames that the analysis takes."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd
from sqlmodel import Session

from core.analysis.frames import PREFERENCES, RATINGS
from core.judging.judged import judged_frame
from core.studies.rubric import Rubric, rubric_of
from core.studies.service import content_of
from db.engine import Database
from db.repositories.counting import started_sessions
from db.repositories.exclusions import excluded_ids
from db.repositories.rating import Campaigns, RatedItem, complete_ratings
from db.repositories.responses import ResponseInContext, Responses
from db.repositories.results_stamp import Stamp as Stamp
from db.repositories.results_stamp import results_stamp
from db.repositories.studies import Studies, VersionContent
from db.tables import AnswerStatus, Subject


@dataclass(frozen=True, slots=True)
class SessionCounts:
    """Sessions that rated this version's responses, by whether they count.

    Only complete ones that nobody excluded, and that answered the version's own question, do.
    """

    counted: int
    excluded: int
    incomplete: int
    other_question: int


@dataclass(frozen=True, slots=True)
class StudyResults:
    """All rows that count for a study's newest version.

    ``ratings``, ``preferences`` and ``judgments`` fulfil the contracts of `core.analysis.frames`;
    ``scales`` maps a judge's name in ``judgments`` to the ends of its scale. ``cannot_judge`` is
    how many items that count were answered with "I cannot judge this", which gives no row.
    """

    content: VersionContent
    ratings: pd.DataFrame
    preferences: pd.DataFrame
    judgments: pd.DataFrame
    sessions: SessionCounts
    cannot_judge: int

    @property
    def rubric(self) -> Rubric:
        """What people and judges of this version are asked."""
        return rubric_of(self.content.version.rubric)

    @property
    def rating_scale(self) -> tuple[float, float]:
        """``(worst, best)`` of people's scores."""
        scale = self.rubric.scale
        return (float(scale.minimum), float(scale.maximum))

    @property
    def reference_model(self) -> str | None:
        """The model to be replaced, as ``provider/model``."""
        return self.content.reference.model if self.content.reference else None

    @property
    def scales(self) -> Mapping[str, tuple[float, float]]:
        """``judge -> (worst, best)``."""
        ends = self.judgments.groupby("judge")[["scale_min", "scale_max"]].first()
        return {str(judge): (low, high) for judge, low, high in ends.itertuples()}


def load_results(
    database: Database,
    study_id: str,
    version_number: int | None = None,
    *,
    ignoring_rules: frozenset[str] = frozenset(),
    with_gates: bool = True,
) -> StudyResults:
    """Read everything that counts for a version of the study, the newest by default.

    What only ``ignoring_rules`` leave out counts too, to see what those rules change. Without
    gates, responses that fail a gate check keep the scores that judges gave them.

    Raises:
        NotFoundError: there is no such study.
    """
    with database.read() as session:
        content = content_of(session, study_id, version_number)
        responses = Responses(session).usable(content, ignoring_rules=ignoring_rules)
        usable = {one.response.id: one for one in responses}
        answers = _Answers.read(session, content, usable, ignoring_rules)
        return StudyResults(
            content=content,
            ratings=RATINGS.frame(_rating_rows(answers.counted, usable)),
            preferences=PREFERENCES.frame(_preference_rows(answers.counted, usable)),
            judgments=judged_frame(session, content, responses, with_gates=with_gates),
            sessions=answers.sessions,
            cannot_judge=answers.cannot_judge,
        )


def stamp_of_results(database: Database, study_id: str) -> Stamp:
    """Something that is another whenever `load_results` could give something else."""
    with database.read() as session:
        return results_stamp(session, study_id)


@dataclass(frozen=True, slots=True)
class _Answers:
    counted: list[RatedItem]
    sessions: SessionCounts

    @property
    def cannot_judge(self) -> int:
        """How many of the items were not judged, by a rater who said so."""
        unjudged = (one for one in self.counted if one.rating.status is AnswerStatus.CANNOT_JUDGE)
        return len({one.item.id for one in unjudged})

    @classmethod
    def read(
        cls,
        session: Session,
        content: VersionContent,
        usable: Mapping[str, ResponseInContext],
        ignoring_rules: frozenset[str],
    ) -> "_Answers":
        """People's answers about the usable responses, and how many sessions they came from."""
        rubric = rubric_of(content.version.rubric)
        asking_the_same = {
            one.id
            for one in Studies(session).versions(content.study.id)
            if rubric.asks_the_same_as(rubric_of(one.rubric))
        }
        campaigns = Campaigns(session).of_study(content.study.id)
        # Scores that answer different questions must not be averaged.
        same = [one.id for one in campaigns if one.study_version_id in asking_the_same]
        other = [one.id for one in campaigns if one.id not in same]
        rated = [one for one in complete_ratings(session, same) if _is_about(one, usable)]
        excluded = _Excluded.read(session, ignoring_rules)
        counted = [one for one in rated if excluded.counts(one)]
        complete = {one.session.id for one in rated}
        left_out = {one.session.id for one in rated if not excluded.counts_session(one)}
        return cls(
            counted=counted,
            sessions=SessionCounts(
                counted=len(complete - left_out),
                excluded=len(left_out),
                incomplete=started_sessions(session, same, usable),
                other_question=len(
                    {
                        one.session.id
                        for one in complete_ratings(session, other)
                        if _is_about(one, usable)
                    }
                ),
            ),
        )


@dataclass(frozen=True, slots=True)
class _Excluded:
    sessions: frozenset[str]
    raters: frozenset[str]
    ratings: frozenset[str]

    @classmethod
    def read(cls, session: Session, ignoring_rules: frozenset[str]) -> "_Excluded":
        return cls(
            sessions=excluded_ids(session, Subject.SESSION, ignoring_rules),
            raters=excluded_ids(session, Subject.RATER, ignoring_rules),
            ratings=excluded_ids(session, Subject.RATING, ignoring_rules),
        )

    def counts_session(self, one: RatedItem) -> bool:
        return one.session.id not in self.sessions and one.session.rater_id not in self.raters

    def counts(self, one: RatedItem) -> bool:
        return self.counts_session(one) and one.rating.id not in self.ratings


def _is_about(one: RatedItem, usable: Mapping[str, ResponseInContext]) -> bool:
    """Whether the item showed one of the responses, and not a text that was planted."""
    planted = one.item.control_id or one.item.second_control_id
    return planted is None and one.item.response_id in usable


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
