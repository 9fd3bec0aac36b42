"""Judges of one's own, written into a folder as a person would."""

from pathlib import Path
from textwrap import indent

from core.judges import registry

_HEAD = """
import sys
from dataclasses import dataclass, field

import numpy as np

from slam import (
    Asking, ChatRequest, Choice, JudgeKind, Options, Scale, Score, Shape, Unscored, judge,
)
"""


def use_judges(folder: Path, source: str) -> None:
    """Make the registry take that source, beside our judges."""
    folder.mkdir()
    (folder / "own.py").write_text(_HEAD + source, "utf-8")
    registry.use_folder(folder)
    assert registry.problems() == ()


def function_judge(body: str) -> str:
    """The judge `own`, which scores 0.4 but runs ``body`` for the response numbered 1."""
    return (
        "@judge\ndef own(response):\n    if 'Note 1' in response.text:\n"
        f"{indent(body, ' ' * 8)}\n    return 0.4\n"
    )


def asking_judge(*, request: str = "pass", parse: str = "pass", shape: str = "RESPONSE") -> str:
    """The judge `own`, which asks a model; it runs ``request`` and ``parse`` before its own."""
    return f"""
@judge
@dataclass(frozen=True)
class Own:
    options: Options = field(default_factory=Options)
    name = "own"
    label = "Own"
    kind = JudgeKind.LLM
    scale = Scale(0, 1)
    asking = Asking(Shape.{shape})

    def request(self, task, model):
{indent(request, " " * 8)}
        return ChatRequest(model, task.responses[0], max_tokens=5)

    def parse(self, reply, task):
{indent(parse, " " * 8)}
        return Score(0.5)
"""
