"""``slam export``: what people answered and judges found, as files for other tools."""

import json
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import click

from core.errors import InvalidInputError, NotFoundError
from core.exchange.ratings_columns import BATTLE_COLUMNS, RATING_COLUMNS, Column, codebook
from core.exchange.storable import shown
from core.rating.campaigns import list_campaigns, names_are_locked, unlock_names
from core.settings import load_settings
from core.studies.service import list_studies
from db.engine import Database

if TYPE_CHECKING:
    import pandas as pd

_NAMES_ARE_IN_IT = "The file names the models; raters who read it are no longer blind."

_format = click.option(
    "--format",
    "table_format",
    type=click.Choice(["csv", "jsonl", "parquet"]),
    default="csv",
    show_default=True,
)
_output = click.option(
    "-o", "--output", type=click.Path(dir_okay=False, path_type=Path), required=True
)

_unlock = click.option(
    "--unlock",
    is_flag=True,
    help="Write the models' names even while people still rate; it is recorded.",
)


@click.group()
def export() -> None:
    """Write what was collected to a file, with a codebook beside it."""


@export.command("ratings")
@click.argument("study")
@_format
@_output
@_unlock
def ratings_command(study: str, table_format: str, output: Path, *, unlock: bool) -> None:
    """Every rating of STUDY, one a row, also those that do not count."""
    # Imported here, as below: pandas would make every other command start later.
    from core.exchange.ratings_export import ratings_frame

    _write(study, ratings_frame, RATING_COLUMNS, table_format, output, unlock=unlock)


@export.command("battles")
@click.argument("study")
@_format
@_output
@_unlock
def battles_command(study: str, table_format: str, output: Path, *, unlock: bool) -> None:
    """The comparisons of STUDY that count, as battles of an arena."""
    from core.exchange.ratings_export import battles_frame

    _write(study, battles_frame, BATTLE_COLUMNS, table_format, output, unlock=unlock)


@export.command("judgments")
@click.argument("study")
@_format
@_output
@_unlock
def judgments_command(study: str, table_format: str, output: Path, *, unlock: bool) -> None:
    """Every judgment of STUDY, one a row, also those that failed."""
    from core.exchange.judgments_export import JUDGMENT_EXPORT_COLUMNS, judgments_frame

    _write(study, judgments_frame, JUDGMENT_EXPORT_COLUMNS, table_format, output, unlock=unlock)


def _write(
    study: str,
    frame_of: "Callable[[Database, str], pd.DataFrame]",
    columns: Mapping[str, Column],
    table_format: str,
    output: Path,
    *,
    unlock: bool,
) -> None:
    from core.exchange.tables import TableFormat, table_bytes

    settings = load_settings()
    store = Database(settings.store_url, busy_timeout_ms=settings.busy_timeout_ms)
    with closing(store) as database:
        found = next((one for one in list_studies(database) if one.name == study), None)
        if found is None:
            raise NotFoundError(f"There is no study named {study!r}; the studio lists their names.")
        _require_unlocked(database, found.id, unlock=unlock)
        frame = frame_of(database, found.id)
    beside = output.with_name(f"{output.stem}.codebook.json")
    book = json.dumps(codebook(columns), ensure_ascii=False, indent=2) + "\n"
    try:
        output.write_bytes(table_bytes(frame, TableFormat(table_format)))
        beside.write_bytes(book.encode())
    except OSError as error:
        raise InvalidInputError(
            f"{output} cannot be written ({error.strerror}); choose another place with -o."
        ) from error
    click.echo(f"{len(frame)} rows in {output}, their columns explained in {beside}.")
    click.echo(_NAMES_ARE_IN_IT, err=True)


def _require_unlocked(database: Database, study_id: str, *, unlock: bool) -> None:
    """Refuse while people rate blind, unless the names are to be unlocked."""
    campaigns = (one.campaign for one in list_campaigns(database, study_id))
    locked = [one for one in campaigns if names_are_locked(one)]
    if locked and not unlock:
        names = ", ".join(f"“{shown(one.name)}”" for one in locked)
        raise InvalidInputError(
            f"The file would name the models while people still rate in {names}; close it, or add "
            "--unlock, which is recorded."
        )
    for one in locked:
        unlock_names(database, one.id, "command")
