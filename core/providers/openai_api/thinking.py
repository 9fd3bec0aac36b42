"""Thoughts that a server leaves at the start of the answer, between ``<think>`` and ``</think>``.

llama.cpp and vLLM do so where no parser for the model's reasoning is set up.
"""

from enum import Enum, auto

_OPEN, _CLOSE = "<think>", "</think>"


class _Part(Enum):
    START = auto()
    THOUGHTS = auto()
    GAP = auto()
    ANSWER = auto()


class ThinkSplitter:
    """Takes an answer piece by piece and tells its thoughts from its text.

    The pieces may be cut anywhere, also inside a tag. Thoughts without an end are thoughts to the
    last; a tag anywhere but at the start is text.
    """

    def __init__(self) -> None:
        self._part = _Part.START
        self._held = ""

    def feed(self, piece: str) -> tuple[str, str]:
        """Take a piece; give what it adds to the text and to the thoughts."""
        if self._part is _Part.ANSWER:
            return piece, ""
        text = thoughts = ""
        self._held += piece
        if self._part is _Part.START:
            text = self._begin()
        if self._part is _Part.THOUGHTS:
            thoughts = self._think()
        if self._part is _Part.GAP:
            text = self._bridge()
        return text, thoughts

    def finish(self) -> tuple[str, str]:
        """The answer is over: give what was held back, as text and as thoughts."""
        held, self._held = self._held, ""
        if self._part is _Part.THOUGHTS:
            return "", held
        return ("" if self._part is _Part.GAP else held), ""

    def _begin(self) -> str:
        begun = self._held.lstrip()
        if begun.startswith(_OPEN):
            self._part, self._held = _Part.THOUGHTS, begun.removeprefix(_OPEN)
            return ""
        if _OPEN.startswith(begun):
            # It may still become the tag.
            return ""
        return self._answer(self._held)

    def _think(self) -> str:
        thoughts, tag, rest = self._held.partition(_CLOSE)
        if tag:
            self._part, self._held = _Part.GAP, rest
            return thoughts
        kept = _beginning_of_tag(self._held)
        cut = len(self._held) - kept
        thoughts, self._held = self._held[:cut], self._held[cut:]
        return thoughts

    def _bridge(self) -> str:
        """The lines between the thoughts and the text belong to neither."""
        text = self._held.lstrip()
        self._held = ""
        return self._answer(text) if text else ""

    def _answer(self, text: str) -> str:
        self._part, self._held = _Part.ANSWER, ""
        return text


def _beginning_of_tag(text: str) -> int:
    """How many letters at the end of ``text`` may be the beginning of the closing tag."""
    for length in range(min(len(_CLOSE) - 1, len(text)), 0, -1):
        if _CLOSE.startswith(text[-length:]):
            return length
    return 0
