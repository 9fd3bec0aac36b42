"""Bring a database to the newest schema (Alembic, forward only)."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from db.engine import Database

_MIGRATIONS = Path(__file__).parent / "migrations"


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
    with database.read() as session:
        current = MigrationContext.configure(session.connection()).get_current_revision()
    if current == ScriptDirectory.from_config(configuration()).get_current_head():
        return False
    with database.write() as session:
        config = configuration()
        config.attributes["connection"] = session.connection()
        command.upgrade(config, "head")
    return True
