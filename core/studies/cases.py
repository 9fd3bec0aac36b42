"""Test cases as people bring them: a CSV with a column a placeholder, or JSON lines."""

import csv
import io
import json
from collections.abc import Sequence
from typing import Any

from core.errors import InvalidInputError
from core.studies.definition import NAME_COLUMN, Case


def read_cases(file_name: str, content: bytes) -> tuple[Case, ...]:
    """Read test cases from a CSV file (first row: placeholder names) or JSON lines of objects.

    Raises:
        InvalidInputError: the file is no text, has no rows, or a row does not fit its header.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidInputError(f"{file_name} is not UTF-8 text; save it as UTF-8.") from error
    rows = _json_rows(file_name, text) if _is_json(file_name) else _csv_rows(file_name, text)
    if not rows:
        raise InvalidInputError(f"{file_name} holds no test case; add a row below the header.")
    names: set[str] = set()
    cases = []
    for number, row in enumerate(rows, start=1):
        name = row.pop(NAME_COLUMN, "").strip() or _default_name(row, number, names)
        names.add(name)
        cases.append(Case(name=name, values=row))
    return tuple(cases)


def _default_name(values: dict[str, str], number: int, taken: set[str]) -> str:
    """A name made of the case's own text, so that a row put above it does not rename it."""
    lines = (line.strip() for value in values.values() for line in value.splitlines())
    name = next((line for line in lines if line), f"case {number}")[:60]
    return name if name not in taken else f"{name} ({number})"


def cases_as_csv(cases: Sequence[Case]) -> str:
    """The cases in the form that `read_cases` reads; the inverse of it."""
    columns = [NAME_COLUMN, *(cases[0].values if cases else ())]
    text = io.StringIO(newline="")
    # The writer quotes a lone carriage return only when told to quote everything.
    cells = [cell for case in cases for cell in (case.name, *case.values.values())]
    writer = csv.DictWriter(
        text,
        columns,
        lineterminator="\n",
        quoting=csv.QUOTE_ALL if "\r" in "".join(cells) else csv.QUOTE_MINIMAL,
    )
    writer.writeheader()
    writer.writerows({NAME_COLUMN: case.name, **case.values} for case in cases)
    return text.getvalue()


def _is_json(file_name: str) -> bool:
    return file_name.lower().endswith((".jsonl", ".ndjson"))


def _csv_rows(file_name: str, text: str) -> list[dict[str, str]]:
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    rows: list[dict[str, str]] = []
    try:
        columns = [name.strip() for name in reader.fieldnames or ()]
        twice = next((name for name in columns if columns.count(name) > 1), None)
        if twice is not None:
            raise InvalidInputError(f"{file_name} has two columns {twice!r}; remove one.")
        for row in reader:
            # DictReader files surplus cells under None and fills missing ones with None.
            if None in row or None in row.values():
                raise InvalidInputError(
                    f"Line {reader.line_num} of {file_name} has not as many cells as the header; "
                    "put text with commas in double quotes."
                )
            rows.append({name.strip(): value for name, value in row.items()})
    except csv.Error as error:
        # The reader counts a line once it has been taken; the last one may lack its closing quote.
        line = min(reader.line_num + 1, len(text.splitlines()))
        raise InvalidInputError(
            f"Line {line} of {file_name} is not valid CSV ({error}); check its quotes."
        ) from error
    return rows


def _json_rows(file_name: str, text: str) -> list[dict[str, str]]:
    rows = []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row: Any = json.loads(line)
        except ValueError as error:
            raise InvalidInputError(
                f"Line {number} of {file_name} is not valid JSON; write one object a line."
            ) from error
        if not isinstance(row, dict) or not all(isinstance(v, str) for v in row.values()):
            raise InvalidInputError(
                f"Line {number} of {file_name} must be an object whose values are texts."
            )
        rows.append(row)
    return rows
