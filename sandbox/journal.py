"""What the sandbox was asked: a bounded list, for tests that count real calls."""

from collections import Counter, deque
from collections.abc import Hashable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

_KEPT = 10_000


@dataclass
class Entry:
    """One request; fields that do not apply to its path stay None.

    `outcome` is "open" while it is answered, then "complete", "refused" (an error status), "cut"
    (a fault broke the stream) or "disconnected" (the client left). `format` is "text", "json" or
    "json_schema"; `limited_by` is the name that the limit of tokens came by; `purpose` is "text",
    "judgment", "embedding" or None. The calls of a batch have the method BATCH.
    """

    number: int
    at: str
    method: str
    path: str
    model: str | None = None
    status: int | None = None
    outcome: str = "open"
    purpose: str | None = None
    stream: bool | None = None
    messages: int | None = None
    temperature: float | None = None
    seed: int | None = None
    max_tokens: int | None = None
    limited_by: str | None = None
    reasoning_effort: str | None = None
    format: str | None = None
    prompt_tokens: int | None = None
    answer_tokens: int | None = None


class Journal:
    """The latest requests, oldest first; older ones are dropped but counted."""

    def __init__(self) -> None:
        self._entries: deque[Entry] = deque(maxlen=_KEPT)
        self._count = 0
        self._asked: Counter[Hashable] = Counter()

    def asked_before(self, what: Hashable) -> int:
        """Count one more asking of the very same, and say how often it was asked before."""
        self._asked[what] += 1
        return self._asked[what] - 1

    def open(self, method: str, path: str) -> Entry:
        """Note a request that has just arrived."""
        self._count += 1
        entry = Entry(self._count, datetime.now(UTC).isoformat(), method, path)
        self._entries.append(entry)
        return entry

    def clear(self) -> None:
        """Forget everything."""
        self._entries.clear()
        self._asked.clear()
        self._count = 0

    def as_json(self, wanted: Mapping[str, str]) -> dict[str, Any]:
        """List the requests whose fields have the wanted values; `count` counts those listed."""
        entries = [asdict(entry) for entry in self._entries]
        matching = [
            entry
            for entry in entries
            if all(str(entry.get(name)) == value for name, value in wanted.items())
        ]
        return {"count": len(matching), "total": self._count, "requests": matching}
