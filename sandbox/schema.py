"""Fill a JSON Schema with a valid value, asking a `Values` for every leaf."""

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

_DEEPEST = 6
_FORMATS = {
    "date": "2025-01-15",
    "date-time": "2025-01-15T09:00:00Z",
    "time": "09:00:00Z",
    "email": "someone@example.com",
    "uri": "https://example.com/",
    "uuid": "3f2b8c1e-5d4a-4b7e-9c1d-2a6f8e0b7c35",
}
_PATTERN_TRIES = ("1", "10", "A", "a", "yes", "none", "abc", "2025-01-15", "0.5")


class Values(Protocol):
    """Where the leaves of a filled schema come from; `name` is the property's name."""

    def number(self, name: str, low: float, high: float) -> float:
        """Give a number from `low` to `high`."""

    def choice(self, name: str, options: Sequence[Any]) -> Any:
        """Give one of the options."""

    def text(self, name: str) -> str:
        """Give a text."""

    def truth(self, name: str) -> bool:
        """Give true or false."""


def fill(schema: Mapping[str, Any], values: Values) -> Any:
    """Make a value that is valid for the schema."""
    return _Filler(schema, values).fill(schema, "", 0)


def resolve(schema: Mapping[str, Any], root: Mapping[str, Any]) -> Mapping[str, Any]:
    """Follow `$ref`, take the first branch of `anyOf` and `oneOf`, and join `allOf`."""
    for _ in range(20):
        if not isinstance(schema, Mapping):
            return {}  # `true` allows anything
        if "$ref" in schema:
            schema = _referenced(str(schema["$ref"]), root)
        elif "allOf" in schema:
            rest = {key: value for key, value in schema.items() if key != "allOf"}
            schema = _joined([resolve(part, root) for part in schema["allOf"]], rest)
        elif branches := schema.get("anyOf") or schema.get("oneOf"):
            useful = [branch for branch in branches if branch != {"type": "null"}] or branches
            schema = useful[0]
        else:
            break
    return schema


def properties_of(schema: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """List the resolved top-level properties of an object schema."""
    properties = resolve(schema, schema).get("properties", {})
    return {name: resolve(part, schema) for name, part in properties.items()}


def type_of(schema: Mapping[str, Any]) -> str:
    """Name the type a resolved schema asks for, guessing where it does not say."""
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = next((one for one in kind if one != "null"), "null")
    if isinstance(kind, str):
        return kind
    if "properties" in schema:
        return "object"
    return "array" if "items" in schema else "string"


def bounds_of(schema: Mapping[str, Any], *, whole: bool) -> tuple[float, float]:
    """Give the least and the greatest number a schema allows; 0 to 10 where it sets none."""
    nudge = 1.0 if whole else 1e-6
    low, high = schema.get("minimum"), schema.get("maximum")
    if isinstance(above := schema.get("exclusiveMinimum"), (int, float)):
        low = max(above + nudge, low) if low is not None else above + nudge
    if isinstance(below := schema.get("exclusiveMaximum"), (int, float)):
        high = min(below - nudge, high) if high is not None else below - nudge
    if low is None:
        low = 0.0 if high is None or high >= 0 else high - 10
    return float(low), float(low + 10 if high is None else high)


class _Filler:
    def __init__(self, root: Mapping[str, Any], values: Values) -> None:
        self._root = root
        self._values = values

    def fill(self, raw: Mapping[str, Any], name: str, depth: int) -> Any:
        schema = resolve(raw, self._root)
        if "const" in schema:
            return schema["const"]
        if options := schema.get("enum"):
            return self._values.choice(name, options)
        kind = type_of(schema)
        if kind == "object":
            return self._object(schema, depth)
        if kind == "array":
            return self._array(schema, name, depth)
        return self._leaf(schema, kind, name)

    def _leaf(self, schema: Mapping[str, Any], kind: str, name: str) -> Any:
        if kind in ("integer", "number"):
            return self._number(schema, name, whole=kind == "integer")
        if kind == "boolean":
            return self._values.truth(name)
        return None if kind == "null" else self._string(schema, name)

    def _object(self, schema: Mapping[str, Any], depth: int) -> dict[str, Any]:
        properties: Mapping[str, Any] = schema.get("properties", {})
        required = schema.get("required", [])
        wanted = properties if depth < _DEEPEST else [one for one in properties if one in required]
        filled = {one: self.fill(properties[one], one, depth + 1) for one in wanted}
        for one in required:
            # A required property without a schema may be anything.
            filled.setdefault(one, "")
        return filled

    def _array(self, schema: Mapping[str, Any], name: str, depth: int) -> list[Any]:
        least = schema.get("minItems", 0 if depth >= _DEEPEST else 1)
        count = min(max(least, 1 if depth < _DEEPEST else 0), schema.get("maxItems", 20))
        items = schema.get("items", {"type": "string"})
        return [self.fill(items, f"{name} {place}", depth + 1) for place in range(1, count + 1)]

    def _number(self, schema: Mapping[str, Any], name: str, *, whole: bool) -> float | int:
        low, high = bounds_of(schema, whole=whole)
        step = schema.get("multipleOf") or (1 if whole else None)
        value = self._values.number(name, low, high)
        if step:
            value = round(value / step) * step
            value = min(max(value, math.ceil(low / step) * step), math.floor(high / step) * step)
        value = value if step else min(max(round(value, 1), low), high)
        return int(value) if whole or float(value).is_integer() else value

    def _string(self, schema: Mapping[str, Any], name: str) -> str:
        if schema.get("format") in _FORMATS:
            return _FORMATS[str(schema["format"])]
        text = self._values.text(name)
        if pattern := schema.get("pattern"):
            tries = (text, *_PATTERN_TRIES)
            text = next((one for one in tries if re.search(str(pattern), one)), text)
        text = text.ljust(schema.get("minLength", 0), ".")
        return text[: schema.get("maxLength", len(text))]


def _referenced(reference: str, root: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Any = root
    for part in reference.removeprefix("#").strip("/").split("/"):
        if part:
            found = found.get(part, {}) if isinstance(found, Mapping) else {}
    return found if isinstance(found, Mapping) else {}


def _joined(parts: Sequence[Mapping[str, Any]], rest: Mapping[str, Any]) -> dict[str, Any]:
    joined: dict[str, Any] = {}
    properties: dict[str, Any] = {}
    required: list[str] = []
    for part in (*parts, rest):
        joined.update(part)
        properties.update(part.get("properties", {}))
        required += part.get("required", [])
    if properties:
        joined |= {"properties": properties, "required": required}
    return joined
