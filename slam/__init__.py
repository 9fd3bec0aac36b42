"""The `slam` command, what `make run` starts, and what judges of one's own are written with.

    from slam import JudgedResponse, judge

Names are loaded when they are first asked for, so that the command starts at once.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.judges.base import (
        Aggregation,
        Asking,
        Choice,
        JudgedResponse,
        JudgeKind,
        JudgeTask,
        LLMJudge,
        MeasuringJudge,
        Need,
        Options,
        Scale,
        Score,
        Shape,
        Tools,
        UnparsableReplyError,
        Unscored,
    )
    from core.judges.plugin import judge
    from core.providers.base import ChatReply, ChatRequest

__all__ = [
    "Aggregation",
    "Asking",
    "ChatReply",
    "ChatRequest",
    "Choice",
    "JudgeKind",
    "JudgeTask",
    "JudgedResponse",
    "LLMJudge",
    "MeasuringJudge",
    "Need",
    "Options",
    "Scale",
    "Score",
    "Shape",
    "Tools",
    "UnparsableReplyError",
    "Unscored",
    "judge",
]

_ELSEWHERE = {
    "judge": "core.judges.plugin",
    "ChatReply": "core.providers.base",
    "ChatRequest": "core.providers.base",
}


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_ELSEWHERE.get(name, "core.judges.base")), name)
