"""Measuring with any judge, also a broken one: every response gets a sound score or a reason.

A judge of one's own may raise, return something else, or leave its scale. That is stored with the
response it happened to, in one sentence, and the others go on.
"""

import math
from collections.abc import Sequence

from core.errors import SlamError, StoppedError
from core.judges.base import JudgedResponse, MeasuringJudge, Scale, Score, Tools, Unscored
from core.providers.base import FailureKind, ProviderError

BROKEN_JUDGE = "broken_judge"
"""The kind of an `Unscored` that a fault of the judge caused, not of the response."""


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
        return [Unscored(kind.value, str(error))] * len(responses)
    except Exception as error:
        if len(responses) == 1:
            return [broken(judge.label, f"{type(error).__name__}: {error}")]
        # Each by itself, so that only those suffer that it fails for.
        return [one for response in responses for one in measured(judge, [response], tools)]
    if not isinstance(found, list) or len(found) != len(responses):
        wrong = broken(judge.label, "it gave something else than one score a response")
        return [wrong] * len(responses)
    return [sound(one, judge.scale, judge.label) for one in found]


def sound(found: object, scale: Scale, label: str) -> Score | Unscored:
    """The same where it is a score on the judge's scale or a reason; otherwise what is wrong."""
    if isinstance(found, Unscored):
        return found
    if not isinstance(found, Score):
        return broken(label, f"it gave {_shown(found)} instead of a score")
    numbers = (found.value, found.raw if found.raw is not None else 0.0)
    if not all(_is_number(number) for number in numbers):
        return broken(label, f"it gave {_shown(numbers[0])} where a finite number must be")
    if not scale.minimum <= found.value <= scale.maximum:
        return broken(
            label,
            f"it gave {found.value:g}, which is not between {scale.minimum:g} and "
            f"{scale.maximum:g}",
        )
    return found


def broken(label: str, what: str) -> Unscored:
    """What is stored with a response that a judge broke at."""
    plain = " ".join(what.split())
    shown = plain if len(plain) <= 300 else f"{plain[:299]}\u2026"
    return Unscored(BROKEN_JUDGE, f"The judge {label} is broken: {shown.rstrip('.')}.")


def _is_number(value: object) -> bool:
    is_one = isinstance(value, (int, float)) and not isinstance(value, bool)
    return is_one and math.isfinite(float(value))  # type: ignore[arg-type]  # just checked


def _shown(value: object) -> str:
    try:
        return repr(value)[:80]
    except Exception:
        return f"a {type(value).__name__}"
