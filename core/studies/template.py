"""Prompt templates: text with ``{{placeholders}}`` that test cases fill.

A placeholder is ``{{name}}``, the name made of letters, digits and underscores; spaces inside the
braces are allowed. Anything else with double braces is an error: it is nearly always a slip.
"""

import re
from collections.abc import Mapping

from core.errors import InvalidInputError

UNKNOWN_PROMPT = "(The imported file does not hold the prompt.)"
"""The template of a study whose file gave responses without what they answer."""

_BRACES = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
_NAME = re.compile(r"\s*([A-Za-z_][A-Za-z0-9_]*)\s*")


def placeholders(template: str) -> tuple[str, ...]:
    """The distinct placeholder names of ``template``, in order of appearance.

    Raises:
        InvalidInputError: the template is empty, or holds a malformed or unclosed placeholder.
    """
    if not template.strip():
        raise InvalidInputError("The prompt template is empty; write the prompt of the feature.")
    names: dict[str, None] = {}
    for inside in _BRACES.findall(template):
        match = _NAME.fullmatch(inside)
        if match is None:
            raise InvalidInputError(
                f"The placeholder {{{{{inside}}}}} is malformed; "
                "use letters, digits and underscores, as in {{tasks}}."
            )
        names[match.group(1)] = None
    # A space, so that single braces around a placeholder do not become a double one.
    rest = _BRACES.sub(" ", template)
    if "{{" in rest or "}}" in rest:
        raise InvalidInputError(
            "The prompt template has a '{{' or '}}' without its partner; close or remove it."
        )
    return tuple(names)


def check_values(template: str, values: Mapping[str, str], case_name: str) -> None:
    """Check that a test case fills exactly the placeholders of ``template``.

    Raises:
        InvalidInputError: a placeholder has no value, or a value has no placeholder.
    """
    wanted = placeholders(template)
    missing = [name for name in wanted if name not in values]
    if missing:
        raise InvalidInputError(
            f"Test case {case_name!r} gives no value for {{{{{missing[0]}}}}}; "
            "add it, or take the placeholder out of the template."
        )
    unknown = [name for name in values if name not in wanted]
    if unknown:
        raise InvalidInputError(
            f"Test case {case_name!r} has a value for {unknown[0]!r}, which the template does not "
            f"use; add {{{{{unknown[0]}}}}} to the template or remove the value."
        )


def render(template: str, values: Mapping[str, str]) -> str:
    """``template`` with every placeholder replaced by its value; values are not parsed again.

    Raises:
        KeyError: a placeholder has no value (call `check_values` first).
    """

    def value_of(match: re.Match[str]) -> str:
        return values[match.group(1).strip()]

    return _BRACES.sub(value_of, template)
