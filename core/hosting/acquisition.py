"""Models are asked for, followed and cancelled from a page; the daemon fetches them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from core.errors import NotFoundError
from core.hosting.speed import seconds_left
from core.providers.ollama_api.names import parse_ollama_name
from db.engine import Database
from db.repositories import audits
from db.repositories.hosting import ACTIVE_PULLS, Hosting
from db.tables import ModelPull, PullStatus
from db.types import utc_now

STRANDED_AFTER = timedelta(seconds=15)
"""A running pull that told nothing for so long belongs to a daemon that died."""


@dataclass(frozen=True, slots=True)
class PullView:
    """A pull as a page shows it; what is not known is ``None``."""

    pull: ModelPull
    time_left: timedelta | None

    @property
    def is_active(self) -> bool:
        """Whether the daemon still has to do with it."""
        return self.pull.status in ACTIVE_PULLS

    @property
    def share(self) -> float | None:
        """How much of the bytes told of is on the disk, from 0 to 1."""
        pull = self.pull
        if not pull.total_bytes or pull.completed_bytes is None:
            return None
        return min(1.0, pull.completed_bytes / pull.total_bytes)


def request_pulls(database: Database, models: Iterable[str], actor: str) -> list[ModelPull]:
    """Ask the daemon to fetch models, named as Ollama does; one that is under way is not asked
    for twice.

    Raises:
        InvalidInputError: a name that Ollama cannot have.
    """
    names = [f"ollama/{parse_ollama_name(model)}" for model in models]
    pulls = []
    with database.write() as session:
        hosting = Hosting(session)
        for model in names:
            pull = hosting.active_pull(model)
            if pull is None:
                pull = ModelPull(model=model, requested_by=actor)
                session.add(pull)
                session.flush()
                audits.record(
                    session,
                    actor=actor,
                    action="request",
                    subject="model_pull",
                    subject_id=pull.id,
                    after={"model": model},
                )
            pulls.append(pull)
    return pulls


def cancel_pull(database: Database, pull_id: str, actor: str) -> None:
    """Ask the daemon to stop a pull; what is fetched stays on the disk, and a later pull goes on.

    Raises:
        NotFoundError: there is no such pull.
    """
    now = utc_now()
    with database.write() as session:
        hosting = Hosting(session)
        pull = hosting.pull(pull_id)
        if pull is None:
            raise NotFoundError(f"There is no pull {pull_id!r}; it may belong to another database.")
        if pull.status not in ACTIVE_PULLS:
            return
        pull.cancel_requested_at = now
        if pull.id in {one.id for one in hosting.waiting_pulls(now - STRANDED_AFTER)}:
            # Nobody works at it, so nobody would notice.
            pull.status, pull.ended_at = PullStatus.CANCELLED, now
        session.add(pull)
        audits.record(
            session, actor=actor, action="cancel", subject="model_pull", subject_id=pull.id
        )


def list_pulls(database: Database) -> list[PullView]:
    """The newest pull of each model, newest first."""
    with database.read() as session:
        pulls = Hosting(session).newest_pulls()
    return [PullView(pull, _time_left(pull)) for pull in pulls]


def waiting_pulls(database: Database, now: datetime | None = None) -> list[str]:
    """The ids of the pulls that nobody works at, oldest first: queued, or stranded by a crash."""
    with database.read() as session:
        waiting = Hosting(session).waiting_pulls((now or utc_now()) - STRANDED_AFTER)
        return [pull.id for pull in waiting]


def _time_left(pull: ModelPull) -> timedelta | None:
    if pull.status is not PullStatus.RUNNING or pull.total_bytes is None:
        return None
    seconds = seconds_left(pull.total_bytes - (pull.completed_bytes or 0), pull.bytes_per_second)
    return None if seconds is None else timedelta(seconds=seconds)
