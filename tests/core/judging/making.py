"""Judge a study's responses here, without a daemon."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlmodel import col, select

from core.embeddings import EmbeddingStore
from core.judging.making import measure
from db.engine import Database
from db.repositories.studies import VersionContent
from db.repositories.work import Work
from db.tables import Judgment, Run
from tests.building import ACTOR, REFERENCE, Sandbox, end, make, request_judging


def judge_by_model(
    database: Database, sandbox: Sandbox, content: VersionContent, *, retry_failed: bool = False
) -> Run:
    """Request the Scorer's judgments and make them."""
    run = request_judging(
        database, content.study.id, "scorer", REFERENCE, ACTOR, retry_failed=retry_failed
    )
    asyncio.run(ask(database, sandbox, run.id, open_ids(database, run)))
    end(database, run)
    return run


async def ask(
    database: Database, sandbox: Sandbox, run_id: str, judgment_ids: Sequence[str]
) -> None:
    """Make those judgments by asking the judge's model."""
    await make(database, sandbox, run_id, judgment_ids)


def judge_by_similarity(database: Database, content: VersionContent) -> Run:
    """Request SEM-BLEU's judgments and make them in one batch."""
    run = request_judging(database, content.study.id, "sem_bleu", None, ACTOR)
    measure_here(database, run.id, open_ids(database, run))
    end(database, run)
    return run


def measure_here(database: Database, run_id: str, judgment_ids: Sequence[str]) -> int:
    """Measure those judgments with vectors that are kept nowhere else."""
    with TemporaryDirectory() as folder:
        tools = EmbeddingStore(Path(folder) / "embeddings.sqlite3")
        return measure(database, run_id, judgment_ids, tools)


def open_ids(database: Database, run: Run) -> list[str]:
    """The judgments that the run has to make."""
    with database.read() as session:
        return [row_id for _, row_id in Work(session).open_calls(run)]


def judgments(database: Database) -> list[Judgment]:
    """Every stored judgment, oldest first."""
    with database.read() as session:
        query = select(Judgment).order_by(col(Judgment.created_at), col(Judgment.id))
        return list(session.exec(query).all())
