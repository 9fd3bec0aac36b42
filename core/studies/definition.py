"""What a person writes to define a study, checked as a whole before anything is stored."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from core.errors import InvalidInputError
from core.exchange.storable import is_storable
from core.providers.names import parse_model
from core.studies.parameters import (
    OVERRIDABLE,
    Overrides,
    check_value,
    normal_digest,
)
from core.studies.parameters import (
    Parameters as Parameters,
)
from core.studies.rubric import DEFAULT_RUBRIC, Rubric
from core.studies.template import check_values, placeholders

NAME_COLUMN = "case"
"""The optional column that names a test case; without it, its first words do."""


@dataclass(frozen=True, slots=True)
class Case:
    """One filling of the template: a name to recognise it by and a value for each placeholder."""

    name: str
    values: dict[str, str]


@dataclass(frozen=True, slots=True)
class StudyDefinition:
    """One state of a study as a person defines it; `checked` says whether it can be taken.

    ``overrides`` are what single candidates, or the reference, have otherwise than ``parameters``,
    by model.
    """

    name: str
    template: str
    test_cases: tuple[Case, ...]
    reference: str | None
    candidates: tuple[str, ...]
    description: str = ""
    samples_per_case: int = 3
    parameters: Parameters = field(default_factory=Parameters)
    rubric: Rubric = DEFAULT_RUBRIC
    overrides: Mapping[str, Overrides] = field(default_factory=dict)

    @property
    def models(self) -> tuple[str, ...]:
        """The candidates, then the reference, if there is one."""
        return (*self.candidates, *([self.reference] if self.reference else []))

    def documents(self) -> dict[str, dict[str, Any]]:
        """How each model is called, as it is stored, by model."""
        return {
            model: self.parameters.merged(self.overrides.get(model, {})) for model in self.models
        }

    def means_the_same_as(self, other: "StudyDefinition") -> bool:
        """Whether the two ask for the same, however it is shared out between the parameters."""
        if self.models != other.models or self.documents() != other.documents():
            return False
        return replace(self, parameters=other.parameters, overrides=other.overrides) == other

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
            rubric=self.rubric.checked(),
            overrides=_checked_overrides(self.overrides),
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
        models = self.models
        twice = next((model for model in models if models.count(model) > 1), None)
        if twice:
            raise InvalidInputError(f"The model {twice!r} is named twice; remove one.")
        unknown = next((model for model in self.overrides if model not in models), None)
        if unknown:
            raise InvalidInputError(
                f"There are parameters for {unknown!r}, which is no model of the study; add it."
            )

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
        self.parameters.check()


def _checked_overrides(overrides: Mapping[str, Overrides]) -> dict[str, Overrides]:
    """The same by full names of models, with digests in one form and without empty entries."""
    checked: dict[str, Overrides] = {}
    for written, values in overrides.items():
        model = parse_model(written).full_name
        for name, value in values.items():
            if name not in OVERRIDABLE:
                raise InvalidInputError(
                    f"{name!r} is no parameter of {model!r}; known are {', '.join(OVERRIDABLE)}."
                )
            check_value(name, value, f" of {model!r}")
        digest = values.get("digest")
        named = {"digest": normal_digest(digest)} if digest else {}
        rest = {name: value for name, value in values.items() if name != "digest"}
        if rest | named:
            checked[model] = rest | named
    return checked


def text_hash(text: str) -> str:
    """SHA-256 of a text in UTF-8, hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def document_hash(document: Any) -> str:
    """SHA-256 of a JSON document with sorted keys, hexadecimal."""
    return text_hash(json.dumps(document, sort_keys=True, ensure_ascii=False))
