"""Judges of one's own: ``@judge`` on a function or on a class, in one file.

    from slam import JudgedResponse, judge

    @judge(label="Brevity")
    def brevity(response: JudgedResponse) -> float:
        \"\"\"How short the response is: 1 for nothing, 0 for 200 words or more.\"\"\"
        return max(0.0, 1 - len(response.text.split()) / 200)

The function or class stays what it was, so that it can be called and tested by itself. Its source
is a part of the judge's identity: with another source it is another judge, and old judgments stay.
"""

import inspect
import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, is_dataclass
from functools import update_wrapper
from hashlib import sha256
from math import isfinite
from pathlib import Path
from typing import Any, TypeVar, overload

from core.errors import InvalidInputError
from core.judges.base import (
    UNIT_SCALE,
    AnyJudge,
    JudgedResponse,
    JudgeKind,
    LLMJudge,
    MeasuringJudge,
    Need,
    Options,
    Scale,
    Score,
    Tools,
    Unscored,
)
from core.judges.measuring import broken, sound, told

Scoring = Callable[[JudgedResponse], float | Score | Unscored]
Judging = TypeVar("Judging", bound=Callable[..., Any])
_MARK = "__slam_judge__"
_NAME = re.compile(r"[a-z][a-z0-9_]{0,59}")


@dataclass(frozen=True)
class FunctionJudge:
    """A judge that a function is: it scores one response at a time."""

    function: Scoring
    name: str
    label: str
    source_hash: str
    scale: Scale = UNIT_SCALE
    needs: frozenset[Need] = frozenset()
    is_gate: bool = False
    options: Options = field(default_factory=Options)
    asks_model = False

    @property
    def kind(self) -> JudgeKind:
        """What compares with references measures nearness; what does not is a rule."""
        return JudgeKind.SIMILARITY if self.needs else JudgeKind.CHECK

    def __post_init__(self) -> None:
        # Pages say what a judge does by the first line of its docstring.
        object.__setattr__(self, "__doc__", inspect.getdoc(self.function) or self.label)

    def configuration(self) -> dict[str, Any]:
        """See `core.judges.base.Judge.configuration`."""
        return {
            "source": self.source_hash,
            "scale": [self.scale.minimum, self.scale.maximum],
            "needs": sorted(self.needs),
        }

    def score(self, responses: Sequence[JudgedResponse], tools: Tools) -> list[Score | Unscored]:
        """See `core.judges.base.MeasuringJudge.score`."""
        return [self._score(response) for response in responses]

    def _score(self, response: JudgedResponse) -> Score | Unscored:
        if Need.REFERENCES in self.needs and not response.references:
            return Unscored(
                "no_reference", "There is no response of the reference to compare with."
            )
        try:
            found = self.function(response)
            # Also numbers of numpy's, which are no floats of Python's.
            number: object = getattr(found, "item", lambda: found)()
            score = Score(float(number)) if isinstance(number, (int, float)) else found
        except (Exception, SystemExit) as error:
            return broken(self.label, told(error))
        return sound(score, self.scale, self.label)


@overload
def judge(target: Judging, /) -> Judging: ...
@overload
def judge(
    *,
    name: str | None = ...,
    label: str | None = ...,
    needs: Collection[Need | str] = ...,
    scale: Scale | tuple[float, float] = ...,
    is_gate: bool = ...,
) -> Callable[[Judging], Judging]: ...
def judge(
    target: Judging | None = None,
    /,
    *,
    name: str | None = None,
    label: str | None = None,
    needs: Collection[Need | str] = (),
    scale: Scale | tuple[float, float] = UNIT_SCALE,
    is_gate: bool = False,
) -> Judging | Callable[[Judging], Judging]:
    """Make a judge of a function ``(response) -> float | Score | Unscored``, or of a class.

    Args:
        target: the function or class, where the decorator stands without brackets.
        name: the judge's name, of small letters, digits and underscores; the function's by default.
        label: how pages call it; the name as words by default.
        needs: ``"references"`` and ``"corpus"``, as far as the function looks at them.
        scale: the lowest and the highest score.
        is_gate: whether a response with the lowest score must not rank among real answers.

    A class says all this itself: it is a dataclass that is an `core.judges.base.LLMJudge` or a
    `core.judges.base.MeasuringJudge`. Its options, scale and needs are a part of its identity
    whether it says so or not.

    Raises:
        InvalidInputError: it can be no judge; the sentence says why.
    """

    def made(of: Judging) -> Judging:
        if inspect.isclass(of):
            setattr(of, _MARK, _class_judge(of))
            return of
        judge_name = name or of.__name__
        made_judge = FunctionJudge(
            function=of,
            name=judge_name,
            label=label or judge_name.replace("_", " ").capitalize(),
            source_hash=_source_hash(of),
            scale=scale if isinstance(scale, Scale) else Scale(*scale),
            needs=_needs(judge_name, needs),
            is_gate=is_gate,
        )
        setattr(of, _MARK, checked(made_judge))
        return of

    return made if target is None else made(target)


