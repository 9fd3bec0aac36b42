"""Importing the files of the original SLaM tool: the entry for the command and the admin page.

A file is read as a whole before anything is stored, and stored in one transaction: a file that
cannot be taken leaves no trace. Whatever is left of a file that can is in the report, by name.
"""

from pathlib import Path

from core.exchange.archive import SourceFiles, read_bytes, read_path
from core.exchange.content import ImportedResults
from core.exchange.documents import parse
from core.exchange.layouts import layout_of
from core.exchange.matching import store_results
from core.exchange.report import ImportReport
from core.exchange.storing import Provenance, store_study
from db.engine import Database

__all__ = ["ImportReport", "import_bytes", "import_path"]


def import_path(
    database: Database, path: Path, *, study_name: str | None, actor: str
) -> ImportReport:
    """Import a JSON file, a zip archive or a folder of the original tool.

    Args:
        database: where to store.
        path: the file or folder.
        study_name: the name of the new study, by default what the file calls itself; for raters'
            results the study that their configuration was imported as.
        actor: who asks for it, for the audit trail.

    Raises:
        InvalidInputError: the file, its layout or the name cannot be taken; nothing was stored.
        StoreError: the database cannot take it now; nothing was stored.
    """
    return _import(database, read_path(path), study_name, actor)


def import_bytes(
    database: Database, file_name: str, content: bytes, *, study_name: str | None, actor: str
) -> ImportReport:
    """Import an uploaded file; as `import_path`, from what the browser sent.

    Raises:
        InvalidInputError: the file, its layout or the name cannot be taken; nothing was stored.
        StoreError: the database cannot take it now; nothing was stored.
    """
    return _import(database, read_bytes(file_name, content), study_name, actor)


def _import(
    database: Database, source: SourceFiles, study_name: str | None, actor: str
) -> ImportReport:
    files = parse(source)
    layout, notes = layout_of(files)
    content = layout.read(files)
    content.tally.notes[:0] = notes
    provenance = Provenance(files.name, files.file_hash, layout.name, actor)
    if isinstance(content, ImportedResults):
        return store_results(database, content, study_name, provenance)
    return store_study(database, content, study_name, provenance)
