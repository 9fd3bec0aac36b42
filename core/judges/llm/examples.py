"""Shows a judge's model how people rated other responses."""

from collections.abc import Sequence

from core.judges.base import Example
from core.judges.llm.fences import Fence

_HEADING = "People rated these responses to other tasks; rate as they would:"


def rendered(examples: Sequence[Example], fence: Fence, minimum: int, maximum: int) -> str:
    """The examples as a part of a prompt, with an empty line around them; empty without any.

    People's scores are put on the judge's scale and rounded to its whole numbers.
    """
    if not examples:
        return ""
    shown = [_shown(one, fence, minimum, maximum) for one in examples]
    return "\n".join(["", _HEADING, *shown, ""])


def _shown(example: Example, fence: Fence, minimum: int, maximum: int) -> str:
    score = round(minimum + example.score * (maximum - minimum))
    parts = (
        fence.put("task", example.prompt),
        fence.put("response", example.response),
        f"People's score: {score}",
    )
    name = f"example-{fence.nonce}"
    return "\n".join([f"<{name}>", *parts, f"</{name}>"])
