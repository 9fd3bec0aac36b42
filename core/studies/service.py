"""Make a study, save a new version of it, freeze a version, read one back."""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlmodel import Session

from core.errors import InvalidInputError, NotFoundError
from core.studies.definition import (
    Case,
    StudyDefinition,
    document_hash,
    text_hash,
)
from core.studies.parameters import shared_parameters
from core.studies.rubric import rubric_of
from core.studies.template import UNKNOWN_PROMPT
from db.engine import Database
from db.repositories import audits
from db.repositories.studies import Studies, VersionContent
from db.tables import Study, StudyVersion
from db.types import utc_now


@dataclass(frozen=True, slots=True)
class StudySummary:
    """A study as a list shows it."""

    id: str
    name: str
    created_at: datetime
    created_by: str
    version_id: str
    version_number: int
    frozen: bool


def create_study(database: Database, definition: StudyDefinition, actor: str) -> VersionContent:
    """Store a new study with its first version.

    Raises:
        InvalidInputError: the definition cannot be taken, or the name is in use.
    """
    checked = definition.checked()
    with database.write() as session:
        studies = Studies(session)
        if studies.by_name(checked.name):
            raise InvalidInputError(
                f"A study named {checked.name!r} exists; choose another name or open that one."
            )
        study = Study(name=checked.name, created_by=actor)
        session.add(study)
        session.flush()
        return _add_version(session, study, checked, actor)


def save_version(
    database: Database, study_id: str, definition: StudyDefinition, actor: str
) -> VersionContent:
    """Store the study's next version; what was collected under earlier ones stays as it is.

    Saving what the newest version already says stores nothing and gives that version back.

    Raises:
        InvalidInputError: the definition cannot be taken.
        NotFoundError: there is no such study.
    """
    checked = definition.checked()
    with database.write() as session:
        studies = Studies(session)
        studies.lock(study_id)
        study = studies.get(study_id)
        latest = studies.latest_version(study_id)
        if study is None or latest is None:
            raise NotFoundError(f"There is no study {study_id!r}; pick one from the list.")
        if checked.name != study.name:
            raise InvalidInputError(
                f"The study is named {study.name!r}; a version cannot rename it."
            )
        content = studies.content(latest)
        if checked.means_the_same_as(definition_of(content)):
            return content
        return _add_version(session, study, checked, actor)


def add_candidate(database: Database, study_id: str, model: str, actor: str) -> VersionContent:
    """Store the study's next version, with one candidate more.

    Raises:
        InvalidInputError: the model cannot be taken, or the study has it.
        NotFoundError: there is no such study.
    """
    definition = definition_of(newest_version(database, study_id))
    more = replace(definition, candidates=(*definition.candidates, model))
    return save_version(database, study_id, more, actor)


def newest_version(database: Database, study_id: str) -> VersionContent:
    """The study's newest version with its content.

    Raises:
        NotFoundError: there is no such study.
    """
    with database.read() as session:
        return newest_content(session, study_id)


def newest_content(session: Session, study_id: str, *, lock: bool = False) -> VersionContent:
    """`newest_version` inside the caller's transaction.

    With ``lock``, others who lock the same study wait until that transaction ends.
    """
    if lock:
        Studies(session).lock(study_id)
    return content_of(session, study_id)


def content_of(session: Session, study_id: str, number: int | None = None) -> VersionContent:
    """The study's version of that number, or its newest, inside the caller's transaction.

    Raises:
        NotFoundError: there is no such study or version.
    """
    studies = Studies(session)
    for version in studies.versions(study_id):
        if number in (None, version.number):
            return studies.content(version)
    if number is None:
        raise NotFoundError(f"There is no study {study_id!r}; pick one from the list.")
    raise NotFoundError(f"The study has no version {number}; pick one from the list.")


def list_studies(database: Database) -> list[StudySummary]:
    """Every study with the number of its newest version, newest study first."""
    with database.read() as session:
        studies = Studies(session)
        summaries = []
        for study in studies.all():
            version = studies.latest_version(study.id)
            if version is not None:
                summaries.append(
                    StudySummary(
                        id=study.id,
                        name=study.name,
                        created_at=study.created_at,
                        created_by=study.created_by,
                        version_id=version.id,
                        version_number=version.number,
                        frozen=version.frozen_at is not None,
                    )
                )
        return summaries


def require_prompt(content: VersionContent, purpose: str) -> None:
    """Check that the study's prompt is known, before somebody is asked to work with it.

    Raises:
        InvalidInputError: the study was imported from a file that does not hold the prompt.
    """
    if content.template.text == UNKNOWN_PROMPT:
        raise InvalidInputError(
            f"The file that this study was imported from does not hold the prompt, so {purpose}; "
            "make a study with the prompt instead."
        )


def freeze(session: Session, version: StudyVersion, actor: str) -> None:
    """Mark that something is collected under this version, inside the caller's transaction."""
    if version.frozen_at is None:
        version.frozen_at = utc_now()
        session.add(version)
        audits.record(
            session,
            actor=actor,
            action="freeze",
            subject="study_version",
            subject_id=version.id,
        )


def definition_of(content: VersionContent) -> StudyDefinition:
    """The definition that a stored version came from."""
    reference = content.reference
    candidates = [one for one in content.candidates if one.id not in content.reference_ids]
    ordered = [*candidates, *([reference] if reference else [])]
    parameters, overrides = shared_parameters(
        [one.parameters for one in ordered], len(candidates) if reference else None
    )
    return StudyDefinition(
        name=content.study.name,
        template=content.template.text,
        test_cases=tuple(Case(case.name, case.values) for case in content.test_cases),
        reference=reference.model if reference else None,
        candidates=tuple(one.model for one in candidates),
        description=content.version.description,
        samples_per_case=content.version.samples_per_case,
        parameters=parameters,
        rubric=rubric_of(content.version.rubric),
        overrides={
            one.model: values for one, values in zip(ordered, overrides, strict=True) if values
        },
    )


def _add_version(
    session: Session, study: Study, checked: StudyDefinition, actor: str
) -> VersionContent:
    studies = Studies(session)
    template = studies.template(study.id, checked.template, text_hash(checked.template))
    version = StudyVersion(
        study_id=study.id,
        number=studies.next_number(study.id),
        description=checked.description,
        prompt_template_id=template.id,
        samples_per_case=checked.samples_per_case,
        rubric=checked.rubric.document(),
        created_by=actor,
    )
    session.add(version)
    session.flush()
    cases = [
        studies.test_case(study.id, case.name, case.values, document_hash([case.name, case.values]))
        for case in checked.test_cases
    ]
    candidates = [
        studies.candidate(study.id, model, document, document_hash(document))
        for model, document in checked.documents().items()
    ]
    studies.link(version, cases, [(one, one.model == checked.reference) for one in candidates])
    audits.record(
        session,
        actor=actor,
        action="save",
        subject="study_version",
        subject_id=version.id,
        after={"study": study.name, "number": version.number},
    )
    session.flush()
    return studies.content(version)
