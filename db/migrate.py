"""Bring a database to the newest schema (Alembic, forward only)."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from db.engine import Database
from db.errors import StoreError

_MIGRATIONS = Path(__file__).parent / "migrations"
_LOCK = 2312_14972
"""Any number that is ours; on PostgreSQL whoever holds it migrates, the others wait."""


def configuration() -> Config:
    """Alembic's configuration for our migrations; they live beside this file."""
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    return config


def migrate(database: Database) -> bool:
    """Apply the migrations that are missing.

    Returns:
        Whether there was anything to apply.

    Raises:
        StoreError: the database cannot be opened or written.
    """
    if _is_current(database):
        return False
    with database.write() as session:
        if not database.is_sqlite:
            # SQLite lets one writer in anyway.
            session.connection().execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        config = configuration()
        config.attributes["connection"] = session.connection()
        command.upgrade(config, "head")
    return True


def require_current(database: Database) -> None:
    """Check that the database has the newest schema.

    Raises:
        StoreError: it has not, or it cannot be opened.
    """
    if not _is_current(database):
        raise StoreError(
            "The database has not been set up, or is of an earlier release; run: slam migrate."
        )


def _is_current(database: Database) -> bool:
    with database.read() as session:
        current = MigrationContext.configure(session.connection()).get_current_revision()
    return current == ScriptDirectory.from_config(configuration()).get_current_head()
