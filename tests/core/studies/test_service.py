"""A study is made once, saved in versions, and what an earlier version says never changes."""

from dataclasses import replace

import pytest
from sqlmodel import col, select

from core.errors import InvalidInputError, NotFoundError
from core.studies.definition import Case, Parameters, StudyDefinition
from core.studies.parameters import Overrides
from core.studies.rubric import Criterion, Reason, Rubric, Scale
from core.studies.service import (
    add_candidate,
    create_study,
    definition_of,
    freeze,
    list_studies,
    newest_version,
    save_version,
)
from db.engine import Database
from db.repositories.studies import Studies, VersionContent
from db.tables import Audit, StudyVersion
from tests.core.studies.made import ACTOR, a_definition


def created(database: Database, definition: StudyDefinition | None = None) -> VersionContent:
    return create_study(database, definition or a_definition(), ACTOR)


def read_back(database: Database, version_id: str) -> VersionContent:
    with database.read() as session:
        studies = Studies(session)
        version = studies.version(version_id)
        assert version is not None
        return studies.content(version)


def count_versions(database: Database) -> int:
    with database.read() as session:
        return len(session.exec(select(StudyVersion)).all())


def ids(rows: tuple[object, ...]) -> list[str]:
    return [str(getattr(row, "id", "")) for row in rows]


def test_a_new_study_says_what_was_defined(database: Database) -> None:
    content = created(database)
    assert content.version.number == 1
    assert definition_of(content) == a_definition()
    stored = newest_version(database, content.study.id)
    assert definition_of(stored) == a_definition()
    assert stored.reference is not None
    assert stored.reference.model == "openai/gpt-4"


@pytest.mark.parametrize(
    "definition",
    [
        replace(a_definition(), reference=None),
        replace(a_definition(), parameters=Parameters(temperature=None)),
        replace(
            a_definition(),
            parameters=Parameters(0.0, 0.9, 100, 7, "Be brief."),
            samples_per_case=5,
            rubric=Rubric(
                criteria=(Criterion(key="kind", question="Is it kind?"), Criterion()),
                scale=Scale(minimum=1, maximum=5),
                allows_tie=False,
                reason=Reason.REQUIRED,
            ),
        ),
    ],
)
def test_every_part_of_a_definition_survives(
    database: Database, definition: StudyDefinition
) -> None:
    content = created(database, definition)
    assert definition_of(newest_version(database, content.study.id)) == definition


def test_test_cases_and_models_keep_their_order(database: Database) -> None:
    cases = tuple(Case(f"case {n}", {"name": str(n), "tasks": "-"}) for n in (3, 1, 2))
    models = ("ollama/c", "ollama/a", "ollama/b")
    content = created(database, replace(a_definition(), test_cases=cases, candidates=models))
    stored = definition_of(newest_version(database, content.study.id))
    assert stored.test_cases == cases
    assert stored.candidates == models


def test_a_name_in_use_is_refused(database: Database) -> None:
    created(database)
    with pytest.raises(InvalidInputError, match="A study named 'Briefing' exists; choose another"):
        created(database, a_definition(" Briefing "))
    assert len(list_studies(database)) == 1


def test_what_cannot_be_taken_stores_nothing(database: Database) -> None:
    with pytest.raises(InvalidInputError):
        created(database, replace(a_definition(), candidates=()))
    assert list_studies(database) == []


def test_saving_what_is_there_already_makes_no_new_version(database: Database) -> None:
    first = created(database)
    again = save_version(database, first.study.id, a_definition(), ACTOR)
    assert again.version.id == first.version.id
    assert count_versions(database) == 1


def test_another_temperature_makes_new_candidates_and_keeps_test_cases(database: Database) -> None:
    first = created(database)
    warmer = replace(a_definition(), parameters=Parameters(temperature=1.0))
    second = save_version(database, first.study.id, warmer, ACTOR)
    assert second.version.number == 2
    assert ids(second.test_cases) == ids(first.test_cases)
    assert second.template.id == first.template.id
    assert not set(ids(second.candidates)) & set(ids(first.candidates))


def test_another_template_keeps_candidates_and_test_cases(database: Database) -> None:
    first = created(database)
    changed = replace(a_definition(), template="{{name}}: {{tasks}}")
    second = save_version(database, first.study.id, changed, ACTOR)
    assert second.template.id != first.template.id
    assert ids(second.candidates) == ids(first.candidates)
    assert ids(second.test_cases) == ids(first.test_cases)


def test_going_back_to_earlier_content_uses_its_rows_again(database: Database) -> None:
    first = created(database)
    warmer = replace(a_definition(), parameters=Parameters(temperature=1.0))
    save_version(database, first.study.id, warmer, ACTOR)
    third = save_version(database, first.study.id, a_definition(), ACTOR)
    assert third.version.number == 3
    assert ids(third.candidates) == ids(first.candidates)


def test_a_whole_number_as_temperature_is_the_same_as_with_a_point(database: Database) -> None:
    first = created(database, replace(a_definition(), parameters=Parameters(temperature=1)))
    changed = replace(
        a_definition(), parameters=Parameters(temperature=1.0), description="Another day."
    )
    second = save_version(database, first.study.id, changed, ACTOR)
    assert ids(second.candidates) == ids(first.candidates)


