"""How the original tool's files say "the first", "the second" and "about the same"."""

import math
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from core.errors import InvalidInputError
from core.exchange.content import Answers, ImportedAnswer
from core.exchange.report import Tally
from core.exchange.storable import is_storable, shown
from core.studies.rubric import Criterion, Rubric
from db.tables import Preference

FREE_TEXT = frozenset({"comment", "comments", "explanation", "feedback", "note", "notes", "reason"})
"""Keys beside the criteria that hold what a rater wrote; never a criterion."""

OVERALL = "overall"
"""The criterion that a free text belongs to where there are several."""

_SIDE = re.compile(
    r"(?:(?:response|option|answer|text)\s*)?(?P<side>1|2|a|b|first|second)"
    r"(?:\s+(?:response|option|answer|text|one))?(?:\s+is\s+(?:much\s+|slightly\s+)?better)?"
)
_TIES = frozenset(
    {
        "about the same",
        "draw",
        "equal",
        "equally good",
        "no preference",
        "same",
        "the same",
        "tie",
        "tied",
    }
)
_EPOCH = range(946_684_800, 4_102_444_800)
"""The years 2000 to 2099 in seconds since 1970: a number in it is a moment, not a duration."""

_MAX_MILLISECONDS = 2**31 - 1
"""What the column holds, 24 days; nobody looked at one pair that long."""


def preference_of(value: object) -> Preference | None:
    """The preference that a value stands for; none when it is no answer."""
    if not isinstance(value, str):
        return None
    text = " ".join(value.casefold().split()).rstrip(".!")
    if text in _TIES:
        return Preference.TIE
    match = _SIDE.fullmatch(text)
    if match is None:
        return None
    return Preference.FIRST if match["side"] in {"1", "a", "first"} else Preference.SECOND


def comparing_rubric(questions: Mapping[str, str]) -> Rubric:
    """The rubric that an imported file's raters answered: ``criterion -> question``.

    A criterion keeps the file's name, as its ratings do; one without a question gets one.
    """
    criteria = tuple(
        Criterion(key=name, question=question.strip() or f"{name}: which response is better?")
        for name, question in questions.items()
    )
    return Rubric(criteria=criteria or (Criterion(),), allows_cannot_judge=False)


def criteria_of(items: Iterable[Mapping[str, Any]], place: str) -> tuple[str, ...]:
    """Every key that holds a recognised answer anywhere, in order of appearance.

    Raises:
        InvalidInputError: a criterion's name cannot be stored.
    """
    found: dict[str, None] = {}
    for item in items:
        for key, value in item.items():
            if key not in found and key not in FREE_TEXT and preference_of(value) is not None:
                _check_criterion(key, place)
                found[key] = None
    return tuple(found)


def other_keys(items: Iterable[Mapping[str, Any]], criteria: Iterable[str]) -> tuple[str, ...]:
    """Keys that are neither a criterion nor a free text, for a note that they were not read."""
    known = FREE_TEXT.union(criteria)
    return tuple(dict.fromkeys(shown(key) for item in items for key in item if key not in known))


def answers_of(item: Mapping[str, Any], criteria: Iterable[str]) -> Answers:
    """Read the answers of one item."""
    preferences: dict[str, Preference] = {}
    unanswered: list[str] = []
    unknown: list[tuple[str, str]] = []
    for criterion in criteria:
        value = item.get(criterion)
        preference = preference_of(value)
        if preference is not None:
            preferences[criterion] = preference
        elif value is None or (isinstance(value, str) and not value.strip()):
            unanswered.append(criterion)
        else:
            unknown.append((criterion, shown(str(value))))
    comment = _comment_of(item)
    kept = comment if comment is None or is_storable(comment) else None
    return Answers(
        given=_with_comment(preferences, kept),
        unanswered=tuple(unanswered),
        unknown=tuple(unknown),
        comment_left=kept != comment,
    )


def keep_item(answers: Answers, place: str, tally: Tally) -> bool:
    """Whether an item with these answers is taken; what is not taken is counted with its reason.

    An answer that means nothing puts the whole item in doubt; a missing one does not.
    """
    if answers.unknown:
        criterion, value = answers.unknown[0]
        tally.leave(
            f"{place}: {value!r} is no known answer to {criterion}.",
            items=1,
            ratings=len(answers.given) + len(answers.unknown),
        )
        return False
    if not answers.given:
        tally.leave(f"{place}: it holds no answer.", items=1)
        return False
    if answers.unanswered:
        tally.reasons.append(f"{place}: it holds no answer to {', '.join(answers.unanswered)}.")
    if answers.comment_left:
        tally.reasons.append(
            f"{place}: its free text holds a NUL or broken character, which cannot be stored."
        )
    return True


def milliseconds(seconds: float | None) -> int | None:
    """A duration as the column holds it; none when the file has no believable one."""
    if seconds is None or not 0 <= seconds <= _MAX_MILLISECONDS / 1000:
        return None
    return round(seconds * 1000)


def moment(seconds: float | None) -> datetime | None:
    """A moment given in seconds since 1970; none when the number is something else."""
    if seconds is None or not math.isfinite(seconds) or int(seconds) not in _EPOCH:
        return None
    return datetime.fromtimestamp(seconds, UTC)


def _check_criterion(name: str, place: str) -> None:
    if not name.strip() or not is_storable(name) or len(name) > 100:
        raise InvalidInputError(
            f"{place}: the criterion {shown(name)!r} must have 1 to 100 printable characters; "
            "rename it and import the file again."
        )


def _comment_of(item: Mapping[str, Any]) -> str | None:
    texts = [item[key] for key in item if key in FREE_TEXT]
    said = [text.strip() for text in texts if isinstance(text, str) and text.strip()]
    return "\n".join(said) or None


def _with_comment(
    preferences: Mapping[str, Preference], comment: str | None
) -> tuple[ImportedAnswer, ...]:
    """The free text stands once, at the overall criterion or else at the first one."""
    owner = OVERALL if OVERALL in preferences else next(iter(preferences), None)
    return tuple(
        ImportedAnswer(criterion, preference, comment if criterion == owner else None)
        for criterion, preference in preferences.items()
    )
