"""Fetches a model for the daemon: streamed, retried, cancellable, and told to the store."""

import asyncio
import logging
import time
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field

import stamina

from core.errors import StoreError
from core.hosting.acquisition import STRANDED_AFTER
from core.hosting.catalogue import catalogue_model
from core.hosting.disk import Disk, disk_of_models
from core.hosting.speed import PullMeter
from core.models import Models
from core.providers.base import FailureKind, HostingProvider, ProviderError
from core.providers.names import parse_model
from core.providers.ollama_api.names import with_tag
from core.settings import Settings
from db.engine import Database
from db.repositories.hosting import Hosting
from db.tables import ModelPull, PullStatus
from db.types import utc_now

PROGRESS_EVERY_S = 0.5
MAX_ATTEMPTS = 8
_LONGEST_WAIT_S = 600.0
_WORTH_ANOTHER = frozenset(
    {
        FailureKind.RATE_LIMITED,
        FailureKind.UNAVAILABLE,
        FailureKind.UNREACHABLE,
        FailureKind.TRUNCATED,
        FailureKind.TIMEOUT,
    }
)
_log = logging.getLogger("slam.pulls")


async def make_pull(database: Database, models: Models, settings: Settings, pull_id: str) -> None:
    """Fetch the model of a waiting pull, telling the progress; does nothing if another does so.

    Every outcome is stored and none is raised. When the caller is cancelled, the pull stays as it
    is and is taken up again like one that a crash stranded.

    Args:
        database: where the pull is.
        models: where its provider is reached.
        settings: say where Ollama and its disk are.
        pull_id: which pull.

    Raises:
        StoreError: its end could not be stored; it will be taken up again.
    """
    taken = await asyncio.to_thread(_take, database, pull_id)
    if taken is None:
        return
    pull, was_begun = taken
    name = parse_model(pull.model)
    provider = models.provider(name.provider)
    if not isinstance(provider, HostingProvider):
        error = ProviderError(
            FailureKind.INVALID_REQUEST, f"{name.provider} fetches no models; remove {pull.model}."
        )
        await asyncio.to_thread(_end, database, pull_id, PullStatus.FAILED, error, None)
        return
    disk = await asyncio.to_thread(disk_of_models, settings)
    await _Pulling(database, pull_id, name.model, provider, disk, was_begun).run()


@dataclass(slots=True)
class _Pulling:
    """One pull under way: a task that fetches, and beside it the telling."""

    database: Database
    pull_id: str
    name: str
    provider: HostingProvider
    disk: Disk
    was_begun: bool
    meter: PullMeter = field(default_factory=PullMeter)

    async def run(self) -> None:
        """Fetch and tell until the end, or until a person cancels."""
        fetching = asyncio.create_task(self._fetch())
        try:
            while not fetching.done():
                await asyncio.wait({fetching}, timeout=PROGRESS_EVERY_S)
                if await self._tell():
                    break
        finally:
            fetching.cancel()
            await asyncio.wait({fetching})
        if fetching.cancelled():
            await self._end(PullStatus.CANCELLED)
        elif error := fetching.exception():
            await self._end(PullStatus.FAILED, error=self._as_failure(error))
        else:
            await self._end(PullStatus.FINISHED, digest=fetching.result())

    async def _end(
        self,
        status: PullStatus,
        *,
        error: ProviderError | None = None,
        digest: str | None = None,
    ) -> None:
        await self._tell()
        await asyncio.to_thread(_end, self.database, self.pull_id, status, error, digest)

    def _as_failure(self, error: BaseException) -> ProviderError:
        if isinstance(error, ProviderError):
            return error
        _log.error("The pull of %s failed through a fault of SLaM", self.name, exc_info=error)
        return ProviderError(
            FailureKind.INTERNAL,
            f"The pull of {self.name!r} failed through a fault of SLaM "
            f"({type(error).__name__}); look into the daemon's log.",
        )

    async def _fetch(self) -> str | None:
        """Fetch the model, again where that is worth it; gives the digest of what came."""
        async for attempt in stamina.retry_context(
            on=_worth_another,
            attempts=MAX_ATTEMPTS,
            timeout=None,
            wait_initial=0.5,
            wait_max=30.0,
        ):
            with attempt:
                return await self._fetch_once()
        raise AssertionError("unreachable: the last attempt's error is raised")

    async def _fetch_once(self) -> str | None:
        await self._expect_room()
        stream = self.provider.pull(self.name)
        try:
            async for progress in stream:
                self.meter.add(progress)
                self._check_room(self.meter.missing_bytes)
        finally:
            if isinstance(stream, AsyncGenerator):
                await stream.aclose()
        return (await self.provider.show(self.name)).digest

    async def _expect_room(self) -> None:
        """Before the first byte, only the catalogue can tell how many there will be.

        Of a pull that was begun before, some are on the disk, and its first messages tell how many.
        """
        row = catalogue_model(self.name)
        if row is None or self.disk.free_bytes is None or self.was_begun:
            return
        there = {facts.name for facts in await self.provider.installed()}
        if with_tag(self.name) not in there:
            self._check_room(row.file_bytes)

    def _check_room(self, needed_bytes: int) -> None:
        # The room seen at the start less what was fetched since is what the rest must fit into.
        if refusal := self.disk.refusal(self.name, needed_bytes + self.meter.fetched_bytes):
            raise ProviderError(FailureKind.DISK_FULL, refusal)

    async def _tell(self) -> bool:
        """Store the progress; says whether the pull is to be stopped."""
        self.meter.measure(time.monotonic())
        try:
            return await asyncio.to_thread(_tell, self.database, self.pull_id, self.meter)
        except StoreError as error:
            _log.warning("The progress of the pull of %s was not stored: %s", self.name, error)
            return False


def _worth_another(error: Exception) -> bool | float:
    """Stamina's hook: whether to try again, or after how many seconds."""
    if not isinstance(error, ProviderError) or error.kind not in _WORTH_ANOTHER:
        return False
    if error.retry_after_ms is None:
        return True
    wait_s = error.retry_after_ms / 1000
    return wait_s if wait_s <= _LONGEST_WAIT_S else False


def _take(database: Database, pull_id: str) -> tuple[ModelPull, bool] | None:
    """The pull, and whether this or an earlier one of the model was begun; none if it is taken."""
    now = utc_now()
    with database.write() as session:
        hosting = Hosting(session)
        if not hosting.take_pull(pull_id, now, now - STRANDED_AFTER):
            return None
        pull = session.get_one(ModelPull, pull_id)
        return pull, hosting.was_begun(pull.model)


def _tell(database: Database, pull_id: str, meter: PullMeter) -> bool:
    with database.write() as session:
        pull = session.get_one(ModelPull, pull_id)
        pull.step = (meter.step or "")[:200] or None
        pull.completed_bytes, pull.total_bytes = meter.completed_bytes, meter.total_bytes
        pull.bytes_per_second = meter.bytes_per_second
        pull.progress_at = utc_now()
        session.add(pull)
        return pull.cancel_requested_at is not None


def _end(
    database: Database,
    pull_id: str,
    status: PullStatus,
    error: ProviderError | None,
    digest: str | None,
) -> None:
    with database.write() as session:
        pull = session.get_one(ModelPull, pull_id)
        pull.status, pull.ended_at, pull.digest = status, utc_now(), digest
        if error is not None:
            pull.error_kind, pull.error_message = error.kind.value, str(error)
        session.add(pull)
