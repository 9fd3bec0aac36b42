"""Model names of the original tool, turned to ``provider/model``."""

from collections.abc import Iterable, Mapping

from core.errors import InvalidInputError
from core.providers.names import parse_model

OPENAI, OLLAMA = "openai", "ollama"


def full_names(labels: Iterable[str], place: str) -> dict[str, str]:
    """``provider/model`` for every label, in order of appearance.

    Raises:
        InvalidInputError: a label is no model name, such as one with a space or nothing in it.
    """
    names: dict[str, str] = {}
    for label in labels:
        if label not in names:
            names[label] = _full_name(label, place)
    return names


def reference_of(models: Iterable[str]) -> str | None:
    """The model to be replaced: the one GPT-4, if there is one and another model beside it."""
    all_models = tuple(dict.fromkeys(models))
    alike = [model for model in all_models if model.startswith(f"{OPENAI}/gpt-4")]
    return alike[0] if len(alike) == 1 and len(all_models) > 1 else None


def naming_notes(names: Mapping[str, str]) -> list[str]:
    """One note for each kind of renaming, with how many models it touched and an example."""
    notes = []
    for provider in (OLLAMA, OPENAI):
        given = [label for label, name in names.items() if name == f"{provider}/{label}"]
        if given:
            notes.append(
                f"{_models(given)} got the provider {provider}, "
                f"for example {given[0]} is now {names[given[0]]}."
            )
    respelled = [label for label, name in names.items() if "_" in label and _respelt(label, name)]
    if respelled:
        notes.append(
            f"{_models(respelled)} written with '_' for ':' got the colon back and the provider "
            f"{OLLAMA}, for example {respelled[0]} is now {names[respelled[0]]}."
        )
    merged = len(names) - len(set(names.values()))
    if merged:
        notes.append(f"{merged} model name(s) meant a model already named and were merged with it.")
    return notes


def reference_note(models: Iterable[str]) -> str:
    """What was chosen as the reference, and why."""
    reference = reference_of(models)
    if reference:
        return f"The reference is {reference}, the only GPT-4 in the file."
    return "No reference was set, since the file does not hold exactly one GPT-4 beside others."


def _full_name(label: str, place: str) -> str:
    name = label.strip()
    if not name.startswith((f"{OPENAI}/", f"{OLLAMA}/")):
        provider = _provider(name)
        if provider == OLLAMA and ":" not in name:
            # The original tool wrote ':' as '_' where a model named a file.
            name = name.replace("_", ":", 1)
        name = f"{provider}/{name}"
    try:
        return parse_model(name, frozenset({OPENAI, OLLAMA})).full_name
    except InvalidInputError as error:
        raise InvalidInputError(
            f"{place}: {label[:60]!r} is no model name of at most 300 characters without spaces; "
            "correct it and import the file again."
        ) from error


def _provider(name: str) -> str:
    lowered = name.casefold()
    # gpt-oss is the open model of that family, which Ollama serves.
    is_openai = lowered.startswith("gpt-") and not lowered.startswith("gpt-oss")
    return OPENAI if is_openai else OLLAMA


def _respelt(label: str, name: str) -> bool:
    return name == f"{OLLAMA}/{label.replace('_', ':', 1)}"


def _models(labels: list[str]) -> str:
    return "1 model" if len(labels) == 1 else f"{len(labels)} models"
