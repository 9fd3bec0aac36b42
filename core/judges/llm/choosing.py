"""What judges that choose among responses share: labels, the question, and how a choice is read."""

from collections.abc import Sequence
from hashlib import sha256

from core.judges.base import Choice, JudgeTask
from core.judges.llm.asking import CallOptions, request_of
from core.judges.llm.fences import Fence
from core.judges.llm.forms import Form, chosen
from core.providers.base import ChatReply, ChatRequest

_DRAWN = range(11, 100)
"""Of two digits, so that none is a natural first; mostly one token, and apart from ranks."""


def plain_labels(task: JudgeTask) -> tuple[str, ...]:
    """1, 2, 3 and so on, in the order shown."""
    return tuple(str(number) for number in range(1, len(task.responses) + 1))


def shuffled_labels(task: JudgeTask, seed: int) -> tuple[str, ...]:
    """Distinct numbers drawn by the question and the seed alone, so that a reply can be read."""
    digest = sha256(str(seed).encode())
    for text in (task.prompt, task.question, *task.responses):
        # Half a surrogate pair may be in a response; the separator is in no UTF-8 text.
        digest.update(text.encode("utf-8", "surrogatepass") + b"\xff")
    lot = digest.digest()
    drawn = sorted(_DRAWN, key=lambda number: sha256(lot + bytes([number])).digest())
    return tuple(str(number) for number in drawn[: len(task.responses)])


def choosing_request(
    options: CallOptions, form: Form, model: str, task: JudgeTask, labels: Sequence[str]
) -> ChatRequest:
    """The question which of the task's responses is best."""
    fence = Fence.around(task)
    responses = [
        fence.put("response", text, label)
        for label, text in zip(labels, task.responses, strict=True)
    ]
    parts = {
        "task": fence.put("task", task.prompt),
        "question": task.question,
        "responses": "\n\n".join(responses),
    }
    return request_of(options, form, model, parts)


def read_choice(
    form: Form, reply: ChatReply, labels: Sequence[str], *, may_tie: bool = False
) -> Choice:
    """Which response a reply names; ``details`` hold the labels in the order shown.

    Raises:
        UnparsableReplyError: the reply is not what was asked.
    """
    read = form.read(reply)
    position = chosen(read.answer, labels, reply.text, may_tie=may_tie)
    return Choice(position, read.reasoning, {"labels": list(labels)})
