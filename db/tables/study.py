"""A study, its frozen versions, and what a version is made of."""

from datetime import datetime
from typing import Any, ClassVar

from sqlmodel import Field, SQLModel, UniqueConstraint

from db.types import json_field, key_field, moment_field


class Study(SQLModel, table=True):
    """One evaluation of one product feature."""

    id: str = key_field()
    name: str = Field(unique=True, max_length=200)
    created_at: datetime = moment_field()
    created_by: str


class PromptTemplate(SQLModel, table=True):
    """The text with ``{{placeholders}}`` that test cases fill. Immutable: one row a text."""

    __tablename__ = "prompt_template"
    __table_args__ = (UniqueConstraint("study_id", "text_hash"),)

    id: str = key_field()
    study_id: str = Field(foreign_key="study.id", index=True)
    text: str
    text_hash: str = Field(max_length=64)
    created_at: datetime = moment_field()


class TestCase(SQLModel, table=True):
    """One named filling of the prompt template. Immutable: another name is another row."""

    # The field's word begins as the names of test classes do; this is none.
    __test__: ClassVar[bool] = False
    __tablename__ = "test_case"
    __table_args__ = (UniqueConstraint("study_id", "values_hash"),)

    id: str = key_field()
    study_id: str = Field(foreign_key="study.id", index=True)
    name: str = Field(max_length=200)
    values: dict[str, str] = json_field()
    values_hash: str = Field(max_length=64)
    external_id: str | None = Field(default=None, max_length=200)
    created_at: datetime = moment_field()


class Candidate(SQLModel, table=True):
    """A model with the parameters it is called with. Immutable: other parameters are another row.

    ``model`` is ``provider/model``. ``parameters`` holds ``temperature``, ``top_p``,
    ``max_tokens``, ``seed``, ``system_prompt``; what is absent is left to the provider.
    """

    __table_args__ = (UniqueConstraint("study_id", "model", "parameters_hash"),)

    id: str = key_field()
    study_id: str = Field(foreign_key="study.id", index=True)
    model: str = Field(max_length=300)
    parameters: dict[str, Any] = json_field()
    parameters_hash: str = Field(max_length=64)
    created_at: datetime = moment_field()


class StudyVersion(SQLModel, table=True):
    """One state of a study. ``frozen_at`` is set when something is collected under it.

    ``rubric`` is the document of `core.studies.rubric.Rubric`.
    """

    __tablename__ = "study_version"
    __table_args__ = (UniqueConstraint("study_id", "number"),)

    id: str = key_field()
    study_id: str = Field(foreign_key="study.id", index=True)
    number: int
    description: str = ""
    prompt_template_id: str = Field(foreign_key="prompt_template.id")
    samples_per_case: int
    rubric: dict[str, Any] = json_field()
    frozen_at: datetime | None = moment_field(nullable=True)
    created_at: datetime = moment_field()
    created_by: str


class StudyVersionTestCase(SQLModel, table=True):
    """Which test cases a version holds, in what order."""

    __tablename__ = "study_version_test_case"

    study_version_id: str = Field(foreign_key="study_version.id", primary_key=True)
    test_case_id: str = Field(foreign_key="test_case.id", primary_key=True)
    position: int


class StudyVersionCandidate(SQLModel, table=True):
    """Which candidates a version holds, in what order, and which of them is the reference."""

    __tablename__ = "study_version_candidate"

    study_version_id: str = Field(foreign_key="study_version.id", primary_key=True)
    candidate_id: str = Field(foreign_key="candidate.id", primary_key=True)
    is_reference: bool
    position: int
