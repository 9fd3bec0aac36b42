"""A model that somebody needs is not removed by accident, and every removal is on record."""

import httpx
import pytest
from sqlmodel import col, select

from core.errors import InvalidInputError
from core.hosting.removal import needs, remove_model, unneeded
from core.providers.base import FailureKind, ModelFacts, ProviderError
from core.studies.definition import Case, StudyDefinition
from core.studies.service import save_version
from db.engine import Database
from db.tables import Audit, Judge
from tests.core.hosting.helping import (
    ACTOR,
    INSTALLED,
    make_study,
    on_host,
    request,
    settings_for,
)


def remove(database: Database, base_url: str, model: str, *, confirmed: bool = False) -> None:
    on_host(
        settings_for(base_url),
        lambda host: remove_model(database, host, model, ACTOR, confirmed=confirmed),
    )


def installed(base_url: str) -> list[str]:
    return [one["name"] for one in httpx.get(f"{base_url}/api/tags").json()["models"]]


def test_a_model_that_nobody_needs_is_removed_and_that_is_on_record(
    database: Database, base_url: str
) -> None:
    remove(database, base_url, INSTALLED)
    assert INSTALLED not in installed(base_url)
    with database.read() as session:
        [audit] = session.exec(select(Audit).where(col(Audit.action) == "remove")).all()
    assert (audit.actor, audit.subject) == (ACTOR, "model")
    assert audit.before is not None
    assert audit.before["model"] == INSTALLED
    assert len(audit.before["digest"]) == 64


def test_a_model_of_a_study_is_removed_only_when_confirmed(
    database: Database, base_url: str
) -> None:
    make_study(database, f"ollama/{INSTALLED}")
    with pytest.raises(InvalidInputError) as raised:
        remove(database, base_url, INSTALLED)
    assert str(raised.value) == (
        f"'{INSTALLED}' is still needed by the study “Briefing”; confirm the removal, or take the "
        "model out of there first."
    )
    assert INSTALLED in installed(base_url)
    remove(database, base_url, INSTALLED, confirmed=True)
    assert INSTALLED not in installed(base_url)


def test_a_model_that_is_being_fetched_is_not_removed(database: Database, base_url: str) -> None:
    request(database, INSTALLED)
    with pytest.raises(InvalidInputError, match="is being fetched; cancel the pull first"):
        remove(database, base_url, INSTALLED, confirmed=True)


def test_removing_what_is_not_there_is_told_and_not_recorded(
    database: Database, base_url: str
) -> None:
    with pytest.raises(ProviderError) as raised:
        remove(database, base_url, "nobody-has-this")
    assert raised.value.kind is FailureKind.UNKNOWN_MODEL
    with database.read() as session:
        assert session.exec(select(Audit)).all() == []


def test_a_model_is_needed_by_newest_versions_and_by_judges(database: Database) -> None:
    content = make_study(database, "ollama/old:1", "ollama/mistral")
    make_study(database, "ollama/mistral", "openai/gpt-4", name="Other")
    newer = StudyDefinition(
        name=content.study.name,
        template="Greet {{name}}.",
        test_cases=(Case("Ann", {"name": "Ann"}),),
        reference="ollama/mistral",
        candidates=("ollama/new:1",),
    )
    save_version(database, content.study.id, newer, ACTOR)
    with database.write() as session:
        session.add(
            Judge(
                identity="1", name="scorer", label="Scorer", model="ollama/judge:1",
                scale_min=0, scale_max=10,
            )
        )  # fmt: skip
    assert needs(database) == {
        "mistral:latest": ("the study “Briefing”", "the study “Other”"),
        "new:1": ("the study “Briefing”",),
        "judge:1": ("the judge “Scorer”",),
    }
    facts = [ModelFacts("old:1"), ModelFacts("mistral:latest"), ModelFacts("judge:1")]
    assert unneeded(database, facts) == [ModelFacts("old:1")]
