"""Who rates in this process just now, so that newcomers can be asked to wait."""

import time
from collections.abc import Callable

WINDOW_S = 60.0
"""Whoever loaded a page or sent an answer within so long counts as present."""


class Presence:
    """When each rater was last seen.

    One thread a rater writes and the server's event loop counts. Setting a key and copying a
    dictionary's items are each one step of the interpreter, so no lock is needed.
    """

    def __init__(self, now_s: Callable[[], float] = time.monotonic) -> None:
        self._now_s = now_s
        self._last_seen_s: dict[str, float] = {}

    def saw(self, rater: str) -> None:
        """This one loaded a page or sent an answer; any text that tells raters apart will do."""
        self._last_seen_s[rater] = self._now_s()

    def left(self, rater: str) -> None:
        """This one is done."""
        self._last_seen_s.pop(rater, None)

    def count(self) -> int:
        """How many are present; who is not any more is forgotten."""
        since = self._now_s() - WINDOW_S
        gone = [rater for rater, seen in self._last_seen_s.copy().items() if seen < since]
        for rater in gone:
            self._last_seen_s.pop(rater, None)
        return len(self._last_seen_s)


presence = Presence()
"""The raters of this process; Streamlit imports a module once, so all pages share it."""
