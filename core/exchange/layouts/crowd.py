"""A crowd study: ``[{rater: [{response1, response2, model1, model2, criterion: answer, …}]}]``.

The file holds neither the prompt nor ids: a text is known by its model and its words, and the
samples of a model are counted in order of first appearance.
"""

from collections import Counter
from collections.abc import Iterable
from itertools import pairwise
from typing import Any

from pydantic import BaseModel, ConfigDict, TypeAdapter

from core.errors import InvalidInputError
from core.exchange.answers import (
    answers_of,
    comparing_rubric,
    criteria_of,
    keep_item,
    milliseconds,
    other_keys,
)
from core.exchange.building import StudyBuilder
from core.exchange.content import ImportedItem, ImportedSession, ImportedStudy
from core.exchange.documents import Documents, ModelLabel, PersonName, stem_of, validated
from core.studies.template import UNKNOWN_PROMPT


class Comparison(BaseModel):
    """One pair as it was shown; every further key may be a criterion."""

    # "model_" is a name of the files here, not one of pydantic's own.
    model_config = ConfigDict(extra="allow", protected_namespaces=())
    __pydantic_extra__: dict[str, Any]

    response1: str
    response2: str
    model1: ModelLabel
    model2: ModelLabel
    time_spent: float | None = None


Submission = tuple[str, list[Comparison]]
"""A rater's name as the file writes it, and what they compared in one go."""

_RUNNING_LENGTH = 8
"""So many times that only grow are no accident (one chance in 40,320)."""

_SHAPE = TypeAdapter(list[dict[PersonName, list[Comparison]]])


def recognised(files: Documents) -> tuple[str, ...]:
    """The documents that are lists of raters with compared pairs."""
    return tuple(entry for entry, document in files.documents.items() if _is_crowd(document))


def read(files: Documents) -> ImportedStudy:
    """The study with its one test case, and every rater's submissions.

    Raises:
        InvalidInputError: something has a wrong type inside, no text can be taken, or there are
            several such files, whose raters might be different people of one name.
    """
    entries = recognised(files)
    if len(entries) > 1:
        raise InvalidInputError(
            f"{files.name} holds {len(entries)} crowd studies; import them one at a time."
        )
    place = files.place(entries[0])
    raters = validated(_SHAPE, files.documents[entries[0]], place)
    submissions = [one for rater in raters for one in rater.items()]
    return _Reader(files, entries[0], submissions).study()


def _is_crowd(document: Any) -> bool:
    return isinstance(document, list) and any(
        isinstance(pair, dict) and "response1" in pair
        for rater in document
        if isinstance(rater, dict)
        for pairs in rater.values()
        if isinstance(pairs, list)
        for pair in pairs
    )


def _is_running(pairs: list[Comparison]) -> bool:
    times = [pair.time_spent for pair in pairs if pair.time_spent is not None]
    return len(times) >= _RUNNING_LENGTH and all(one < two for one, two in pairwise(times))


class _Reader:
    """Reads one crowd study."""

    def __init__(self, files: Documents, entry: str, submissions: list[Submission]) -> None:
        comparisons = [one for _, pairs in submissions for one in pairs]
        labels = [label for one in comparisons for label in (one.model1, one.model2)]
        self._entry = entry
        self._submissions = submissions
        self._builder = StudyBuilder(files, labels, files.place(entry))
        self._case = self._builder.add_case(None, name=stem_of(entry))
        self._keys: dict[tuple[str, str], str | None] = {}
        self._criteria = self._read_criteria([one.__pydantic_extra__ for one in comparisons])

    def study(self) -> ImportedStudy:
        """The study of the file."""
        sessions = list(self._sessions())
        self._note_running_times()
        return self._builder.build(
            stem_of(self._entry),
            template=UNKNOWN_PROMPT,
            sessions=sessions,
            rubric=comparing_rubric(dict.fromkeys(self._criteria, "")),
        )

    def _read_criteria(self, answered: list[dict[str, Any]]) -> tuple[str, ...]:
        notes = self._builder.tally.notes
        notes.append("The file does not hold the prompt; the template says so.")
        criteria = criteria_of(answered, self._entry)
        if criteria:
            notes.append(f"Criteria: {', '.join(criteria)}.")
        unread = other_keys(answered, criteria)
        if unread:
            notes.append(f"Keys without a known answer, not read: {', '.join(unread)}.")
        return criteria

    def _note_running_times(self) -> None:
        """Some files count the seconds from the start of a submission; say where it looks so."""
        running = [name for name, pairs in self._submissions if _is_running(pairs)]
        if running:
            self._builder.tally.notes.append(
                f"{len(running)} submission(s) have times that only grow, for example that of "
                f"{running[0]}; they are kept as they stand but may count from the start."
            )

    def _sessions(self) -> Iterable[ImportedSession]:
        counts: Counter[str] = Counter()
        tally = self._builder.tally
        for written, comparisons in self._submissions:
            name = written.strip()
            counts[name] += 1
            nth = f" ({counts[name]})" if counts[name] > 1 else ""
            place = f"{self._entry}: {name or 'a rater without a name'}{nth}"
            # The texts count even where the answers do not: they were shown.
            items = [self._item(place, position, one) for position, one in enumerate(comparisons)]
            kept = tuple(item for item in items if item is not None)
            if name and kept:
                complete = len(kept) == len(items) and all(
                    len(item.answers) == len(self._criteria) for item in kept
                )
                yield ImportedSession(name + nth, name, kept, complete)
                continue
            reason = "its answers are nobody's" if not name else "it holds no usable answer"
            answers = sum(len(item.answers) for item in kept)
            tally.leave(f"{place}: {reason}.", sessions=1, items=len(kept), ratings=answers)

    def _item(self, place: str, position: int, pair: Comparison) -> ImportedItem | None:
        where = f"{place}, comparison {position + 1}"
        first = self._key(where, pair.model1, pair.response1)
        second = self._key(where, pair.model2, pair.response2)
        answers = answers_of(pair.__pydantic_extra__, self._criteria)
        if first is None or second is None:
            self._builder.tally.leave(
                f"{where}: one of its two texts could not be taken.",
                items=1,
                ratings=len(answers.given),
            )
            return None
        if not keep_item(answers, where, self._builder.tally):
            return None
        return ImportedItem(
            position=position,
            first=first,
            second=second,
            answers=answers.given,
            reported_ms=milliseconds(pair.time_spent),
        )

    def _key(self, where: str, label: str, text: str) -> str | None:
        """The response that a text of a model is; new at its first appearance."""
        known = (self._builder.model(label), text)
        if known not in self._keys:
            self._keys[known] = self._builder.add_text(
                self._case, label, text, f"{where}, a text of {label}"
            )
        return self._keys[known]
