"""``slam export``: what people answered, as files for other tools."""

import json
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path

import click
import pandas as pd

from core.errors import NotFoundError
from core.exchange.ratings_columns import BATTLE_COLUMNS, RATING_COLUMNS, Column, codebook
from core.exchange.ratings_export import battles_frame, ratings_frame
from core.exchange.tables import TableFormat, table_bytes
from core.settings import load_settings
from core.studies.service import list_studies
from db.engine import Database

_NAMES_ARE_IN_IT = "The file names the models; raters who read it are no longer blind."

_format = click.option(
    "--format",
    "table_format",
    type=click.Choice([one.value for one in TableFormat]),
    default=TableFormat.CSV.value,
    show_default=True,
)
_output = click.option(
    "-o", "--output", type=click.Path(dir_okay=False, path_type=Path), required=True
)


@click.group()
def export() -> None:
    """Write what was collected to a file, with a codebook beside it."""


@export.command("ratings")
@click.argument("study")
@_format
@_output
def ratings_command(study: str, table_format: str, output: Path) -> None:
    """Every rating of STUDY, one a row, also those that do not count."""
    _write(study, table_format, output, ratings_frame, RATING_COLUMNS)


@export.command("battles")
@click.argument("study")
@_format
@_output
def battles_command(study: str, table_format: str, output: Path) -> None:
    """The comparisons of STUDY that count, as battles of an arena."""
    _write(study, table_format, output, battles_frame, BATTLE_COLUMNS)


def _write(
    study: str,
    table_format: str,
    output: Path,
    frame_of: Callable[[Database, str], pd.DataFrame],
    columns: Mapping[str, Column],
) -> None:
    settings = load_settings()
    store = Database(settings.store_url, busy_timeout_ms=settings.busy_timeout_ms)
    with closing(store) as database:
        found = next((one for one in list_studies(database) if one.name == study), None)
        if found is None:
            raise NotFoundError(f"There is no study named {study!r}; the studio lists their names.")
        frame = frame_of(database, found.id)
    output.write_bytes(table_bytes(frame, TableFormat(table_format)))
    beside = output.with_name(f"{output.stem}.codebook.json")
    beside.write_text(json.dumps(codebook(columns), ensure_ascii=False, indent=2) + "\n")
    click.echo(f"{len(frame)} rows in {output}, their columns explained in {beside}.")
    click.echo(_NAMES_ARE_IN_IT, err=True)
