"""What all checks have in common: they look at one response at a time and ask no model."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

from core.judges.base import (
    UNIT_SCALE,
    JudgedResponse,
    JudgeKind,
    Need,
    Options,
    Scale,
    Score,
    Tools,
    Unscored,
)

NOT_APPLICABLE = "not_applicable"
"""The kind of an `Unscored` where there was nothing to check; not a fault of the response."""


class Check(ABC):
    """A check of one response at a time: 1 is passed, 0 is failed.

    ``rules`` is raised with every change to the rules that can change a score, so that the check
    becomes another judge and old judgments stay what they were.
    """

    name: str
    label: str
    rules: int
    options: Options
    kind = JudgeKind.CHECK
    needs: frozenset[Need] = frozenset()
    asks_model = False
    is_gate = False

    @property
    def scale(self) -> Scale:
        """See `core.judges.base.Judge.scale`."""
        return UNIT_SCALE

    def configuration(self) -> dict[str, Any]:
        """See `core.judges.base.Judge.configuration`."""
        return {"rules": self.rules, "options": self.options.model_dump(mode="json")}

    def score(self, responses: Sequence[JudgedResponse], tools: Tools) -> list[Score | Unscored]:
        """See `core.judges.base.MeasuringJudge.score`."""
        return [self.check(response) for response in responses]

    @abstractmethod
    def check(self, response: JudgedResponse) -> Score | Unscored:
        """The score of one response."""


def counted(count: int, noun: str) -> str:
    """A count with its noun: ``1 word``, ``1,200 words``."""
    return f"{count:,} {noun}" + ("" if count == 1 else "s")


def quoted(text: str, longest: int = 120) -> str:
    """A piece of a text within a sentence."""
    plain = " ".join(text.split())
    return f"“{plain}”" if len(plain) <= longest else f"“{plain[: longest - 1]}…”"
