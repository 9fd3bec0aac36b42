"""Lines of a file of responses: one JSON object a line, and what is wrong with those that are none.

``{"id": …, "prompt": …, "response": …, "references": […], "facts": {…}}``; the last two may be left
out, and other keys are passed over.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

from pydantic import BaseModel, ConfigDict, ValidationError

from core.exchange.storable import is_storable, shown

LONGEST_LINE_BYTES = 16 * 1024 * 1024
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class GivenResponse(BaseModel):
    """One response to be scored, as a line gives it."""

    model_config = ConfigDict(strict=True, frozen=True)

    id: str | int
    prompt: str
    response: str
    references: list[str] = []
    facts: dict[str, str] = {}


@dataclass(frozen=True, slots=True)
class Line:
    """One line: what it gives, or the ``problem`` that it has as a sentence.

    ``id`` is also of a line with a problem, where it can be read; ``bytes_read`` counts all bytes
    up to the line's end.
    """

    number: int
    bytes_read: int
    id: str | int | None
    given: GivenResponse | None
    problem: str | None = None


def read_lines(file: BinaryIO) -> Iterator[Line]:
    """The lines of a file, one at a time; empty ones are passed over, broken ones are not."""
    number, bytes_read = 0, 0
    while raw := file.readline(LONGEST_LINE_BYTES + 1):
        number += 1
        bytes_read += len(raw)
        is_too_long = len(raw) > LONGEST_LINE_BYTES and not raw.endswith(b"\n")
        while is_too_long and (rest := file.readline(LONGEST_LINE_BYTES)):
            bytes_read += len(rest)
            if rest.endswith(b"\n"):
                break
        if is_too_long:
            most = LONGEST_LINE_BYTES // 1024 // 1024
            problem = f"Line {number} is longer than {most} MiB; split it."
            yield Line(number, bytes_read, None, None, problem)
        elif content := raw.removeprefix(_BYTE_ORDER_MARK).strip():
            yield _line(number, bytes_read, content)


def _line(number: int, bytes_read: int, content: bytes) -> Line:
    try:
        read: Any = json.loads(content.decode())
    except UnicodeDecodeError:
        return Line(number, bytes_read, None, None, f"Line {number} is not in UTF-8; convert it.")
    except (ValueError, RecursionError) as error:
        problem = f"Line {number} is no JSON ({error}); write one object a line."
        return Line(number, bytes_read, None, None, problem)
    if not isinstance(read, dict):
        problem = f"Line {number} is no JSON object; write {{…}} with id, prompt and response."
        return Line(number, bytes_read, None, None, problem)
    line_id = _id_in(read)
    try:
        given = GivenResponse.model_validate(read)
    except ValidationError as error:
        return Line(number, bytes_read, line_id, None, f"Line {number}: {_told(error)}")
    if not all(map(is_storable, _texts(given))):
        problem = (
            f"Line {number} holds a NUL character or half of a pair of surrogates; take it out."
        )
        return Line(number, bytes_read, line_id, None, problem)
    return Line(number, bytes_read, given.id, given)


def _id_in(read: dict[str, Any]) -> str | int | None:
    found = read.get("id")
    if isinstance(found, int) and not isinstance(found, bool):
        return found
    return found if isinstance(found, str) and is_storable(found) else None


def _texts(given: GivenResponse) -> list[str]:
    own = [str(given.id), given.prompt, given.response, *given.references]
    return [*own, *given.facts, *given.facts.values()]


def _told(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    field = str(first["loc"][0]) if first["loc"] else "it"
    if first["type"] == "missing":
        return f"{field} is missing; add it."
    wanted = {
        "id": "a text or a whole number",
        "references": "a list of texts",
        "facts": "an object of texts",
    }.get(field, "a text")
    return f"{field} is {shown(repr(first['input']))}, but must be {wanted}."
