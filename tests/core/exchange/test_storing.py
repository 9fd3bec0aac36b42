from typing import Any

import pytest
from sqlmodel import select

from core.errors import InvalidInputError
from core.exchange.original import ImportReport, import_bytes
from core.rating.design import Protocol, design_of
from core.studies.rubric import DEFAULT_QUESTION
from core.studies.service import definition_of, newest_version, save_version
from db import tables
from db.engine import Database
from db.repositories.imports import Imports
from db.tables import (
    Audit,
    CallStatus,
    Candidate,
    ImportRecord,
    Origin,
    PromptTemplate,
    Response,
    Study,
    StudyVersion,
)
from tests.core.exchange import samples
from tests.core.exchange.samples import as_json


def take(database: Database, document: Any, name: str | None = None) -> ImportReport:
    return import_bytes(database, "x.json", as_json(document), study_name=name, actor="ada")


def test_a_study_is_stored_whole_and_frozen(database: Database) -> None:
    report = take(database, samples.data_source())
    assert (report.study, report.layout) == ("Haiku", "data-source")
    assert report.taken == {
        "test_cases": 1,
        "candidates": 2,
        "responses": 4,
        "sessions": 0,
        "items": 0,
        "ratings": 0,
    }
    content = newest_version(database, report.study_id)
    assert content.version.number == 1
    assert content.version.frozen_at is not None
    assert content.version.description == "A poem & no more"
    assert content.version.samples_per_case == 2
    assert content.reference is not None
    assert content.reference.model == "openai/gpt-4"
    assert [one.model for one in content.candidates] == ["ollama/tiny:1b", "openai/gpt-4"]
    with database.read() as session:
        responses = session.exec(select(Response)).all()
    assert {one.text for one in responses} == {"Drip.", "Drop.", "Soft rain falls.", "Grey sky."}
    assert {(one.status, one.origin, one.duration_ns) for one in responses} == {
        (CallStatus.OK, Origin.IMPORTED, None)
    }


def test_the_import_is_recorded_and_audited(database: Database) -> None:
    report = take(database, samples.data_source())
    with database.read() as session:
        (record,) = session.exec(select(ImportRecord)).all()
        (audit,) = session.exec(select(Audit)).all()
    assert record.report == report.as_document()
    assert (record.file_name, len(record.file_hash), record.imported_by) == ("x.json", 64, "ada")
    assert (audit.actor, audit.action, audit.subject_id) == ("ada", "import", report.study_id)


def test_the_very_same_file_again_takes_nothing(database: Database) -> None:
    take(database, samples.data_source())
    again = take(database, samples.data_source())
    assert set(again.taken.values()) == {0}
    assert "was already imported" in again.notes[0]
    with database.read() as session:
        assert len(session.exec(select(Study)).all()) == 1
        assert len(session.exec(select(ImportRecord)).all()) == 1


def test_another_file_under_a_name_in_use_is_refused(database: Database) -> None:
    take(database, samples.data_source())
    with pytest.raises(InvalidInputError, match="'Haiku' exists; choose another name with --study"):
        take(database, samples.data_source(prompt="Another"))
    assert take(database, samples.data_source(prompt="Another"), " Other ").study == "Other"


@pytest.mark.parametrize("name", ["n" * 201, "a\0b"])
def test_a_name_that_cannot_be_stored_is_refused_and_nothing_is_stored(
    database: Database, name: str
) -> None:
    with pytest.raises(InvalidInputError, match="must have 1 to 200 printable characters"):
        take(database, samples.data_source(), name)
    with database.read() as session:
        assert session.exec(select(Study)).all() == []


def test_a_failure_in_the_middle_leaves_nothing_behind(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: Imports, *_: object) -> None:
        raise RuntimeError("the machine died here")

    monkeypatch.setattr(Imports, "add_many", fail)
    with pytest.raises(RuntimeError):
        take(database, samples.crowd_study())
    with database.read() as session:
        for table in (Study, StudyVersion, PromptTemplate, tables.TestCase, Candidate, Audit):
            assert session.exec(select(table)).all() == []


def test_a_name_taken_at_the_same_moment_is_noticed(database: Database) -> None:
    with database.write() as session:
        imports = Imports(session)
        assert imports.add_study("Haiku", "ada") is not None
        assert imports.add_study("Haiku", "bob") is None


def test_an_imported_study_can_be_developed_further(database: Database) -> None:
    report = take(database, samples.data_source())
    definition = definition_of(newest_version(database, report.study_id))
    assert save_version(database, report.study_id, definition, "ada").version.number == 1


def test_several_prompts_share_one_template(database: Database) -> None:
    report = take(database, samples.older_list())
    content = newest_version(database, report.study_id)
    assert content.template.text == "{{prompt}}"
    assert [case.name for case in content.test_cases] == ["First prompt", "Second prompt"]
    assert [case.external_id for case in content.test_cases] == ["1", "2"]


@pytest.mark.parametrize(
    ("document", "criteria"),
    [
        (
            samples.crowd_study(),
            {
                "clarity": "clarity: which response is better?",
                "warmth": "warmth: which response is better?",
            },
        ),
        (samples.data_source(), {"quality": DEFAULT_QUESTION}),
    ],
)
def test_the_rubric_asks_what_the_files_raters_were_asked(
    database: Database, document: Any, criteria: dict[str, str]
) -> None:
    rubric = definition_of(newest_version(database, take(database, document).study_id)).rubric
    assert {one.key: one.question for one in rubric.criteria} == criteria
    assert rubric.checked() == rubric
    with database.read() as session:
        designs = [design_of(row.design) for row in session.exec(select(tables.Campaign)).all()]
        answered = {row.criterion for row in session.exec(select(tables.Rating)).all()}
    assert {one.protocol for one in designs} <= {Protocol.PAIR}
    assert answered <= set(rubric.keys)
