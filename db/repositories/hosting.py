"""Models on our own machines: pulls, the digests that studies pinned, warm-ups, who needs what."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, func, insert, or_, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from db.tables import (
    Candidate,
    Judge,
    ModelPin,
    ModelPull,
    PullStatus,
    Study,
    StudyVersion,
    StudyVersionCandidate,
    WarmUp,
    WarmUpStatus,
)

ACTIVE_PULLS = (PullStatus.QUEUED, PullStatus.RUNNING)


class Hosting:
    """Queries over hosted models within one transaction."""

    def __init__(self, session: Session) -> None:
        self.session = session

    def pull(self, pull_id: str) -> ModelPull | None:
        """The pull of that id."""
        return self.session.get(ModelPull, pull_id)

    def active_pull(self, model: str) -> ModelPull | None:
        """The pull of that model that is queued or running."""
        query = select(ModelPull).where(
            ModelPull.model == model, col(ModelPull.status).in_(ACTIVE_PULLS)
        )
        return self.session.exec(query.order_by(col(ModelPull.requested_at))).first()

    def was_begun(self, model: str) -> bool:
        """Whether some pull of that model told of bytes, which may be on the disk still."""
        query = select(ModelPull.id).where(
            ModelPull.model == model, col(ModelPull.completed_bytes) > 0
        )
        return self.session.exec(query).first() is not None

    def newest_pulls(self) -> list[ModelPull]:
        """The newest pull of each model, newest first."""
        newest: dict[str, ModelPull] = {}
        query = select(ModelPull).order_by(col(ModelPull.requested_at).desc())
        for pull in self.session.exec(query):
            newest.setdefault(pull.model, pull)
        return list(newest.values())

    def waiting_pulls(self, silent_since: datetime) -> Sequence[ModelPull]:
        """Pulls nobody works at, oldest first: queued, or running with no sign of life since."""
        query = select(ModelPull).where(_is_waiting(silent_since))
        return self.session.exec(query.order_by(col(ModelPull.requested_at))).all()

    def take_pull(self, pull_id: str, at: datetime, silent_since: datetime) -> bool:
        """Take a waiting pull on oneself; false when another daemon was quicker."""
        result = self.session.connection().execute(
            update(ModelPull)
            .where(col(ModelPull.id) == pull_id, _is_waiting(silent_since))
            .values(
                status=PullStatus.RUNNING,
                started_at=func.coalesce(ModelPull.started_at, at),
                progress_at=at,
            )
        )
        return result.rowcount == 1

    def pin(self, study_id: str, model: str) -> ModelPin | None:
        """The digest that the study pinned for that ``provider/model``."""
        query = select(ModelPin).where(ModelPin.study_id == study_id, ModelPin.model == model)
        return self.session.exec(query).first()

    def pins(self, study_id: str) -> Sequence[ModelPin]:
        """All pins of the study, by model."""
        query = select(ModelPin).where(ModelPin.study_id == study_id)
        return self.session.exec(query.order_by(ModelPin.model)).all()

    def add_pin(self, study_id: str, model: str, digest: str) -> ModelPin:
        """Pin a digest unless one is pinned; gives the pin that holds, which may be another's."""
        row = ModelPin(study_id=study_id, model=model, digest=digest)
        try:
            with self.session.begin_nested():
                self.session.connection().execute(insert(ModelPin).values(**row.model_dump()))
        except IntegrityError:
            pass  # Another daemon pinned it a moment ago.
        pin = self.pin(study_id, model)
        assert pin is not None  # noqa: S101  pins are never removed, and one was there or is now
        return pin

    def add_warm_up(self, warm_up: WarmUp) -> None:
        """Store a load or a warm-up request."""
        self.session.add(warm_up)

    def warm_ups(self, limit: int) -> Sequence[WarmUp]:
        """The newest loads and warm-up requests, newest first."""
        query = select(WarmUp).order_by(col(WarmUp.sent_at).desc(), col(WarmUp.number).desc())
        return self.session.exec(query.limit(limit)).all()

    def latest_loads(self, host: str) -> dict[str, WarmUp]:
        """The newest load of each model on that host that told of memory, by model."""
        query = (
            select(WarmUp)
            .where(
                WarmUp.host == host,
                WarmUp.status == WarmUpStatus.OK,
                col(WarmUp.memory_bytes).is_not(None),
            )
            .order_by(col(WarmUp.sent_at))
        )
        return {warm_up.model: warm_up for warm_up in self.session.exec(query)}

    def needed_by_studies(self) -> list[tuple[str, str]]:
        """``(model, study's name)`` of every model in the newest version of a study."""
        newest = (
            select(StudyVersion.study_id, func.max(StudyVersion.number).label("number"))
            .group_by(col(StudyVersion.study_id))
            .subquery()
        )
        query = (
            select(Candidate.model, Study.name)
            .join(StudyVersionCandidate, col(StudyVersionCandidate.candidate_id) == Candidate.id)
            .join(StudyVersion, col(StudyVersion.id) == StudyVersionCandidate.study_version_id)
            .join(
                newest,
                (newest.c.study_id == StudyVersion.study_id)
                & (newest.c.number == StudyVersion.number),
            )
            .join(Study, col(Study.id) == StudyVersion.study_id)
            .order_by(Candidate.model, Study.name)
        )
        return [(model, study) for model, study in self.session.exec(query)]

    def needed_by_judges(self) -> list[tuple[str, str]]:
        """``(model, judge's label)`` of every judge that calls a model."""
        query = select(Judge.model, Judge.label).where(col(Judge.model).is_not(None)).distinct()
        return [(model, label) for model, label in self.session.exec(query) if model]


def _is_waiting(silent_since: datetime) -> ColumnElement[bool]:
    return or_(
        col(ModelPull.status) == PullStatus.QUEUED,
        (col(ModelPull.status) == PullStatus.RUNNING) & (col(ModelPull.progress_at) < silent_since),
    )
