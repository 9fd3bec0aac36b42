"""What importing needs: what was imported before, what it can be matched with, and bulk storing."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, SQLModel, col, select

from db.tables import (
    Campaign,
    Candidate,
    ImportRecord,
    Origin,
    Rater,
    RatingSession,
    Response,
    Study,
    StudyVersion,
)


@dataclass(frozen=True, slots=True)
class KnownResponse:
    """A response that an imported file may refer to by the id of the tool that wrote it."""

    id: str
    test_case_id: str
    model: str


class Imports:
    """Queries for importing within one transaction."""

    def __init__(self, session: Session) -> None:
        self.session = session

    def add_study(self, name: str, actor: str) -> Study | None:
        """Store a new study; none when another transaction took the name at the same moment."""
        study = Study(name=name, created_by=actor)
        try:
            with self.session.begin_nested():
                self.session.add(study)
        except IntegrityError:
            return None
        return study

    def locked_study(self, name: str) -> Study | None:
        """The study of that name, held so that no other import changes it until we are done."""
        query = select(Study).where(Study.name == name).with_for_update()
        return self.session.exec(query).first()

    def record_of(self, study_id: str, file_hash: str) -> ImportRecord | None:
        """The first import of the very same file into the study."""
        query = select(ImportRecord).where(
            ImportRecord.study_id == study_id, ImportRecord.file_hash == file_hash
        )
        return self.session.exec(query.order_by(col(ImportRecord.imported_at))).first()

    def latest_record(self, study_id: str, layout: str) -> ImportRecord | None:
        """The newest import of that layout into the study."""
        query = select(ImportRecord).where(
            ImportRecord.study_id == study_id, ImportRecord.layout == layout
        )
        return self.session.exec(query.order_by(col(ImportRecord.imported_at).desc())).first()

    def known_responses(self, study_id: str) -> dict[str, KnownResponse]:
        """The study's imported responses by the id of the tool that wrote them."""
        rows = self.session.exec(
            select(Response.id, Response.external_id, Response.test_case_id, Candidate.model)
            .join(Candidate, col(Candidate.id) == col(Response.candidate_id))
            .where(
                Response.study_id == study_id,
                Response.origin == Origin.IMPORTED,
                col(Response.external_id).is_not(None),
            )
        ).all()
        return {
            external_id: KnownResponse(row_id, case_id, model)
            for row_id, external_id, case_id, model in rows
            if external_id is not None
        }

    def imported_campaign(self, study_id: str) -> Campaign | None:
        """The campaign that holds the study's imported ratings."""
        query = (
            select(Campaign)
            .join(StudyVersion, col(StudyVersion.id) == col(Campaign.study_version_id))
            .where(StudyVersion.study_id == study_id, Campaign.origin == Origin.IMPORTED)
        )
        return self.session.exec(query.order_by(col(Campaign.opened_at))).first()

    def rater_ids(self, campaign_id: str) -> dict[str, str]:
        """The campaign's raters: the name in the files to the id of the row."""
        rows = self.session.exec(
            select(Rater.external_id, Rater.id).where(Rater.campaign_id == campaign_id)
        ).all()
        return {name: row_id for name, row_id in rows if name is not None}

    def session_names(self, campaign_id: str) -> frozenset[str]:
        """What recognises the submissions that the campaign holds."""
        rows = self.session.exec(
            select(RatingSession.external_id).where(RatingSession.campaign_id == campaign_id)
        ).all()
        return frozenset(name for name in rows if name is not None)

    def add(self, row: SQLModel) -> None:
        """Store one row now."""
        self.session.add(row)
        self.session.flush()

    def add_many(self, table: type[SQLModel], rows: Sequence[dict[str, Any]]) -> None:
        """Store many rows at once; each names every column that has no null."""
        if rows:
            self.session.connection().execute(insert(table), rows)
