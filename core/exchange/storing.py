"""Storing a file that makes a study of its own, in one transaction."""

from dataclasses import dataclass
from typing import Any

from sqlmodel import Session

from core.errors import InvalidInputError
from core.exchange.content import ImportedStudy
from core.exchange.ratings import add_campaign, add_sessions
from core.exchange.report import ImportReport, Tally
from core.exchange.storable import is_storable
from core.studies.definition import document_hash, text_hash
from db.engine import Database
from db.repositories import audits
from db.repositories.imports import Imports
from db.repositories.studies import Studies
from db.tables import (
    CallStatus,
    ImportRecord,
    Origin,
    PromptTemplate,
    Response,
    Study,
    StudyVersion,
)
from db.types import new_id, utc_now

CONFIGURATION = "configuration"
"""Where the record of an import keeps what result files are matched with."""


@dataclass(frozen=True, slots=True)
class Provenance:
    """Which file an import came from and who asked for it."""

    file_name: str
    file_hash: str
    layout: str
    actor: str


def checked_name(name: str, source: Provenance) -> str:
    """The study's name, trimmed.

    Raises:
        InvalidInputError: it is blank, too long, or cannot be stored.
    """
    trimmed = name.strip()
    if not 1 <= len(trimmed) <= 200 or not is_storable(trimmed):
        raise InvalidInputError(
            f"The study name {trimmed[:40]!r} for {source.file_name} must have 1 to 200 printable "
            "characters; choose another name with --study."
        )
    return trimmed


def store_study(
    database: Database, imported: ImportedStudy, study_name: str | None, source: Provenance
) -> ImportReport:
    """Store the study with everything in it; the very same file again stores nothing.

    Raises:
        InvalidInputError: the name cannot be taken, or another study has it.
    """
    name = checked_name((study_name or "").strip() or imported.suggested_name, source)
    with database.write() as session:
        imports = Imports(session)
        existing = imports.locked_study(name)
        if existing is not None:
            return _repeated(imports, existing, source)
        study = imports.add_study(name, source.actor)
        if study is None:
            raise _name_in_use(name)
        _Writer(session, study, imported, source).write()
        report = imported.tally.report(study=name, study_id=study.id, layout=source.layout)
        add_record(session, report, source, imported.configuration)
    return report


def add_record(
    session: Session,
    report: ImportReport,
    source: Provenance,
    configuration: dict[str, Any] | None = None,
) -> None:
    """Keep what the import did, and audit that it was done."""
    document = report.as_document()
    if configuration is not None:
        document[CONFIGURATION] = configuration
    record = ImportRecord(
        study_id=report.study_id,
        file_name=source.file_name,
        file_hash=source.file_hash,
        layout=source.layout,
        report=document,
        imported_by=source.actor,
    )
    Imports(session).add(record)
    audits.record(
        session,
        actor=source.actor,
        action="import",
        subject="study",
        subject_id=report.study_id,
        after={
            "file": source.file_name,
            "file_hash": source.file_hash,
            "layout": source.layout,
            "taken": report.taken,
            "left": report.left,
        },
    )


def _repeated(imports: Imports, study: Study, source: Provenance) -> ImportReport:
    record = imports.record_of(study.id, source.file_hash)
    if record is None:
        raise _name_in_use(study.name)
    day = f"{record.imported_at:%Y-%m-%d}"
    note = f"{source.file_name} was already imported into {study.name!r} on {day}; nothing is new."
    tally = Tally(notes=[note])
    return tally.report(study=study.name, study_id=study.id, layout=source.layout)


def _name_in_use(name: str) -> InvalidInputError:
    return InvalidInputError(f"A study named {name!r} exists; choose another name with --study.")


class _Writer:
    """Writes one study row by row inside the caller's transaction."""

    def __init__(
        self, session: Session, study: Study, imported: ImportedStudy, source: Provenance
    ) -> None:
        self._session = session
        self._imports = Imports(session)
        self._study = study
        self._imported = imported
        self._source = source

    def write(self) -> None:
        """Store the version with its parts, the responses, then the ratings."""
        studies, imported = Studies(self._session), self._imported
        template = studies.template(self._study.id, imported.template, text_hash(imported.template))
        version = self._add_version(template)
        cases = [
            studies.test_case(
                self._study.id,
                case.name,
                case.values,
                # As the studies service hashes it, so that a later version finds the same row.
                document_hash([case.name, case.values]),
                case.external_id,
            )
            for case in imported.cases
        ]
        # Like a study made here: the reference stands last.
        models = sorted(imported.models, key=lambda model: model == imported.reference)
        candidates = {
            model: studies.candidate(self._study.id, model, {}, document_hash({}))
            for model in models
        }
        studies.link(
            version,
            cases,
            [(row, model == imported.reference) for model, row in candidates.items()],
        )
        self._session.flush()
        response_ids = self._add_responses(
            template,
            [case.id for case in cases],
            {model: row.id for model, row in candidates.items()},
        )
        imported.tally.taken.update(
            test_cases=len(cases), candidates=len(candidates), responses=len(response_ids)
        )
        if imported.sessions:
            self._add_ratings(version, response_ids)

    def _add_version(self, template: PromptTemplate) -> StudyVersion:
        now = utc_now()
        version = StudyVersion(
            study_id=self._study.id,
            number=1,
            description=self._imported.description,
            prompt_template_id=template.id,
            samples_per_case=self._imported.samples_per_case,
            rubric=self._imported.rubric.document(),
            frozen_at=now,
            created_at=now,
            created_by=self._source.actor,
        )
        self._imports.add(version)
        return version

    def _add_responses(
        self, template: PromptTemplate, case_ids: list[str], candidate_ids: dict[str, str]
    ) -> dict[str, str]:
        """The id of every stored response by its key."""
        now = utc_now()
        ids = {response.key: new_id() for response in self._imported.responses}
        rows: list[dict[str, Any]] = [
            {
                "id": ids[response.key],
                "study_id": self._study.id,
                "prompt_template_id": template.id,
                "test_case_id": case_ids[response.case],
                "candidate_id": candidate_ids[response.model],
                "sample_index": response.sample_index,
                "status": CallStatus.OK,
                "origin": Origin.IMPORTED,
                "external_id": response.external_id,
                "text": response.text,
                "provider_figures": {},
                "created_at": now,
            }
            for response in self._imported.responses
        ]
        self._imports.add_many(Response, rows)
        return ids

    def _add_ratings(self, version: StudyVersion, response_ids: dict[str, str]) -> None:
        sessions = self._imported.sessions
        campaign = add_campaign(
            self._imports,
            version,
            name=f"Imported: {self._study.name}"[:200],
            instructions="",
            items_per_session=max(len(one.items) for one in sessions),
            response_ids=list(response_ids.values()),
            actor=self._source.actor,
        )
        add_sessions(self._imports, campaign, sessions, response_ids, self._imported.tally)
