"""How the judging of a study goes on as a whole, in a few cheap queries."""

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Select, func
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select

from db.tables import (
    CallStatus,
    Exclusion,
    Judge,
    Judgment,
    JudgmentPurpose,
    Response,
    Run,
    RunStatus,
    StudyVersion,
    Subject,
)


class JudgeRun(NamedTuple):
    """A run of a judge, by the identity of the judge."""

    judge_id: str
    identity: str
    run_id: str
    status: RunStatus


class JudgingOverview:
    """Queries over all judges of one study within one transaction."""

    def __init__(self, session: Session, study_id: str) -> None:
        self.session = session
        self.study_id = study_id

    def runs(self) -> list[JudgeRun]:
        """Every run of a judge that the study has had, oldest first."""
        query = (
            select_columns(col(Judge.id), col(Judge.identity), col(Run.id), col(Run.status))
            .join(Judge, col(Judge.id) == col(Run.judge_id))
            .where(col(Run.study_version_id).in_(self._version_ids))
            .order_by(col(Run.requested_at), col(Run.id))
        )
        return [JudgeRun(*row) for row in self.session.connection().execute(query)]

    def responses_stamp(self) -> str:
        """Something that is another whenever other responses can be judged."""
        responses = select_columns(func.count(), func.max(Response.completed_at)).where(
            col(Response.study_id) == self.study_id, col(Response.status) == CallStatus.OK
        )
        exclusions = select_columns(func.count()).where(col(Exclusion.subject) == Subject.RESPONSE)
        versions = select_columns(func.max(StudyVersion.number)).where(
            col(StudyVersion.study_id) == self.study_id
        )
        found = [
            tuple(self.session.connection().execute(query).one())
            for query in (responses, exclusions, versions)
        ]
        return repr(found)

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

    def usual_failure(self, judge_id: str, kinds: Collection[str]) -> str | None:
        """The sentence stored with most of what a judge failed at here by these kinds."""
        query = (
            select(Judgment.error_message)
            .join(Response, col(Response.id) == col(Judgment.response_id))
            .where(
                Judgment.judge_id == judge_id,
                Response.study_id == self.study_id,
                Judgment.status == CallStatus.FAILED,
                Judgment.purpose == JudgmentPurpose.SCORE,
                col(Judgment.error_kind).in_(kinds),
            )
            .group_by(col(Judgment.error_message))
            .order_by(func.count().desc(), col(Judgment.error_message))
        )
        return self.session.exec(query).first()

    @property
    def _version_ids(self) -> Select[Any]:
        return select_columns(col(StudyVersion.id)).where(
            col(StudyVersion.study_id) == self.study_id
        )
