"""Digests pin the weights behind a model's name, so that a model that changed is noticed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from core.errors import InvalidInputError
from core.providers.base import ModelFacts
from core.providers.names import parse_model
from core.providers.ollama_api.names import with_tag
from core.studies.parameters import normal_digest
from core.studies.service import definition_of, newest_content, newest_version, save_version
from db.engine import Database
from db.repositories.hosting import Hosting
from db.repositories.studies import VersionContent

_SHOWN = 12
"""How many digits of a digest tell people what is meant, as in ``ollama list``."""


class PinState(StrEnum):
    """How the digest that a host has stands to the one that a study uses."""

    OK = "ok"
    MUST_PIN = "must_pin"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class PinCheck:
    """The outcome of a check; ``problem`` is the refusal, in one sentence, where it changed."""

    state: PinState
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class StudyPin:
    """One model of a study with the digest that it is used with, as a page shows it.

    ``pinned_at`` is ``None`` where a person named the digest among the candidate's parameters;
    ``found`` is what the host has now, ``None`` where the model is not there.
    """

    model: str
    pinned: str | None
    pinned_at: datetime | None
    found: str | None
    check: PinCheck


def check_digest(model: str, pinned: str | None, found: str | None) -> PinCheck:
    """Compare what a study uses with what the host has; an unknown digest cannot be compared."""
    if found is None or (pinned is not None and same_digest(pinned, found)):
        return PinCheck(PinState.OK)
    if pinned is None:
        return PinCheck(PinState.MUST_PIN)
    return PinCheck(
        PinState.CHANGED,
        f"The weights behind {model!r} changed: the study uses {short_digest(pinned)} and Ollama "
        f"has {short_digest(found)}; pull the pinned ones again, or take the changed model as a "
        "new candidate on the page “Models”.",
    )


def settle_pin(
    database: Database, study_id: str, model: str, parameters: Mapping[str, Any], found: str | None
) -> str | None:
    """Before the first call of a run: pin the digest at its first use, and refuse another one.

    A ``digest`` among the candidate's parameters counts before the study's pin.

    Args:
        database: where pins are kept.
        study_id: whose candidate is called.
        model: ``provider/model``.
        parameters: the candidate's document.
        found: the digest that the host has now; ``None`` where it tells none.

    Returns:
        Why the model must not be called, in one sentence; ``None`` where it may.
    """
    explicit = parameters.get("digest")
    if explicit is None and found is not None:
        with database.read() as session:
            pin = Hosting(session).pin(study_id, model)
        if pin is None:
            with database.write() as session:
                pin = Hosting(session).add_pin(study_id, model, found)
        explicit = pin.digest
    return check_digest(model, explicit, found).problem


def study_pins(
    database: Database, study_id: str, installed: Iterable[ModelFacts]
) -> list[StudyPin]:
    """The hosted models of the study's newest version, each with its digest and how it stands.

    Raises:
        NotFoundError: there is no such study.
    """
    digests = {facts.name: facts.digest for facts in installed}
    with database.read() as session:
        content = newest_content(session, study_id)
        pins = {pin.model: pin for pin in Hosting(session).pins(study_id)}
    rows = []
    for candidate in content.candidates:
        name = parse_model(candidate.model)
        if name.provider != "ollama":
            continue
        pin = pins.get(candidate.model)
        explicit = candidate.parameters.get("digest")
        pinned = explicit or (pin.digest if pin else None)
        found = digests.get(with_tag(name.model))
        check = check_digest(candidate.model, pinned, found)
        at = pin.pinned_at if pin and not explicit else None
        rows.append(StudyPin(candidate.model, pinned, at, found, check))
    return rows


def take_changed_model(
    database: Database, study_id: str, model: str, digest: str, actor: str
) -> VersionContent:
    """Save a version of the study that uses the weights ``digest`` under the name ``model``.

    They are another candidate: their responses are made anew, and those of the weights before stay
    with the earlier versions.

    Raises:
        InvalidInputError: the study has no such model, or the digest is none.
        NotFoundError: there is no such study.
    """
    definition = definition_of(newest_version(database, study_id))
    if model not in definition.models:
        raise InvalidInputError(f"The study has no model {model!r}; add it as a candidate first.")
    of_model = {**definition.overrides.get(model, {}), "digest": normal_digest(digest)}
    changed = replace(definition, overrides={**definition.overrides, model: of_model})
    return save_version(database, study_id, changed, actor)


def same_digest(one: str, other: str) -> bool:
    """Whether two digests name the same weights; one may be the beginning of the other."""
    first, second = (text.removeprefix("sha256:") for text in (one, other))
    return first.startswith(second) or second.startswith(first)


def short_digest(digest: str) -> str:
    """A digest as people read it, as in ``ollama list``."""
    return digest.removeprefix("sha256:")[:_SHOWN]
