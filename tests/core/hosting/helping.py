"""What tests of hosting do: reach the sandbox, pull, change models, make a study."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import httpx

from core.hosting.acquisition import request_pulls
from core.hosting.pulling import make_pull
from core.models import Models
from core.providers.base import HostingProvider
from core.settings import Settings
from core.studies.definition import Case, StudyDefinition
from core.studies.service import create_study
from db.engine import Database
from db.repositories.studies import VersionContent
from db.tables import ModelPull

Made = TypeVar("Made")
ACTOR = "tester"
ABSENT = "stand-in-1b:q4"
INSTALLED = "stand-in-3b:q4"


def settings_for(base_url: str, **changes: Any) -> Settings:
    """Settings that lead to the sandbox, and to no folder of models unless one is given."""
    folder = changes.pop("ollama_models", Path("/nowhere"))
    return Settings(ollama_host=base_url, ollama_models=folder, **changes)


def on_host(settings: Settings, use: Callable[[HostingProvider], Awaitable[Made]]) -> Made:
    async def run() -> Made:
        models = Models(settings)
        try:
            host = models.provider("ollama")
            assert isinstance(host, HostingProvider)
            return await use(host)
        finally:
            await models.close()

    return asyncio.run(run())


async def make(database: Database, settings: Settings, pull_id: str) -> None:
    """Make a pull as the daemon does."""
    models = Models(settings)
    try:
        await make_pull(database, models, settings, pull_id)
    finally:
        await models.close()


def request(database: Database, model: str = ABSENT) -> ModelPull:
    return request_pulls(database, [model], ACTOR)[0]


def pull(database: Database, settings: Settings, model: str = ABSENT) -> ModelPull:
    """Ask for a model, fetch it, and give how that ended."""
    pull_id = request(database, model).id
    asyncio.run(make(database, settings, pull_id))
    return stored(database, pull_id)


def stored(database: Database, pull_id: str) -> ModelPull:
    with database.read() as session:
        return session.get_one(ModelPull, pull_id)


def change(base_url: str, model: str, **fields: Any) -> None:
    httpx.put(f"{base_url}/sandbox/models/{model}", json=fields).raise_for_status()


def arm(base_url: str, model: str, **faults: Any) -> None:
    httpx.put(f"{base_url}/sandbox/faults/{model}", json=faults).raise_for_status()


def requests(base_url: str, path: str) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = httpx.get(
        f"{base_url}/sandbox/requests", params={"path": path}
    ).json()["requests"]
    return listed


def make_study(database: Database, *candidates: str, name: str = "Briefing") -> VersionContent:
    definition = StudyDefinition(
        name=name,
        template="Greet {{name}}.",
        test_cases=(Case("Ann", {"name": "Ann"}),),
        reference=None,
        candidates=candidates,
    )
    return create_study(database, definition, ACTOR)
