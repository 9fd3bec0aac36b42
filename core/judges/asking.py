"""Asking with any judge, also a broken one: its question, and a reading that can be stored.

A judge of one's own may raise, or read something impossible into a reply. By then the reply is
paid, so it is stored with its cost, and what is wrong as one sentence beside it.
"""

from core.errors import SlamError
from core.exchange.storable import storable_part
from core.judges.base import (
    Choice,
    JudgeTask,
    LLMJudge,
    Score,
    Shape,
    UnparsableReplyError,
    Unscored,
)
from core.judges.measuring import broken, fault_of_findings, shown, sound, told
from core.providers.base import ChatReply, ChatRequest, FailureKind, ProviderError


def question(judge: LLMJudge, task: JudgeTask, model: str) -> ChatRequest:
    """The question to ``model`` (the name its provider knows).

    Raises:
        ProviderError: the judge is broken and asks nothing.
    """
    try:
        request = judge.request(task, model)
    except SlamError:
        raise
    except (Exception, SystemExit) as error:
        raise _broken(judge, told(error)) from error
    if not isinstance(request, ChatRequest):
        raise _broken(judge, f"it gave {shown(request)} instead of a question")
    return request


def reading(judge: LLMJudge, task: JudgeTask, reply: ChatReply) -> Score | Choice:
    """What the judge reads in a reply: a choice of a pair or a set, otherwise a score.

    Raises:
        ProviderError: the reply is not what was asked, which is worth another call
            (`FailureKind.UNPARSABLE`), or the judge is broken, which is not.
    """
    try:
        found = judge.parse(reply, task)
    except UnparsableReplyError as error:
        raise ProviderError(FailureKind.UNPARSABLE, storable_part(str(error))) from error
    except ProviderError:  # the model cannot give what was asked: the judge is not broken
        raise
    except (Exception, SystemExit) as error:
        raise _broken(judge, told(error)) from error
    if judge.asking.shape in (Shape.PAIR, Shape.SET):
        return _sound_choice(judge, task, found)
    score = sound(found, judge.scale, judge.label)
    if isinstance(score, Unscored):
        raise ProviderError(FailureKind.INTERNAL, score.message)
    return score


def _sound_choice(judge: LLMJudge, task: JudgeTask, found: object) -> Choice:
    if not isinstance(found, Choice):
        raise _broken(judge, f"it gave {shown(found)} instead of a choice")
    position, count = found.position, len(task.responses)
    # A flag is an integer too, and would choose the first or the second.
    is_position = isinstance(position, int) and not isinstance(position, bool)
    if position is not None and not (is_position and 0 <= position < count):
        raise _broken(judge, f"it chose {shown(position)}, where 0 to {count - 1} can be chosen")
    fault = fault_of_findings(found.reasoning, found.details)
    if fault:
        raise _broken(judge, fault)
    return found


def _broken(judge: LLMJudge, what: str) -> ProviderError:
    return ProviderError(FailureKind.INTERNAL, broken(judge.label, what).message)
