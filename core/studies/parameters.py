"""How models are called: the study's parameters, and what single candidates have otherwise."""

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

from core.errors import InvalidInputError
from core.exchange.storable import is_storable

Overrides = Mapping[str, Any]
"""What one candidate has otherwise: values by `OVERRIDABLE` name. ``None`` leaves to the provider
what the study sets; ``digest`` names the weights."""

_LARGEST_SEED = 2**53 - 1
"""The largest whole number that every reader of JSON keeps."""
_MOST_STOPS = 16
_DIGEST = re.compile(r"(?:sha256:)?([0-9a-f]{12,64})")
_EFFORT = re.compile(r"[a-z]{1,20}")


@dataclass(frozen=True, slots=True)
class Parameters:
    """How a model is called. ``None`` leaves a value to the provider.

    ``temperature`` is 0.7 by default, as in the paper (section V). ``stop`` are texts that end an
    answer, ``json_mode`` asks for a JSON object, and ``reasoning_effort`` is a model's own word,
    such as ``low``.
    """

    temperature: float | None = 0.7
    top_p: float | None = None
    max_tokens: int | None = None
    seed: int | None = None
    system_prompt: str | None = None
    stop: tuple[str, ...] = ()
    json_mode: bool = False
    reasoning_effort: str | None = None

    def as_document(self) -> dict[str, Any]:
        """The values that are set, for storing; two equal documents mean the same call."""
        return _as_document(asdict(self))

    def merged(self, overrides: Overrides) -> dict[str, Any]:
        """The document of a candidate that has something otherwise."""
        return _as_document(asdict(self) | dict(overrides))

    def check(self) -> None:
        """Check every value.

        Raises:
            InvalidInputError: one is out of its range.
        """
        for name, value in asdict(self).items():
            check_value(name, value)


OVERRIDABLE = (*(field.name for field in fields(Parameters)), "digest")
"""What a candidate can have otherwise, and the digest of its weights."""
_UNSET = {field.name: field.default for field in fields(Parameters)} | {"temperature": None}
"""What stands for a value that a document does not hold."""


def check_value(name: str, value: Any, of: str = "") -> None:
    """Check one parameter; ``of`` names the model in the sentence, such as `` of 'ollama/x'``.

    Raises:
        InvalidInputError: it is out of its range.
    """
    if name == "temperature":
        _check_range(name, value, 0.0, 2.0, of)
    elif name == "top_p":
        _check_range(name, value, 0.0, 1.0, of)
    elif name == "max_tokens":
        _check_range(name, value, 1, 1_000_000, of)
    elif name == "seed":
        _check_range(name, value, -_LARGEST_SEED, _LARGEST_SEED, of)
    elif name == "stop":
        _check_stop(value or (), of)
    elif name == "system_prompt":
        _check_storable(name, value, of)
    elif name == "reasoning_effort" and value is not None and not _EFFORT.fullmatch(value):
        raise InvalidInputError(
            f"reasoning_effort {value!r}{of} is no word of a model; write for example low or high."
        )
    elif name == "digest" and value is not None:
        normal_digest(value, of)


def normal_digest(text: str, of: str = "") -> str:
    """A digest as Ollama lists it: hexadecimal digits without ``sha256:`` before them.

    Raises:
        InvalidInputError: it is none, or too short to name one model's weights.
    """
    match = _DIGEST.fullmatch(text.strip().lower())
    if match is None:
        raise InvalidInputError(
            f"digest {text[:80]!r}{of} is none; copy the 12 to 64 hexadecimal digits that "
            "`ollama list` or the page “Models” shows."
        )
    return match[1]


def shared_parameters(
    documents: Sequence[Mapping[str, Any]], favoured: int | None = None
) -> tuple[Parameters, list[dict[str, Any]]]:
    """Read a study's parameters, and what each candidate has otherwise, from stored documents.

    What most candidates have is the study's. Where two values are as frequent, that of the
    candidate number ``favoured`` (the reference) is, or else the first one.
    """
    if not documents:
        return Parameters(), []
    known = [{name: _value(name, document) for name in _UNSET} for document in documents]
    shared = {name: _most_frequent([one[name] for one in known], favoured) for name in _UNSET}
    overrides = [
        {name: value for name, value in one.items() if value != shared[name]}
        | ({"digest": document["digest"]} if "digest" in document else {})
        for one, document in zip(known, documents, strict=True)
    ]
    return Parameters(**shared), overrides


def _value(name: str, document: Mapping[str, Any]) -> Any:
    value = document.get(name, _UNSET[name])
    return tuple(value) if isinstance(value, list) else value


def _most_frequent(values: Sequence[Any], favoured: int | None) -> Any:
    counts = Counter(values)
    most = max(counts.values())
    candidates = [value for value in counts if counts[value] == most]
    if favoured is not None and values[favoured] in candidates:
        return values[favoured]
    return candidates[0]


def _as_document(values: Mapping[str, Any]) -> dict[str, Any]:
    document: dict[str, Any] = {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in values.items()
        if value is not None and value is not False and value != ()
    }
    # 1 and 1.0 are one temperature, but two texts in JSON and so two hashes.
    return document | {
        name: float(document[name]) for name in ("temperature", "top_p") if name in document
    }


def _check_range(name: str, value: float | None, low: float, high: float, of: str) -> None:
    if value is not None and not (math.isfinite(value) and low <= value <= high):
        raise InvalidInputError(f"{name} {value}{of} is out of range; choose {low} to {high}.")


def _check_stop(stops: Sequence[str], of: str) -> None:
    if len(stops) > _MOST_STOPS:
        raise InvalidInputError(
            f"{len(stops)} stop sequences{of} are too many; keep at most {_MOST_STOPS}."
        )
    for stop in stops:
        if not stop:
            raise InvalidInputError(f"A stop sequence{of} is empty; write a text or remove it.")
        _check_storable("stop", stop, of)


def _check_storable(name: str, text: str | None, of: str) -> None:
    if text is not None and not is_storable(text):
        place = name.replace("_", " ")
        raise InvalidInputError(
            f"The {place}{of} cannot be stored: it holds a NUL character or half a "
            "character; remove it."
        )
