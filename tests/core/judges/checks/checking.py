"""One response through one check, as an option of the registry has it."""

from typing import Any

from core.judges.base import JudgedResponse, MeasuringJudge, Score, Unscored, configured
from core.judges.gates import NoTools
from core.judges.registry import judge_named


def checked(
    name: str, text: str, prompt: str = "", *, facts: dict[str, str] | None = None, **options: Any
) -> Score | Unscored:
    judge = configured(judge_named(name), options)
    assert isinstance(judge, MeasuringJudge)
    response = JudgedResponse("id", prompt, text, facts=facts or {})
    [found] = judge.score([response], NoTools())
    return found


def scored(
    name: str, text: str, prompt: str = "", *, facts: dict[str, str] | None = None, **options: Any
) -> Score:
    found = checked(name, text, prompt, facts=facts, **options)
    assert isinstance(found, Score), found
    return found


def unscored(name: str, text: str, prompt: str = "", **options: Any) -> Unscored:
    found = checked(name, text, prompt, **options)
    assert isinstance(found, Unscored), found
    return found
