"""How the judging of a study goes on as a whole, in a few cheap queries."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, func
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select

from db.tables import (
    CallStatus,
    Exclusion,
    Judge,
    JudgeSetup,
    Judgment,
    JudgmentPurpose,
    Response,
    Run,
    RunKind,
    RunStatus,
    StudyVersion,
    Subject,
)


class JudgingOverview:
    """Queries over all judges of one study within one transaction."""

    def __init__(self, session: Session, study_id: str) -> None:
        self.session = session
        self.study_id = study_id

    def active_judge_ids(self) -> frozenset[str]:
        """The judges whose run is still going on."""
        query = select(Run.judge_id).where(
            col(Run.study_version_id).in_(self._version_ids),
            Run.kind == RunKind.JUDGING,
            col(Run.status).in_((RunStatus.QUEUED, RunStatus.RUNNING)),
        )
        return frozenset(one for one in self.session.exec(query) if one is not None)

    def stamp(self) -> tuple[object, ...]:
        """Something that is another whenever a plan of the study's judges may have become another.

        Judgments change while a run goes on, too; the stamp only tells when one begins or ends.
        """
        runs = select_columns(col(Run.id), col(Run.status)).where(
            col(Run.study_version_id).in_(self._version_ids)
        )
        responses = select_columns(func.count(), func.max(Response.completed_at)).where(
            col(Response.study_id) == self.study_id, col(Response.status) == CallStatus.OK
        )
        setups = select_columns(func.count()).where(col(JudgeSetup.study_id) == self.study_id)
        exclusions = select_columns(func.count()).where(col(Exclusion.subject) == Subject.RESPONSE)
        versions = select_columns(func.max(StudyVersion.number)).where(
            col(StudyVersion.study_id) == self.study_id
        )
        rows = [
            tuple(row)
            for query in (runs.order_by(col(Run.id)), responses, setups, exclusions, versions)
            for row in self.session.connection().execute(query)
        ]
        return tuple(rows)

    def judgments_made(self, judge_name: str) -> Sequence[tuple[Judge, int]]:
        """Every stored judge of that name, oldest first, and how many scores it has made here."""
        query = (
            select(Judge, func.count())
            .join(Judgment, col(Judgment.judge_id) == col(Judge.id))
            .join(Response, col(Response.id) == col(Judgment.response_id))
            .where(
                Judge.name == judge_name,
                Response.study_id == self.study_id,
                Judgment.status == CallStatus.OK,
                Judgment.purpose == JudgmentPurpose.SCORE,
            )
            .group_by(col(Judge.id))
            .order_by(col(Judge.created_at))
        )
        return self.session.exec(query).all()

    @property
    def _version_ids(self) -> Select[Any]:
        return select_columns(col(StudyVersion.id)).where(
            col(StudyVersion.study_id) == self.study_id
        )
