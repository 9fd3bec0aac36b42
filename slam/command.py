"""The ``slam`` command. A user's mistake gets one sentence and exit code 1, never a traceback."""

import json
import sys
from pathlib import Path

import click

from core.accounts import ADMIN, reset_password
from core.errors import SlamError
from core.settings import load_settings
from db.engine import Database
from db.migrate import migrate
from slam.export import export
from slam.host import host
from slam.score import score
from slam.up import up


@click.group()
@click.version_option(package_name="slam-eval")
def cli() -> None:
    """Can a small language model that you host yourself replace GPT-4 in your feature?"""


@cli.command("up")
def up_command() -> None:
    """Set the database up and start all processes; Ctrl-C stops them."""
    sys.exit(up(load_settings()))


@cli.command("migrate")
def migrate_command() -> None:
    """Bring the database to the newest schema."""
    applied = migrate(_database())
    click.echo("The database is set up." if applied else "The database was up to date.")


@cli.command("reset-password")
@click.argument("account", default=ADMIN)
def reset_password_command(account: str) -> None:
    """Give ACCOUNT a new generated password and unlock it."""
    click.echo(f"New password of {account}: {reset_password(_database(), account)}")


@cli.command("import")
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--study", help="Name of the new study, or of the one that results belong to.")
@click.option("--json", "as_json", is_flag=True, help="Print the counts and reasons as JSON.")
def import_command(path: Path, study: str | None, as_json: bool) -> None:
    """Import a file or folder of the original tool."""
    from core.exchange.original import import_path

    database = _database()
    migrate(database)
    report = import_path(database, path, study_name=study, actor="command")
    if as_json:
        click.echo(json.dumps(report.as_document(), ensure_ascii=False, indent=2))
        return
    click.echo(f"“{report.study}” ({report.layout}):")
    for kind, count in report.taken.items():
        click.echo(f"  {kind.replace('_', ' ')}: {count}")
    for reason in report.reasons:
        click.echo(f"  left: {reason}")
    for note in report.notes:
        click.echo(f"  note: {note}")


cli.add_command(host)
cli.add_command(export)
cli.add_command(score)


def _database() -> Database:
    settings = load_settings()
    settings.home.mkdir(parents=True, exist_ok=True)
    return Database(settings.store_url, busy_timeout_ms=settings.busy_timeout_ms)


def main() -> None:
    """The entry point of the command."""
    try:
        cli()
    except SlamError as error:
        click.echo(f"slam: {error}", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
