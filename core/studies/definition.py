"""What a person writes to define a study, checked as a whole before anything is stored."""

import hashlib
import json
import math
from dataclasses import asdict, dataclass, field
from typing import Any

from core.errors import InvalidInputError
from core.exchange.storable import is_storable
from core.providers.names import parse_model
from core.studies.template import check_values, placeholders

NAME_COLUMN = "case"
"""The optional column that names a test case; without it, its first words do."""
DEFAULT_QUESTION = (
    "How good is this response? Rate its quality and how relevant it is to what was asked."
)


@dataclass(frozen=True, slots=True)
class Parameters:
    """How a model is called. ``None`` leaves a value to the provider.

    ``temperature`` is 0.7 by default, as in the paper (section V).
    """

    temperature: float | None = 0.7
    top_p: float | None = None
    max_tokens: int | None = None
    seed: int | None = None
    system_prompt: str | None = None

    def as_document(self) -> dict[str, Any]:
        """The values that are set, for storing; two equal documents mean the same call."""
        document = {name: value for name, value in asdict(self).items() if value is not None}
        # 1 and 1.0 are one temperature, but two texts in JSON and so two hashes.
        return document | {
            name: float(document[name]) for name in ("temperature", "top_p") if name in document
        }


@dataclass(frozen=True, slots=True)
class Case:
    """One filling of the template: a name to recognise it by and a value for each placeholder."""

    name: str
    values: dict[str, str]


@dataclass(frozen=True, slots=True)
class StudyDefinition:
    """One state of a study as a person defines it; `checked` says whether it can be taken."""

    name: str
    template: str
    test_cases: tuple[Case, ...]
    reference: str | None
    candidates: tuple[str, ...]
    description: str = ""
    samples_per_case: int = 3
    parameters: Parameters = field(default_factory=Parameters)
    rubric_question: str = DEFAULT_QUESTION

    def checked(self) -> "StudyDefinition":
        """The same definition with names trimmed and models in the form ``provider/model``.

        Raises:
            InvalidInputError: something cannot be taken; the sentence says what and how to mend it.
        """
        name = self.name.strip()
        if not 1 <= len(name) <= 200:
            raise InvalidInputError("The study needs a name of 1 to 200 characters; type one.")
        reference = parse_model(self.reference).full_name if self.reference else None
        checked = StudyDefinition(
            name=name,
            template=self.template,
            test_cases=self.test_cases,
            reference=reference,
            candidates=tuple(parse_model(model).full_name for model in self.candidates),
            description=self.description.strip(),
            samples_per_case=self.samples_per_case,
            parameters=self.parameters,
            rubric_question=self.rubric_question.strip() or DEFAULT_QUESTION,
        )
        checked._check_texts()
        checked._check_models()
        checked._check_cases()
        checked._check_numbers()
        return checked

    def _check_texts(self) -> None:
        case_texts = [
            text
            for case in self.test_cases
            for text in (case.name, *case.values, *case.values.values())
        ]
        texts = {
            "name": [self.name],
            "prompt template": [self.template],
            "description": [self.description],
            "question": [self.rubric_question],
            "system prompt": [self.parameters.system_prompt or ""],
            "test cases": case_texts,
        }
        for place, found in texts.items():
            if not all(map(is_storable, found)):
                raise InvalidInputError(
                    f"The study's {place} cannot be stored: it holds a NUL character or half a "
                    "character; remove it."
                )

    def _check_models(self) -> None:
        if not self.candidates:
            raise InvalidInputError("The study has no candidate; name at least one model to test.")
        models = [*self.candidates, *([self.reference] if self.reference else [])]
        twice = next((model for model in models if models.count(model) > 1), None)
        if twice:
            raise InvalidInputError(f"The model {twice!r} is named twice; remove one.")

    def _check_cases(self) -> None:
        if NAME_COLUMN in placeholders(self.template):
            raise InvalidInputError(
                f"The placeholder {{{{{NAME_COLUMN}}}}} is taken: the column {NAME_COLUMN!r} names "
                "the test cases; rename the placeholder."
            )
        if not self.test_cases:
            raise InvalidInputError(
                "The study has no test case; add at least one filling of the template."
            )
        seen: dict[str, str] = {}
        names: set[str] = set()
        for case in self.test_cases:
            if not 1 <= len(case.name) <= 200:
                raise InvalidInputError(
                    f"The test case name {case.name[:40]!r} must have 1 to 200 characters."
                )
            if case.name in names:
                raise InvalidInputError(
                    f"Two test cases are named {case.name!r}; give each a name of its own."
                )
            names.add(case.name)
            check_values(self.template, case.values, case.name)
            same = seen.setdefault(document_hash(case.values), case.name)
            if same != case.name:
                raise InvalidInputError(
                    f"Test cases {same!r} and {case.name!r} have the same values; remove one."
                )

    def _check_numbers(self) -> None:
        if not 1 <= self.samples_per_case <= 1000:
            raise InvalidInputError(
                f"{self.samples_per_case} samples per case cannot be made; choose 1 to 1000."
            )
        _check_range("temperature", self.parameters.temperature, 0.0, 2.0)
        _check_range("top_p", self.parameters.top_p, 0.0, 1.0)
        _check_range("max_tokens", self.parameters.max_tokens, 1, 1_000_000)


def _check_range(name: str, value: float | None, low: float, high: float) -> None:
    if value is not None and not (math.isfinite(value) and low <= value <= high):
        raise InvalidInputError(f"{name} {value} is out of range; choose {low} to {high}.")


def text_hash(text: str) -> str:
    """SHA-256 of a text in UTF-8, hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def document_hash(document: Any) -> str:
    """SHA-256 of a JSON document with sorted keys, hexadecimal."""
    return text_hash(json.dumps(document, sort_keys=True, ensure_ascii=False))
