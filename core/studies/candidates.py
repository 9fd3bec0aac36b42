r"""Candidates as a person writes them, one a line: a model, and what it has otherwise.

For example ``ollama/llama2:7b-chat temperature=0.2 stop="\n\n"``. A value is one word, a text in
double quotes with the escapes of JSON, or a list of such texts in brackets; ``unset`` leaves to the
provider what the study sets.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NoReturn

from core.errors import InvalidInputError
from core.providers.names import parse_model
from core.studies.parameters import OVERRIDABLE, Overrides, check_value, normal_digest

_UNSET = "unset"
_DECODER = json.JSONDecoder()
_Value = str | list[str] | None


def read_candidates(text: str) -> tuple[tuple[str, ...], dict[str, Overrides]]:
    """Read one candidate a line; gives the models and what each has otherwise, by model.

    Raises:
        InvalidInputError: a line cannot be read; the sentence names the line, the key and the
            value.
    """
    models: list[str] = []
    overrides: dict[str, Overrides] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip():
            model, otherwise = read_candidate(line, f"Line {number} of the candidates")
            if model in models:
                raise InvalidInputError(f"The model {model!r} is named twice; remove one.")
            models.append(model)
            if otherwise:
                overrides[model] = otherwise
    return tuple(models), overrides


def read_candidate(line: str, place: str) -> tuple[str, Overrides]:
    """Read one candidate; ``place`` begins the sentence about what cannot be read.

    Raises:
        InvalidInputError: the line cannot be read.
    """
    name, *rest = line.split(maxsplit=1) or [""]
    model = parse_model(name).full_name
    overrides: dict[str, Any] = {}
    for key, value in _pairs("".join(rest), place):
        if key not in OVERRIDABLE:
            raise InvalidInputError(
                f"{place}: {key!r} is no parameter; known are {', '.join(OVERRIDABLE)}."
            )
        if key in overrides:
            raise InvalidInputError(f"{place}: {key} is given twice; remove one.")
        overrides[key] = _typed(key, value, place)
        check_value(key, overrides[key], f" of {model!r}")
    return model, overrides


def write_candidates(models: Iterable[str], overrides: Mapping[str, Overrides]) -> str:
    """The lines that `read_candidates` reads back."""
    return "\n".join(write_candidate(model, overrides.get(model, {})) for model in models)


def write_candidate(model: str, overrides: Overrides) -> str:
    """The line that `read_candidate` reads back."""
    return f"{model} {write_values(overrides)}".rstrip(" ")


def write_values(values: Mapping[str, Any]) -> str:
    """Parameters as a line holds them; also those of a stored document."""
    return " ".join(f"{key}={_written(value)}" for key, value in values.items())


def read_stops(text: str) -> tuple[str, ...]:
    """Read stop sequences: words and quoted texts with spaces between them.

    Raises:
        InvalidInputError: a quote is not closed.
    """
    stops: list[str] = []
    rest = text.strip()
    while rest:
        value, rest = _value(rest, "The stop sequences", "stop")
        stops += value if isinstance(value, list) else [value or _UNSET]
    return tuple(stops)


def write_stops(stops: Iterable[str]) -> str:
    """The text that `read_stops` reads back."""
    return " ".join(_written(stop) for stop in stops)


def _pairs(text: str, place: str) -> Iterable[tuple[str, _Value]]:
    rest = text.strip()
    while rest:
        key, equals, rest = rest.partition("=")
        if not equals or not key or key != "".join(key.split()):
            raise InvalidInputError(
                f"{place}: {key.split()[0] if key.split() else '='!r} has no value; write "
                "key=value, with a value that holds spaces in double quotes."
            )
        value, rest = _value(rest, place, key)
        yield key, value


def _value(text: str, place: str, key: str) -> tuple[_Value, str]:
    """The value at the beginning of a text, ``None`` for a bare ``unset``; the text after it."""
    if not text.startswith(('"', "[")):
        parts = text.split(maxsplit=1)
        word = "" if not parts or text[0].isspace() else parts[0]
        if not word or word.startswith("'") or '"' in word:
            raise InvalidInputError(
                f"{place}: the value {text[:40]!r} of {key} cannot be read; "
                "put a text with spaces or quotes in double quotes."
            )
        return None if word == _UNSET else word, parts[1] if len(parts) == 2 else ""
    try:
        value, end = _DECODER.raw_decode(text)
    except (ValueError, RecursionError):
        _refuse_quoting(text, place, key)
    if text[end : end + 1].strip() or not _is_text_or_texts(value):
        _refuse_quoting(text, place, key)
    return value, text[end:].lstrip()


def _refuse_quoting(text: str, place: str, key: str) -> NoReturn:
    raise InvalidInputError(
        f"{place}: the value {text[:40]!r} of {key} is not quoted well; write a text as "
        r'"\n\n" and several as ["\n\n", "END"].'
    )


def _is_text_or_texts(value: object) -> bool:
    if isinstance(value, list):
        return all(isinstance(one, str) for one in value)
    return isinstance(value, str)


def _typed(key: str, value: _Value, place: str) -> Any:
    if value is None:
        return {"stop": (), "json_mode": False}.get(key)
    if key == "stop":
        return (value,) if isinstance(value, str) else tuple(value)
    read = _READERS.get(key)
    try:
        if isinstance(value, str):
            return read(value) if read else value
    except (ValueError, KeyError):
        pass
    raise InvalidInputError(
        f"{place}: {key}={value!r} cannot be taken; write for example {_EXAMPLES[key]}."
    )


_READERS: dict[str, Callable[[str], Any]] = {
    "temperature": float,
    "top_p": float,
    "max_tokens": int,
    "seed": int,
    "json_mode": lambda word: {"true": True, "false": False}[word.lower()],
    "digest": normal_digest,
}
_EXAMPLES = {
    "temperature": "temperature=0.2",
    "top_p": "top_p=0.9",
    "max_tokens": "max_tokens=300",
    "seed": "seed=1",
    "system_prompt": 'system_prompt="Be brief."',
    "json_mode": "json_mode=true",
    "reasoning_effort": "reasoning_effort=low",
    "digest": "digest=8934d96d3f08",
}


def _written(value: Any) -> str:
    if isinstance(value, list):
        value = tuple(value)
    if value is None or value == ():
        return _UNSET
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, tuple):
        return _quoted(value[0]) if len(value) == 1 else f"[{', '.join(map(_escaped, value))}]"
    return repr(value)


def _quoted(text: str) -> str:
    """As a bare word where that reads the same."""
    is_word = text.isprintable() and not any(letter in "\"'[=\\ " for letter in text)
    return text if is_word and text not in ("", _UNSET) else _escaped(text)


def _escaped(text: str) -> str:
    """In quotes, with nothing in them that could be taken for the end of a line."""
    return "".join(
        letter if letter.isprintable() else json.dumps(letter)[1:-1]
        for letter in json.dumps(text, ensure_ascii=False)
    )
