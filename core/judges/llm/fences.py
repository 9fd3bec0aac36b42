"""Puts texts that are to be judged between tags that nothing in them can close."""

import hashlib
import re
from dataclasses import dataclass

from core.judges.base import JudgeTask

_TAGS = ("task", "response", "reference", "example")
_CLOSING = re.compile(rf"<(?=\s*/\s*(?:{'|'.join(_TAGS)})\b)", re.IGNORECASE)
_NONCE_LENGTH = 8


@dataclass(frozen=True, slots=True)
class Fence:
    """The tags of one prompt.

    Their names end in a nonce that hangs on all that is fenced, so that none of it can hold the
    tag's name: who changes the text changes the nonce.
    """

    nonce: str

    @classmethod
    def around(cls, task: JudgeTask) -> "Fence":
        """The fence for all texts of one question."""
        shown = [one for example in task.examples for one in (example.prompt, example.response)]
        texts = (task.prompt, *task.responses, task.reference or "", *shown)
        digest = hashlib.sha256()
        for text in texts:
            # Half a surrogate pair may be in a response; the separator is in no UTF-8 text.
            digest.update(text.encode("utf-8", "surrogatepass") + b"\xff")
        return cls(digest.hexdigest()[:_NONCE_LENGTH])

    def put(self, tag: str, text: str, label: str | None = None) -> str:
        """The text between tags; what looks like the end of one of ours is defused in it."""
        name = f"{tag}-{self.nonce}"
        opening = name if label is None else f'{name} label="{label}"'
        return f"<{opening}>\n{defused(text)}\n</{name}>"


def defused(text: str) -> str:
    """The text with every closing tag of a name that we use spelt with another bracket."""
    return _CLOSING.sub("\u2039", text)
