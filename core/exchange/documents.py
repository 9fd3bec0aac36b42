"""Parsed JSON files, and the sentences that say where one of them is wrong."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, Field, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from core.errors import InvalidInputError
from core.exchange.archive import SourceFiles
from core.exchange.storable import is_storable, shown

Shape = TypeVar("Shape")

_PHRASES = {
    "missing": "is missing",
    "string_type": "must be text",
    "string_unicode": "must be text without broken characters",
    "list_type": "must be a list",
    "tuple_type": "must be a list",
    "dict_type": "must be an object",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
}


@dataclass(frozen=True, slots=True)
class Documents:
    """The JSON documents of one source by their paths inside it."""

    name: str
    file_hash: str
    documents: Mapping[str, Any]

    @property
    def stem(self) -> str:
        """The source's name without its ending."""
        return stem_of(self.name)

    def place(self, entry: str) -> str:
        """How a sentence names one of the documents."""
        return entry if entry == self.name else f"{entry} in {self.name}"


def stem_of(entry: str) -> str:
    """The last part of a path without its ending: ``data/city.json`` gives ``city``."""
    last = entry.rstrip("/").rsplit("/", 1)[-1]
    return re.sub(r"(?<=.)\.(json|zip)$", "", last, flags=re.IGNORECASE)


def _storable(text: str) -> str:
    if not is_storable(text):
        raise ValueError("must hold no NUL and no broken characters")
    return text


def _said(text: str) -> str:
    if not text.strip():
        raise ValueError("must not be blank")
    return text


StorableText = Annotated[str, AfterValidator(_storable)]
"""Text that both databases can hold."""

Prompt = Annotated[StorableText, AfterValidator(_said)]
"""A prompt: storable, and not blank."""

PersonName = Annotated[str, Field(max_length=100), AfterValidator(_storable)]
"""How a file names a rater; may be blank, which the layouts report."""

ModelLabel = Annotated[str, Field(max_length=300), AfterValidator(_storable)]
"""A model as a file names it."""

Key = Annotated[str, Field(min_length=1, max_length=99), AfterValidator(_storable)]
"""An id of a prompt, a response or a question set; two of them still fit an external id."""


def parse(source: SourceFiles) -> Documents:
    """Parse every JSON file of the source.

    Raises:
        InvalidInputError: one of them is not JSON in UTF-8; the sentence says where it breaks.
    """
    documents: dict[str, Any] = {}
    empty = Documents(source.name, source.file_hash, documents)
    for entry, content in source.contents.items():
        documents[entry] = _parse(empty.place(entry), content)
    return empty


def _parse(place: str, content: bytes) -> Any:
    if content.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] not in (b"{", b"["):
        raise InvalidInputError(
            f"{place} is neither a zip archive nor a JSON object or list; choose a file that the "
            "original tool wrote."
        )
    try:
        # NaN and Infinity, which Python's own writer puts into JSON, mean an unknown number.
        return json.loads(
            content.decode("utf-8-sig"),
            parse_constant=lambda _: None,
            object_pairs_hook=_object,
        )
    except _RepeatedKeyError as error:
        raise InvalidInputError(
            f"{place} holds the key {shown(error.args[0])!r} twice in one object, so that one of "
            "them would be lost; rename one and import the file again."
        ) from error
    except UnicodeDecodeError as error:
        raise InvalidInputError(
            f"{place} is not UTF-8 text at byte {error.start + 1}; save it as UTF-8."
        ) from error
    except json.JSONDecodeError as error:
        raise InvalidInputError(
            f"{place} is cut off or damaged at line {error.lineno}, column {error.colno} "
            f"({error.msg}); get a whole copy of the file."
        ) from error
    except RecursionError as error:
        raise InvalidInputError(
            f"{place} nests lists or objects too deeply to be a study; choose another file."
        ) from error
    except ValueError as error:
        raise InvalidInputError(
            f"{place} holds a number with thousands of digits; correct it and import it again."
        ) from error


class _RepeatedKeyError(Exception):
    """An object names a key twice; Python would silently keep the last."""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    keys = dict(pairs)
    if len(keys) < len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise _RepeatedKeyError(key)
            seen.add(key)
    return keys


def validated(shape: TypeAdapter[Shape], document: Any, place: str) -> Shape:
    """The document in its layout's shape.

    Raises:
        InvalidInputError: something inside has another type; the sentence names the first place.
    """
    try:
        return shape.validate_python(document)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = _location(first["loc"])
        raise InvalidInputError(
            f"{place}: {where or 'the document'} {_phrase(first)}; correct it and import the file "
            "again."
        ) from error


def _phrase(details: ErrorDetails) -> str:
    if details["type"] == "string_too_long":
        return f"is longer than {details['ctx']['max_length']} characters"
    if details["type"] == "string_too_short":
        return "must not be empty"
    if details["type"] == "value_error":
        return str(details["ctx"]["error"])
    # What has no phrase of ours gets pydantic's own, which starts with "Input should be".
    fallback = details["msg"].replace("Input should", "should", 1)
    return _PHRASES.get(details["type"], fallback)


def _location(path: tuple[int | str, ...]) -> str:
    """``outputs.gpt-4[2]``, shortened where a key is long."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        elif part == "[key]":
            text += " (the key)"
        else:
            text += f".{shown(part)}" if text else shown(part)
    return text
