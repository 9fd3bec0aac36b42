"""Which hosted models nobody needs any more, and their removal."""

import asyncio
from collections.abc import Iterable

from core.errors import InvalidInputError
from core.providers.base import HostingProvider, ModelFacts
from core.providers.ollama_api.names import with_tag
from db.engine import Database
from db.repositories import audits
from db.repositories.hosting import Hosting

_PREFIX = "ollama/"


def needs(database: Database) -> dict[str, tuple[str, ...]]:
    """Who needs which hosted model: studies by name and judges by label, by Ollama's full name.

    A study needs the models of its newest version.
    """
    with database.read() as session:
        hosting = Hosting(session)
        studies, judges = hosting.needed_by_studies(), hosting.needed_by_judges()
    found: dict[str, list[str]] = {}
    named = [(model, f"the study “{study}”") for model, study in studies]
    named += [(model, f"the judge “{label}”") for model, label in judges]
    for model, who in named:
        if model.startswith(_PREFIX):
            found.setdefault(with_tag(model.removeprefix(_PREFIX)), []).append(who)
    return {model: tuple(dict.fromkeys(who)) for model, who in found.items()}


def unneeded(database: Database, installed: Iterable[ModelFacts]) -> list[ModelFacts]:
    """The installed models that neither a study nor a judge needs."""
    needed = needs(database)
    return [facts for facts in installed if facts.name not in needed]


async def remove_model(
    database: Database,
    provider: HostingProvider,
    model: str,
    actor: str,
    *,
    confirmed: bool = False,
) -> None:
    """Delete a model from the machine that hosts it; what was collected with it stays.

    Args:
        database: says who needs it, and keeps who removed it.
        provider: where the model is.
        model: its name as the provider knows it.
        actor: who removes it.
        confirmed: remove it although somebody needs it.

    Raises:
        InvalidInputError: somebody needs it, or it is being fetched.
        ProviderError: it is not there, or the host does not answer.
    """
    before = await asyncio.to_thread(_require_free, database, model, confirmed)
    facts = await provider.show(model)
    await provider.remove(model)
    before |= {"digest": facts.digest, "size_bytes": facts.size_bytes, "host": provider.host}
    await asyncio.to_thread(_note, database, model, facts.digest, actor, before)


def _require_free(database: Database, model: str, confirmed: bool) -> dict[str, object]:
    users = needs(database).get(with_tag(model), ())
    if users and not confirmed:
        raise InvalidInputError(
            f"{model!r} is still needed by {', '.join(users)}; confirm the removal, or take the "
            "model out of there first."
        )
    with database.read() as session:
        if Hosting(session).active_pull(f"{_PREFIX}{model}"):
            raise InvalidInputError(f"{model!r} is being fetched; cancel the pull first.")
    return {"model": model, "needed_by": list(users)}


def _note(
    database: Database, model: str, digest: str | None, actor: str, before: dict[str, object]
) -> None:
    with database.write() as session:
        audits.record(
            session,
            actor=actor,
            action="remove",
            subject="model",
            subject_id=(digest or model)[:64],
            before=before,
        )