def test_an_earlier_version_stays_as_it_was(database: Database) -> None:
    first = created(database)
    changed = replace(
        a_definition(),
        template="{{name}}",
        test_cases=(Case("Eve", {"name": "Eve"}),),
        candidates=("ollama/other",),
        reference=None,
        description="New.",
        samples_per_case=1,
    )
    save_version(database, first.study.id, changed, "somebody")
    assert definition_of(read_back(database, first.version.id)) == a_definition()
    assert definition_of(newest_version(database, first.study.id)) == changed


def test_a_version_cannot_rename_its_study(database: Database) -> None:
    first = created(database)
    with pytest.raises(InvalidInputError, match="is named 'Briefing'; a version cannot rename it"):
        save_version(database, first.study.id, a_definition("Other"), ACTOR)
    assert count_versions(database) == 1


def test_a_study_that_is_not_there_is_told(database: Database) -> None:
    with pytest.raises(NotFoundError, match="There is no study 'nobody'; pick one from the list"):
        save_version(database, "nobody", a_definition(), ACTOR)
    with pytest.raises(NotFoundError, match="There is no study 'nobody'; pick one from the list"):
        newest_version(database, "nobody")


def test_two_studies_share_nothing(database: Database) -> None:
    one, other = created(database), created(database, a_definition("Second"))
    assert one.template.id != other.template.id
    assert not set(ids(one.test_cases)) & set(ids(other.test_cases))
    assert not set(ids(one.candidates)) & set(ids(other.candidates))


def test_freezing_is_noted_once_and_stays_at_its_first_moment(database: Database) -> None:
    version_id = created(database).version.id
    moments = []
    for actor in ("first", "second"):
        with database.write() as session:
            version = session.get_one(StudyVersion, version_id)
            freeze(session, version, actor)
            moments.append(version.frozen_at)
    assert moments[0] is not None
    assert moments[0] == moments[1]
    with database.read() as session:
        audits = session.exec(select(Audit).where(col(Audit.action) == "freeze")).all()
    assert [(audit.actor, audit.subject_id) for audit in audits] == [("first", version_id)]


def test_studies_are_listed_newest_first_with_their_newest_version(database: Database) -> None:
    first = created(database)
    created(database, a_definition("Second"))
    changed = replace(a_definition(), description="Changed.")
    second_version = save_version(database, first.study.id, changed, ACTOR)
    with database.write() as session:
        freeze(session, session.get_one(StudyVersion, second_version.version.id), ACTOR)
    listed = [(one.name, one.version_number, one.frozen) for one in list_studies(database)]
    assert listed == [("Second", 1, False), ("Briefing", 2, True)]
    assert list_studies(database)[0].created_by == ACTOR


def test_who_saved_a_version_is_audited(database: Database) -> None:
    content = created(database)
    with database.read() as session:
        [audit] = session.exec(select(Audit)).all()
    assert (audit.actor, audit.action, audit.subject_id) == (ACTOR, "save", content.version.id)
    assert audit.after == {"study": "Briefing", "number": 1}


def test_what_a_single_candidate_has_otherwise_survives(database: Database) -> None:
    overrides: dict[str, Overrides] = {
        "ollama/mistral:7b": {"temperature": 0.2, "stop": ("\n\n",), "digest": "0123456789ab"},
        "openai/gpt-4": {"json_mode": True},
    }
    definition = replace(a_definition(), overrides=overrides)
    content = created(database, definition)
    assert definition_of(newest_version(database, content.study.id)) == definition
    assert {one.model: one.parameters for one in content.candidates} == {
        "ollama/llama2:7b": {"temperature": 0.7},
        "ollama/mistral:7b": {"temperature": 0.2, "stop": ["\n\n"], "digest": "0123456789ab"},
        "openai/gpt-4": {"temperature": 0.7, "json_mode": True},
    }


def test_changing_one_candidate_keeps_the_rows_of_the_others(database: Database) -> None:
    first = created(database)
    cooler = replace(a_definition(), overrides={"ollama/mistral:7b": {"temperature": 0.2}})
    second = save_version(database, first.study.id, cooler, ACTOR)
    before, after = (
        {one.model: one.id for one in content.candidates} for content in (first, second)
    )
    changed = {model for model in before if before[model] != after[model]}
    assert changed == {"ollama/mistral:7b"}


def test_the_same_calls_shared_out_otherwise_make_no_new_version(database: Database) -> None:
    first = created(database)
    everywhere = {model: {"temperature": 0.7} for model in a_definition().models}
    same = replace(a_definition(), parameters=Parameters(temperature=1.0), overrides=everywhere)
    assert save_version(database, first.study.id, same, ACTOR).version.id == first.version.id


def test_a_candidate_is_added_beside_those_that_are_there(database: Database) -> None:
    first = created(database)
    second = add_candidate(database, first.study.id, "ollama:orca2:7b", ACTOR)
    assert definition_of(second).candidates == (*a_definition().candidates, "ollama/orca2:7b")
    assert set(ids(first.candidates)) < set(ids(second.candidates))
    with pytest.raises(InvalidInputError, match="'ollama/orca2:7b' is named twice"):
        add_candidate(database, first.study.id, "ollama/orca2:7b", ACTOR)
