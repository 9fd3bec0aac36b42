"""Studies, their versions and what a version is made of."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import func
from sqlmodel import Session, col, select

from db.tables import (
    Candidate,
    PromptTemplate,
    Study,
    StudyVersion,
    StudyVersionCandidate,
    StudyVersionTestCase,
    TestCase,
)

Row = TypeVar("Row", PromptTemplate, TestCase, Candidate)


@dataclass(frozen=True, slots=True)
class VersionContent:
    """A study version with everything it is made of, in its order."""

    study: Study
    version: StudyVersion
    template: PromptTemplate
    test_cases: tuple[TestCase, ...]
    candidates: tuple[Candidate, ...]
    reference_ids: frozenset[str]

    @property
    def reference(self) -> Candidate | None:
        """The model to be replaced; none when the version names none."""
        return next((one for one in self.candidates if one.id in self.reference_ids), None)


class Studies:
    """Queries over studies within one transaction."""

    def __init__(self, session: Session) -> None:
        self.session = session

    def all(self) -> Sequence[Study]:
        """Every study, newest first."""
        return self.session.exec(select(Study).order_by(col(Study.created_at).desc())).all()

    def by_name(self, name: str) -> Study | None:
        """The study of that name."""
        return self.session.exec(select(Study).where(Study.name == name)).first()

    def get(self, study_id: str) -> Study | None:
        """The study of that id."""
        return self.session.get(Study, study_id)

    def lock(self, study_id: str) -> None:
        """Let nobody else lock the study until the commit; SQLite has one writer anyway."""
        query = select(Study.id).where(Study.id == study_id).with_for_update(key_share=True)
        self.session.exec(query).first()

    def versions(self, study_id: str) -> Sequence[StudyVersion]:
        """All versions of a study, newest first."""
        query = select(StudyVersion).where(StudyVersion.study_id == study_id)
        return self.session.exec(query.order_by(col(StudyVersion.number).desc())).all()

    def latest_version(self, study_id: str) -> StudyVersion | None:
        """The version with the highest number."""
        return next(iter(self.versions(study_id)), None)

    def next_number(self, study_id: str) -> int:
        """The number that a new version gets."""
        query = select(func.max(StudyVersion.number)).where(StudyVersion.study_id == study_id)
        return (self.session.exec(query).first() or 0) + 1

    def version(self, version_id: str) -> StudyVersion | None:
        """The version of that id."""
        return self.session.get(StudyVersion, version_id)

    def content(self, version: StudyVersion) -> VersionContent:
        """A version with everything it is made of."""
        links = self.session.exec(
            select(StudyVersionCandidate, Candidate)
            .join(Candidate, col(Candidate.id) == col(StudyVersionCandidate.candidate_id))
            .where(StudyVersionCandidate.study_version_id == version.id)
            .order_by(col(StudyVersionCandidate.position))
        ).all()
        cases = self.session.exec(
            select(TestCase)
            .join(StudyVersionTestCase, col(TestCase.id) == col(StudyVersionTestCase.test_case_id))
            .where(StudyVersionTestCase.study_version_id == version.id)
            .order_by(col(StudyVersionTestCase.position))
        ).all()
        return VersionContent(
            study=self.session.get_one(Study, version.study_id),
            version=version,
            template=self.session.get_one(PromptTemplate, version.prompt_template_id),
            test_cases=tuple(cases),
            candidates=tuple(candidate for _, candidate in links),
            reference_ids=frozenset(link.candidate_id for link, _ in links if link.is_reference),
        )

    def template(self, study_id: str, text: str, text_hash: str) -> PromptTemplate:
        """The stored template with that text; stored now if it is new."""
        found = self.session.exec(
            select(PromptTemplate).where(
                PromptTemplate.study_id == study_id, PromptTemplate.text_hash == text_hash
            )
        ).first()
        return found or self._add(PromptTemplate(study_id=study_id, text=text, text_hash=text_hash))

    def test_case(
        self,
        study_id: str,
        name: str,
        values: dict[str, str],
        values_hash: str,
        external_id: str | None = None,
    ) -> TestCase:
        """The stored test case with those values; stored now if it is new."""
        found = self.session.exec(
            select(TestCase).where(
                TestCase.study_id == study_id, TestCase.values_hash == values_hash
            )
        ).first()
        return found or self._add(
            TestCase(
                study_id=study_id,
                name=name,
                values=values,
                values_hash=values_hash,
                external_id=external_id,
            )
        )

    def candidate(
        self, study_id: str, model: str, parameters: dict[str, Any], parameters_hash: str
    ) -> Candidate:
        """The stored candidate with that model and parameters; stored now if it is new."""
        found = self.session.exec(
            select(Candidate).where(
                Candidate.study_id == study_id,
                Candidate.model == model,
                Candidate.parameters_hash == parameters_hash,
            )
        ).first()
        return found or self._add(
            Candidate(
                study_id=study_id,
                model=model,
                parameters=parameters,
                parameters_hash=parameters_hash,
            )
        )

    def link(
        self,
        version: StudyVersion,
        test_cases: Sequence[TestCase],
        candidates: Sequence[tuple[Candidate, bool]],
    ) -> None:
        """Say what a new version is made of; the flag marks the reference."""
        for position, case in enumerate(test_cases):
            self.session.add(
                StudyVersionTestCase(
                    study_version_id=version.id, test_case_id=case.id, position=position
                )
            )
        for position, (candidate, is_reference) in enumerate(candidates):
            self.session.add(
                StudyVersionCandidate(
                    study_version_id=version.id,
                    candidate_id=candidate.id,
                    is_reference=is_reference,
                    position=position,
                )
            )

    def _add(self, row: Row) -> Row:
        self.session.add(row)
        self.session.flush()
        return row
