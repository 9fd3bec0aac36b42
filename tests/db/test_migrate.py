"""An empty database becomes ours; one that is ours already is left alone."""

import subprocess
import sys
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect, text
from sqlmodel import SQLModel, col, select

from db.engine import Database
from db.errors import StoreError
from db.migrate import configuration, migrate, require_current
from db.tables import (
    AnswerStatus,
    Attempt,
    CallMode,
    Campaign,
    CampaignArm,
    CampaignCase,
    CampaignPlace,
    CampaignUnit,
    Item,
    Judge,
    Judgment,
    JudgmentPurpose,
    Rating,
    RatingSession,
    Run,
    Study,
    StudyVersion,
)

_ROOT = Path(__file__).resolve().parents[2]
_ROWS_OF_0001 = Path(__file__).with_name("rows_of_0001.sql")
_ROWS_OF_0002 = Path(__file__).with_name("rows_of_0002.sql")
_ROWS_OF_0003 = Path(__file__).with_name("rows_of_0003.sql")
_MIGRATE = """
import sys
from db.engine import Database
from db.migrate import migrate
migrate(Database(sys.argv[1]))
"""


@pytest.fixture
def empty(empty_database_url: str) -> Database:
    return Database(empty_database_url)


def test_an_empty_database_gets_every_table(empty: Database) -> None:
    assert migrate(empty) is True
    with empty.read() as session:
        tables = set(inspect(session.connection()).get_table_names())
    assert tables == {*SQLModel.metadata.tables, "alembic_version"}
    empty.close()


def test_a_second_run_has_nothing_to_do_and_touches_nothing(database: Database) -> None:
    with database.write() as session:
        session.add(Study(name="kept", created_by="tester"))
    assert migrate(database) is False
    with database.read() as session:
        assert session.exec(select(Study.name)).all() == ["kept"]


def test_the_models_and_the_migrated_schema_do_not_differ(database: Database) -> None:
    with database.read() as session:
        context = MigrationContext.configure(session.connection(), opts={"compare_type": True})
        assert compare_metadata(context, SQLModel.metadata) == []


def test_two_processes_that_start_at_once_both_find_the_schema(empty_database_url: str) -> None:
    command = [sys.executable, "-c", _MIGRATE, empty_database_url]
    processes = [
        subprocess.Popen(command, cwd=_ROOT, stderr=subprocess.PIPE, text=True) for _ in range(2)
    ]
    assert [process.communicate(timeout=60)[1] for process in processes] == ["", ""]
    database = Database(empty_database_url)
    assert migrate(database) is False
    database.close()


def test_only_a_migrated_database_passes_for_current(empty_database_url: str) -> None:
    database = Database(empty_database_url)
    with pytest.raises(StoreError, match=r"has not been set up.*run: slam migrate"):
        require_current(database)
    migrate(database)
    require_current(database)
    database.close()


def test_a_database_that_does_not_answer_is_told_in_a_sentence() -> None:
    with pytest.raises(StoreError, match="did not answer"):
        migrate(Database("postgresql+psycopg://slam@127.0.0.1:1/nothing"))


def fill(empty: Database, revision: str, rows: Path) -> None:
    """Bring an empty database to an earlier schema, with rows of that time."""
    config = configuration()
    with empty.write() as session:
        config.attributes["connection"] = session.connection()
        command.upgrade(config, revision)
    with empty.write() as session:
        for statement in rows.read_text("utf-8").strip().rstrip(";").split(";\n"):
            session.connection().execute(text(statement.replace(":", "\\:")))


def test_rows_of_an_earlier_schema_are_carried_over_with_what_is_known_of_them(
    empty: Database,
) -> None:
    fill(empty, "0001", _ROWS_OF_0001)
    assert migrate(empty) is True
    with empty.read() as session:
        run = session.exec(select(Run)).one()
        attempts = session.exec(select(Attempt).order_by(col(Attempt.number))).all()
    assert (run.call_mode, run.spent_usd, run.reserved_usd, run.budget_usd) == (
        CallMode.DIRECT, 0.75, 0.0, None,
    )  # fmt: skip
    assert [one.model for one in attempts] == ["openai/gpt-4", "openai/gpt-4"]
    assert [one.cost_usd for one in attempts] == [0.25, 0.5]
    empty.close()


def test_a_campaign_that_was_open_before_designs_goes_on_as_it_was(empty: Database) -> None:
    fill(empty, "0002", _ROWS_OF_0002)
    assert migrate(empty) is True
    with empty.read() as session:
        version = session.exec(select(StudyVersion)).one()
        campaign = session.exec(select(Campaign)).one()
        row = session.exec(select(RatingSession)).one()
        items = session.exec(select(Item).order_by(col(Item.position))).all()
        units = {one.id: one for one in session.exec(select(CampaignUnit)).all()}
        case = session.exec(select(CampaignCase)).one()
        arms = {one.arm: one.reserved for one in session.exec(select(CampaignArm)).all()}
        places = {(one.arm, one.position) for one in session.exec(select(CampaignPlace)).all()}
        rating = session.exec(select(Rating)).one()
    assert version.rubric == {"criteria": [{"key": "quality", "question": "How good is it?"}]}
    assert campaign.design["items_per_session"] == 2
    assert campaign.design["lease_minutes"] == 120
    assert campaign.design["platform"]["rater_parameter"] == "PROLIFIC_PID"
    assert row.understood_at == row.consented_at is not None
    assert [units[str(one.unit_id)].response_id for one in items] == ["of large", "of small"]
    assert {one.reserved for one in units.values()} == {1}
    assert (case.units, case.reserved) == (2, 2)
    assert arms == {"small": 1, "large": 1}
    assert places == {("large", 0), ("small", 1)}
    assert (rating.value, rating.status) == (7, AnswerStatus.ANSWERED)
    empty.close()


def test_judgments_of_before_there_were_set_ups_are_scores_of_one_response(
    empty: Database,
) -> None:
    fill(empty, "0003", _ROWS_OF_0003)
    assert migrate(empty) is True
    with empty.read() as session:
        judge = session.exec(select(Judge)).one()
        judgment = session.exec(select(Judgment)).one()
    assert judge.options is None
    assert (judgment.score, judgment.raw_score, judgment.criterion) == (7, None, None)
    assert judgment.purpose is JudgmentPurpose.SCORE
    assert (judgment.shown_response_ids, judgment.chosen_response_id) == ([], None)
    empty.close()
