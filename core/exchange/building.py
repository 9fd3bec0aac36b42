"""Collecting the prompts and responses of a file into an `ImportedStudy`."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from core.errors import InvalidInputError
from core.exchange.content import (
    ImportedCase,
    ImportedResponse,
    ImportedSession,
    ImportedStudy,
)
from core.exchange.documents import Documents
from core.exchange.html_text import plain_text
from core.exchange.naming import full_names, naming_notes, reference_note, reference_of
from core.exchange.report import Tally
from core.exchange.storable import is_storable
from core.studies.rubric import DEFAULT_RUBRIC, Rubric

PROMPT_TEMPLATE = "{{prompt}}"
"""The template of imported studies: every prompt fills it whole, whatever braces it holds."""

_NAME_LENGTH = 60


class StudyBuilder:
    """Takes a file's prompts, texts and submissions in its order and makes a study of them."""

    def __init__(self, files: Documents, labels: Iterable[str], place: str) -> None:
        self.tally = Tally()
        self._files = files
        self._names = full_names(labels, place)
        self._cases: list[ImportedCase] = []
        self._case_of_values: dict[str, int] = {}
        self._case_names: set[str] = set()
        self._responses: list[ImportedResponse] = []
        self._sample_counts: Counter[tuple[int, str]] = Counter()
        self._descriptions: dict[str, None] = {}

    def model(self, label: str) -> str:
        """``provider/model`` of a label that was given to the constructor."""
        return self._names[label]

    @property
    def first_case_name(self) -> str:
        """The name of the first test case, for files that have no telling name of their own."""
        return self._cases[0].name if self._cases else ""

    def add_case(
        self,
        prompt: str | None,
        *,
        name: str | None = None,
        external_id: str | None = None,
        descriptions: Iterable[str | None] = (),
    ) -> int:
        """The number of the test case with that prompt; the same prompt again is the same case.

        Without a prompt the case is known by its name alone, and the template says so.
        """
        self._descriptions.update(dict.fromkeys(plain_text(text) for text in descriptions if text))
        key = prompt if prompt is not None else f"name {name}"
        if key not in self._case_of_values:
            self._case_of_values[key] = len(self._cases)
            values = {} if prompt is None else {"prompt": prompt}
            wanted = (name or "").strip() or _short(prompt or "") or "Prompt"
            self._cases.append(ImportedCase(self._unique(wanted), values, external_id))
        return self._case_of_values[key]

    def add_text(
        self, case: int, label: str, text: str, place: str, external_id: str | None = None
    ) -> str | None:
        """Take one text of one model; returns its key, or nothing when it had to be left.

        A text that is left keeps its sample index, so that the others keep theirs.
        """
        model = self.model(label)
        sample_index = self._sample_counts[case, model]
        self._sample_counts[case, model] += 1
        if not text.strip():
            self.tally.leave(f"{place}: the text is blank.", responses=1)
            return None
        if not is_storable(text):
            self.tally.leave(
                f"{place}: the text holds a NUL or broken character, which cannot be stored.",
                responses=1,
            )
            return None
        key = external_id or str(len(self._responses))
        self._responses.append(ImportedResponse(key, case, model, sample_index, text, external_id))
        return key

    def build(
        self,
        suggested_name: str,
        *,
        template: str = PROMPT_TEMPLATE,
        sessions: Iterable[ImportedSession] = (),
        configuration: dict[str, Any] | None = None,
        rubric: Rubric = DEFAULT_RUBRIC,
    ) -> ImportedStudy:
        """The study.

        Raises:
            InvalidInputError: no response could be taken, so there is nothing to make a study of.
        """
        if not self._responses:
            reason = f" ({self.tally.reasons[0].rstrip('.')})" if self.tally.reasons else ""
            raise InvalidInputError(
                f"{self._files.name} holds no response that can be taken{reason}; "
                "choose a file with responses."
            )
        answered = {response.model for response in self._responses}
        models = tuple(model for model in dict.fromkeys(self._names.values()) if model in answered)
        for model in dict.fromkeys(self._names.values()):
            if model not in answered:
                self.tally.leave(f"{model}: none of its texts could be taken.", candidates=1)
        self.tally.notes += [*naming_notes(self._names), reference_note(models)]
        return ImportedStudy(
            suggested_name=suggested_name,
            description="\n".join(text for text in self._descriptions if text),
            template=template,
            cases=tuple(self._cases),
            models=models,
            reference=reference_of(models),
            responses=tuple(self._responses),
            samples_per_case=max(self._sample_counts.values()),
            tally=self.tally,
            sessions=tuple(sessions),
            configuration=configuration,
            rubric=rubric,
        )

    def _unique(self, name: str) -> str:
        """The name, with a number behind it where another case has it already."""
        base, candidate, number = name[:200], name[:200], 1
        while candidate in self._case_names:
            number += 1
            candidate = f"{base[:190]} ({number})"
        self._case_names.add(candidate)
        return candidate


def _short(prompt: str) -> str:
    """The prompt's beginning on one line, to recognise it by."""
    line = " ".join(prompt.split())
    return line if len(line) <= _NAME_LENGTH else f"{line[: _NAME_LENGTH - 1].rstrip()}…"
