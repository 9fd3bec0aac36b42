"""`slam export` as a person sees it."""

import json
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner, Result

from core.exchange.original import import_bytes
from core.exchange.ratings_columns import RATING_COLUMNS
from core.rating.campaigns import close_campaign
from db.engine import Database
from db.tables import Audit, Campaign
from slam.command import cli
from tests.building import ACTOR, make_study, rows_of, store_responses
from tests.core.exchange import samples
from tests.core.rating.raters import completed, opened


@pytest.fixture
def study(database: Database, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("DATABASE_URL", database.url.render_as_string(hide_password=False))
    document = samples.as_json(samples.crowd_study())
    return import_bytes(
        database, "City names.json", document, study_name=None, actor="tester"
    ).study


def export(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["export", *arguments])


def read(file: Path, table_format: str) -> pd.DataFrame:
    if table_format == "csv":
        return pd.read_csv(file)
    return pd.read_json(file, lines=True) if table_format == "jsonl" else pd.read_parquet(file)


@pytest.mark.parametrize("table_format", ["csv", "jsonl", "parquet"])
def test_ratings_are_written_with_a_codebook_beside_them(
    study: str, table_format: str, tmp_path: Path
) -> None:
    file = tmp_path / f"out.{table_format}"
    result = export("ratings", study, "--format", table_format, "-o", str(file))
    assert result.exit_code == 0, result.output
    assert "8 rows in" in result.stdout
    assert "no longer blind" in result.stderr
    frame = read(file, table_format)
    assert list(frame.columns) == list(RATING_COLUMNS)
    assert len(frame) == 8
    book = json.loads((tmp_path / "out.codebook.json").read_text())
    assert [one["name"] for one in book["columns"]] == list(RATING_COLUMNS)
    assert "apostrophe" in book["notes"][0]


def test_battles_are_written(study: str, tmp_path: Path) -> None:
    file = tmp_path / "battles.csv"
    assert export("battles", study, "-o", str(file)).exit_code == 0
    assert set(pd.read_csv(file)["winner"]) <= {"model_a", "model_b", "tie", "both_bad"}


@pytest.fixture
def rated_now(database: Database, monkeypatch: pytest.MonkeyPatch) -> tuple[str, Campaign]:
    """A study that people rate at the moment, and the campaign."""
    monkeypatch.setenv("DATABASE_URL", database.url.render_as_string(hide_password=False))
    content = make_study(database)
    store_responses(database, content)
    campaign = opened(database, content)
    completed(database, campaign)
    return content.study.name, campaign


@pytest.mark.parametrize("what", ["ratings", "battles"])
def test_nothing_is_written_while_the_names_are_locked(
    rated_now: tuple[str, Campaign], what: str, tmp_path: Path
) -> None:
    study, _ = rated_now
    result = export(what, study, "-o", str(tmp_path / "x.csv"))
    assert str(result.exception) == (
        "The file would name the models while people still rate in “First”; close it, or add "
        "--unlock, which is recorded."
    )
    assert not list(tmp_path.glob("x*"))


def test_unlocking_is_recorded_once_and_then_the_file_is_written(
    rated_now: tuple[str, Campaign], database: Database, tmp_path: Path
) -> None:
    study, campaign = rated_now
    for more in (["--unlock"], ["--unlock"], []):
        result = export("ratings", study, *more, "-o", str(tmp_path / "x.csv"))
        assert result.exit_code == 0, result.output
    assert set(pd.read_csv(tmp_path / "x.csv")["campaign_id"]) == {campaign.id}
    with database.read() as session:
        audits = [one for one in rows_of(session, Audit) if one.action == "unlock names"]
    assert [(one.subject_id, one.actor) for one in audits] == [(campaign.id, "command")]


def test_a_closed_campaign_is_written_without_unlocking_anything(
    rated_now: tuple[str, Campaign], database: Database, tmp_path: Path
) -> None:
    study, campaign = rated_now
    close_campaign(database, campaign.id, ACTOR)
    assert export("ratings", study, "--unlock", "-o", str(tmp_path / "x.csv")).exit_code == 0
    with database.read() as session:
        assert session.get_one(Campaign, campaign.id).names_unlocked_at is None


def test_a_study_that_is_not_there_is_told(study: str, tmp_path: Path) -> None:
    result = export("ratings", f"{study}?", "-o", str(tmp_path / "x.csv"))
    assert str(result.exception) == (
        f"There is no study named '{study}?'; the studio lists their names."
    )


def test_a_place_that_cannot_be_written_is_told(study: str, tmp_path: Path) -> None:
    file = tmp_path / "nowhere" / "x.csv"
    result = export("ratings", study, "-o", str(file))
    assert str(result.exception) == (
        f"{file} cannot be written (No such file or directory); choose another place with -o."
    )
