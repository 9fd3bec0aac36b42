"""A form made from a judge's options: one widget a field, and what was typed as values again."""

import json
from collections.abc import Mapping
from enum import Enum
from types import NoneType
from typing import Any, Literal, get_args, get_origin

import streamlit as st
from pydantic.fields import FieldInfo

from core.errors import InvalidInputError
from core.judges.base import Options

_LISTS = (tuple, list, set, frozenset)


def form_fields(options: Options) -> dict[str, FieldInfo]:
    """``name -> field`` of all that a form shows, in the order in which they are declared."""
    return {
        name: field
        for name, field in type(options).model_fields.items()
        if not isinstance(field.json_schema_extra, dict)
        or field.json_schema_extra.get("form") is not False
    }


def as_typed(options: Options) -> dict[str, Any]:
    """``name -> what its widget holds`` for these options."""
    return {
        name: _to_widget(field, getattr(options, name))
        for name, field in form_fields(options).items()
    }


def from_typed(options: Options, typed: Mapping[str, Any]) -> dict[str, Any]:
    """``name -> value`` of what the widgets hold, unchecked but for JSON.

    Raises:
        InvalidInputError: a field that is edited as JSON holds none.
    """
    return {name: _from_widget(field, typed[name]) for name, field in form_fields(options).items()}


def draw_field(name: str, field: FieldInfo, key: str) -> Any:
    """Draw one widget whose value is in the session's state under ``key``; gives its value."""
    label = field.title or name.replace("_", " ").capitalize()
    kind, is_optional = _kind(field)
    help_text = field.description
    if kind is bool:
        return st.toggle(label, key=key, help=help_text)
    if _is_choice(kind):
        choices = [*_choices(kind), *([None] if is_optional else [])]
        return st.selectbox(label, choices, key=key, help=help_text, format_func=_in_words)
    if kind in (int, float):
        return _draw_number(label, field, kind, key, is_optional=is_optional)
    if kind is str and not _is_long(name, field):
        return st.text_input(label, key=key, help=help_text)
    if get_origin(kind) in _LISTS and str in get_args(kind):
        return st.text_area(f"{label}, one a line", key=key, help=help_text, height=100)
    return st.text_area(label, key=key, help=help_text, height=360 if name == "prompt" else 120)


def _draw_number(label: str, field: FieldInfo, kind: Any, key: str, *, is_optional: bool) -> Any:
    bounds: dict[str, Any] = {
        argument: kind(getattr(one, bound))
        for one in field.metadata
        for bound, argument in (("ge", "min_value"), ("le", "max_value"))
        if getattr(one, bound, None) is not None
    }
    if is_optional:
        bounds["value"] = None
    return st.number_input(
        label,
        **bounds,
        step=kind(1) if kind is int else 0.1,
        key=key,
        help=field.description,
        placeholder="not set",
    )


def _kind(field: FieldInfo) -> tuple[Any, bool]:
    """The type of the field's values, and whether it may be empty."""
    inside = [one for one in get_args(field.annotation) if one is not NoneType]
    if NoneType in get_args(field.annotation) and len(inside) == 1:
        return inside[0], True
    return field.annotation, False


def _is_choice(kind: Any) -> bool:
    return get_origin(kind) is Literal or (isinstance(kind, type) and issubclass(kind, Enum))


def _choices(kind: Any) -> list[Any]:
    if get_origin(kind) is Literal:
        return list(get_args(kind))
    return [one.value for one in kind]


def _in_words(choice: object) -> str:
    return "not set" if choice is None else str(choice).replace("_", " ")


def _is_long(name: str, field: FieldInfo) -> bool:
    return name == "prompt" or "\n" in str(field.default)


def _is_plain(kind: Any) -> bool:
    return kind in (bool, int, float, str) or _is_choice(kind)


def _to_widget(field: FieldInfo, value: Any) -> Any:
    kind, _ = _kind(field)
    if isinstance(value, Enum):
        return value.value
    if kind is str:
        return "" if value is None else value
    if _is_plain(kind):
        return value
    if get_origin(kind) in _LISTS and str in get_args(kind):
        return "\n".join(value)
    return json.dumps(value, ensure_ascii=False, indent=1, default=str)


def _from_widget(field: FieldInfo, typed: Any) -> Any:
    kind, is_optional = _kind(field)
    if kind is str and is_optional:
        return typed or None
    if _is_plain(kind):
        return typed
    if get_origin(kind) in _LISTS and str in get_args(kind):
        return [line.strip() for line in typed.splitlines() if line.strip()]
    try:
        return json.loads(typed)
    except ValueError as error:
        raise InvalidInputError(f"{field.title} must be JSON: {error}.") from error