def judge_of(found: object) -> AnyJudge | None:
    """The judge that an object is or was made into by the decorator."""
    try:
        marked: AnyJudge | None = vars(found).get(_MARK)
    except TypeError:
        marked = None
    if marked is not None:
        return marked
    is_one = isinstance(found, (LLMJudge, MeasuringJudge)) and not inspect.isclass(found)
    return found if is_one else None  # type: ignore[return-value]  # just checked


def checked(found: AnyJudge) -> AnyJudge:
    """The same judge.

    Raises:
        InvalidInputError: its name, label or scale cannot be used, or it is a gate that needs more
            than gates are shown.
    """
    if not isinstance(found.name, str) or not _NAME.fullmatch(found.name):
        raise InvalidInputError(
            f"The judge's name {found.name!r} cannot be used; choose small letters, digits and "
            "underscores, beginning with a letter."
        )
    if not isinstance(found.label, str) or not found.label.strip():
        raise InvalidInputError(f"The judge {found.name!r} has no label; give it one.")
    scale = found.scale
    if not (isfinite(scale.minimum) and isfinite(scale.maximum) and scale.minimum < scale.maximum):
        raise InvalidInputError(
            f"The judge {found.name!r} has the scale {scale.minimum:g} to {scale.maximum:g}; give "
            "two numbers, the lower one first."
        )
    if isinstance(found, MeasuringJudge) and found.is_gate and (found.needs or found.asks_model):
        needs = " and ".join([*sorted(found.needs), *(["a model"] if found.asks_model else [])])
        raise InvalidInputError(
            f"The judge {found.name!r} cannot be a gate and need {needs}, since a gate is shown "
            "prompt and response only; take out is_gate or what it needs."
        )
    return found


def _class_judge(of: type) -> AnyJudge:
    if not is_dataclass(of):
        raise InvalidInputError(
            f"The judge {of.__name__} is no dataclass; put @dataclass(frozen=True) below @judge."
        )
    source, own = _source_hash(of), of.configuration if hasattr(of, "configuration") else None

    def configuration(self: Any) -> dict[str, Any]:
        return {
            **(own(self) if own else {}),
            "source": source,
            "options": self.options.model_dump(mode="json"),
            "scale": [self.scale.minimum, self.scale.maximum],
            "needs": sorted(getattr(self, "needs", ())),
        }

    of.configuration = update_wrapper(configuration, own) if own else configuration  # type: ignore[attr-defined]  # a judge has it
    made = of()
    if not isinstance(made, (LLMJudge, MeasuringJudge)):
        lacks = ", ".join(_lacking(made))
        raise InvalidInputError(f"The judge {of.__name__} lacks {lacks}; add what is missing.")
    return checked(made)


def _lacking(made: object) -> list[str]:
    of_all = ("name", "label", "kind", "options", "scale", "configuration")
    is_llm = hasattr(made, "request") or hasattr(made, "parse") or hasattr(made, "asking")
    own = ("asking", "request", "parse") if is_llm else ("needs", "asks_model", "is_gate", "score")
    return [one for one in (*of_all, *own) if not hasattr(made, one)]


def _needs(name: str, needs: Collection[Need | str]) -> frozenset[Need]:
    try:
        return frozenset(Need(one) for one in ([needs] if isinstance(needs, str) else needs))
    except ValueError as error:
        known = ", ".join(one.value for one in Need)
        raise InvalidInputError(
            f"The judge {name!r} needs something unknown ({error}); known are {known}."
        ) from error


def _source_hash(of: Callable[..., Any] | type) -> str:
    """SHA-256 of the file, or of the piece of a notebook, that the judge is written in."""
    file = Path(inspect.getsourcefile(of) or "")
    try:
        source = file.read_bytes() if file.is_file() else inspect.getsource(of).encode()
    except (OSError, TypeError) as error:
        raise InvalidInputError(
            f"The judge {of.__name__} was not written in a file, so a change to it could not be "
            "told; write it to one."
        ) from error
    return sha256(source).hexdigest()
