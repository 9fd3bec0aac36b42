"""Criteria as lines of text, ``name: question``, as the study's form shows and takes them."""

import re
from collections.abc import Iterable

from core.errors import InvalidInputError
from core.studies.rubric import Criterion, Rubric


def write_criteria(criteria: Iterable[Criterion]) -> str:
    r"""One line a criterion; a line break in a question is written ``\n``, a backslash ``\\``."""
    return "\n".join(f"{one.key}: {_on_one_line(one.question)}" for one in criteria)


def read_criteria(text: str) -> tuple[Criterion, ...]:
    """The criteria of such lines; empty lines are passed over.

    Raises:
        InvalidInputError: a line has no name with a colon behind it.
    """
    return tuple(_read(line.strip()) for line in text.split("\n") if line.strip())


def with_more_criteria(rubric: Rubric, lines: str) -> Rubric:
    """The rubric with the criteria of the lines behind its own; raises as `read_criteria`."""
    return rubric.model_copy(update={"criteria": (*rubric.criteria, *read_criteria(lines))})


def _read(line: str) -> Criterion:
    key, colon, question = line.partition(":")
    if not colon:
        raise InvalidInputError(
            f"The question {line[:60]!r} has no name; write it as “warmth: How warm is it?”."
        )
    return Criterion(key=key.strip(), question=_with_line_breaks(question.strip()))


def _on_one_line(question: str) -> str:
    return question.replace("\\", "\\\\").replace("\n", "\\n")


def _with_line_breaks(written: str) -> str:
    return re.sub(r"\\(n|\\)", lambda found: "\n" if found[1] == "n" else "\\", written)
