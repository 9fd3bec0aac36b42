"""Measuring with any judge, also a broken one: every response gets a sound score or a reason.

A judge of one's own may raise, return something else, leave its scale, or give what no database can
hold. That is stored with the response it happened to, in one sentence, and the others go on.
"""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from core.errors import SlamError, StoppedError
from core.exchange.storable import is_storable, storable_part
from core.judges.base import JudgedResponse, MeasuringJudge, Scale, Score, Tools, Unscored
from core.providers.base import FailureKind, ProviderError

BROKEN_JUDGE = "broken_judge"
"""The kind of an `Unscored` that a fault of the judge caused, not of the response."""
LONGEST_KIND = 64
"""Characters of an `Unscored`'s kind that the store takes."""


def measured(
    judge: MeasuringJudge, responses: Sequence[JudgedResponse], tools: Tools
) -> list[Score | Unscored]:
    """One sound score or one reason a response, in order; nothing is raised by a broken judge.

    Raises:
        StoppedError: the work was called off while the judge waited for a model.
    """
    if not responses:
        return []
    try:
        found = judge.score(responses, tools)
    except StoppedError:
        raise
    except SlamError as error:
        kind = error.kind if isinstance(error, ProviderError) else FailureKind.INTERNAL
        return [Unscored(kind.value, storable_part(str(error)))] * len(responses)
    except (Exception, SystemExit) as error:
        if len(responses) == 1:
            return [broken(judge.label, told(error))]
        # Each by itself, so that only those suffer that it fails for.
        return [one for response in responses for one in measured(judge, [response], tools)]
    if not isinstance(found, list) or len(found) != len(responses):
        wrong = broken(judge.label, "it gave something else than one score a response")
        return [wrong] * len(responses)
    return [sound(one, judge.scale, judge.label) for one in found]


def sound(found: object, scale: Scale, label: str) -> Score | Unscored:
    """The same where it is a reason, or a score on the judge's scale; otherwise what is wrong.

    What is given back can be stored: texts and details that both databases hold, numbers as floats.
    """
    if isinstance(found, Unscored):
        fault = _fault_of_reason(found)
        return broken(label, fault) if fault else found
    if not isinstance(found, Score):
        return broken(label, f"it gave {shown(found)} instead of a score")
    for number in (found.value, 0.0 if found.raw is None else found.raw):
        if not _is_number(number):
            return broken(label, f"it gave {shown(number)} where a finite number must be")
    if not scale.minimum <= found.value <= scale.maximum:
        return broken(
            label,
            f"it gave {found.value:g}, which is not between {scale.minimum:g} and "
            f"{scale.maximum:g}",
        )
    fault = fault_of_findings(found.reasoning, found.details)
    if fault:
        return broken(label, fault)
    raw = None if found.raw is None else float(found.raw)
    return replace(found, value=float(found.value), raw=raw)


def fault_of_findings(reasoning: object, details: object) -> str | None:
    """Why a judge's reasoning or details cannot be stored, as the end of a sentence."""
    if reasoning is not None and not _is_text(reasoning):
        return f"it gave {shown(reasoning)} where a reasoning that can be stored must be"
    if not _are_details(details):
        return f"it gave the details {shown(details)}, which cannot be stored as JSON"
    return None


def broken(label: str, what: str) -> Unscored:
    """What is stored with a response that a judge broke at."""
    plain = " ".join(storable_part(what).split())
    short = plain if len(plain) <= 300 else f"{plain[:299]}\u2026"
    return Unscored(BROKEN_JUDGE, f"The judge {label} is broken: {short.rstrip('.')}.")


def told(error: BaseException) -> str:
    """What an exception says, beginning with what it is; its own way to say so may be broken."""
    try:
        return f"{type(error).__name__}: {error}"
    except Exception:
        return type(error).__name__


def shown(value: object) -> str:
    """A value as a sentence names it: short, though its own way to be shown may be broken."""
    try:
        return repr(value)[:80]
    except Exception:
        return f"a {type(value).__name__}"


def _fault_of_reason(found: Unscored) -> str | None:
    if not _is_text(found.kind) or not 1 <= len(found.kind) <= LONGEST_KIND:
        return f"it gave {shown(found.kind)} where a kind of 1 to {LONGEST_KIND} characters must be"
    if not _is_text(found.message):
        return f"it gave {shown(found.message)} where a sentence that can be stored must be"
    return None


def _is_number(value: object) -> bool:
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:  # an integer beyond all floats
        return False


def _is_text(value: object) -> bool:
    return isinstance(value, str) and is_storable(value)


def _are_details(value: object) -> bool:
    if not isinstance(value, dict):
        return False
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        return False
    return all(map(is_storable, _texts(value)))


def _texts(value: object) -> Iterator[str]:
    """Every text in a document of JSON, keys too."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, one in value.items():
            yield from (*_texts(key), *_texts(one))
    elif isinstance(value, (list, tuple)):
        for one in value:
            yield from _texts(one)
