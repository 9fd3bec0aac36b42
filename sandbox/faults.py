"""Faults on demand: what goes wrong with which model, and how often."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

EVERY_MODEL = "*"

FaultKind = Literal[
    "outage",
    "rate_limit",
    "insufficient_quota",
    "server_error",
    "cut_stream",
    "stall",
    "html_page",
    "wrong_encoding",
    "missing_end",
    "empty_answer",
    "bad_judgment",
    "odd_embedding",
    "pull_cut",
    "pull_disk_full",
]
# The settings each fault knows, with what they are when not given. Every fault but the outage
# and the role chunk also knows `times`: how many requests it strikes, null for all.
_KNOWN: dict[str, dict[str, Any]] = {
    "outage": {"seconds": 3.0},
    "rate_limit": {"times": 1, "retry_after_s": 1.0},
    "insufficient_quota": {"times": 1},
    "server_error": {"times": 1, "status": 500},
    "cut_stream": {"times": 1, "after_tokens": 8, "how": "error"},
    "stall": {"times": 1, "after_tokens": 5, "ms": 500.0},
    "html_page": {"times": 1, "status": 200},
    "wrong_encoding": {"times": 1},
    "missing_end": {"times": 1},
    "empty_answer": {"times": 1},
    "bad_judgment": {"times": 1},
    "odd_embedding": {"times": 1, "how": "dimension"},
    "pull_cut": {"times": 1, "after_share": 0.5, "how": "close"},
    "pull_disk_full": {"times": 1, "after_share": 0.5},
}
_CUT_WAYS = ("error", "close")
_EMBEDDING_WAYS = ("dimension", "count", "unequal", "empty")
ROLE_CHUNK_FIRST = "role_chunk_first_ms"


@dataclass
class Fault:
    """One armed fault; `settings` are those of the control endpoint."""

    kind: str
    settings: dict[str, Any]
    armed_at: float = field(default_factory=time.monotonic)

    @property
    def active(self) -> bool:
        """Whether it still strikes."""
        if self.kind == "outage":
            return time.monotonic() - self.armed_at < float(self.settings["seconds"])
        times = self.settings["times"]
        return times is None or times > 0

    def strike(self) -> None:
        """Count one request as struck."""
        if self.settings.get("times") is not None:
            self.settings["times"] -= 1


@dataclass(frozen=True)
class StreamPlan:
    """What happens to one answer while it is sent; durations in milliseconds.

    `in_latin_1` sends what is no UTF-8, `without_end` leaves the last message out, and `empty`
    leaves nothing but it.
    """

    cut_after_tokens: int | None = None
    cut_silently: bool = False
    stall_after_tokens: int | None = None
    stall_ms: float = 0.0
    role_chunk_first_ms: float | None = None
    in_latin_1: bool = False
    without_end: bool = False
    empty: bool = False


class FaultBook:
    """The armed faults by model name; those of `EVERY_MODEL` hold for all."""

    def __init__(self) -> None:
        self._faults: dict[str, dict[str, Fault]] = {}
        self._role_chunk: dict[str, float] = {}

    def arm(self, target: str, wanted: Mapping[str, Any]) -> None:
        """Arm faults for a model, replacing those of the same kind; ValueError says what is wrong.

        None instead of the settings disarms that kind.
        """
        checked = {kind: _checked(kind, settings) for kind, settings in wanted.items()}
        faults = self._faults.setdefault(target, {})
        for kind, settings in checked.items():
            if kind == ROLE_CHUNK_FIRST:
                self._role_chunk.pop(target, None)
                if settings is not None:
                    self._role_chunk[target] = settings
            elif settings is None:
                faults.pop(kind, None)
            else:
                faults[kind] = Fault(kind, settings)

    def clear(self, target: str | None = None) -> None:
        """Disarm the faults of one target, or all."""
        if target is None:
            self._faults.clear()
            self._role_chunk.clear()
        else:
            self._faults.pop(target, None)
            self._role_chunk.pop(target, None)

    def take(self, model: str, kind: FaultKind) -> dict[str, Any] | None:
        """Give the settings of a fault that strikes this request now, and count it as struck."""
        for target in (model, EVERY_MODEL):
            fault = self._faults.get(target, {}).get(kind)
            if fault is not None and fault.active:
                fault.strike()
                return fault.settings
        return None

    def plan(self, model: str) -> StreamPlan:
        """Decide what happens to the next answer of a model while it is sent."""
        cut = self.take(model, "cut_stream")
        stall = self.take(model, "stall")
        return StreamPlan(
            cut_after_tokens=cut["after_tokens"] if cut else None,
            cut_silently=cut is not None and cut["how"] == "close",
            stall_after_tokens=stall["after_tokens"] if stall else None,
            stall_ms=stall["ms"] if stall else 0.0,
            role_chunk_first_ms=self._role_chunk.get(model, self._role_chunk.get(EVERY_MODEL)),
            in_latin_1=self.take(model, "wrong_encoding") is not None,
            without_end=self.take(model, "missing_end") is not None,
            empty=self.take(model, "empty_answer") is not None,
        )

    def as_json(self) -> dict[str, Any]:
        """List what still strikes, for the control endpoint."""
        listed: dict[str, Any] = {
            target: {kind: fault.settings for kind, fault in faults.items() if fault.active}
            for target, faults in self._faults.items()
        }
        for target, milliseconds in self._role_chunk.items():
            listed.setdefault(target, {})[ROLE_CHUNK_FIRST] = milliseconds
        return {target: faults for target, faults in listed.items() if faults}


def _checked(kind: str, settings: object) -> Any:
    if kind == ROLE_CHUNK_FIRST:
        if settings is not None and not _is_number(settings):
            raise ValueError(f"{kind} must be a number of milliseconds or null")
        return settings
    if kind not in _KNOWN:
        raise ValueError(
            f"unknown fault {kind!r}; known are {', '.join([*_KNOWN, ROLE_CHUNK_FIRST])}"
        )
    if settings is None:
        return None
    if not isinstance(settings, Mapping):
        raise ValueError(f"{kind} must be a JSON object")
    unknown = sorted(set(settings) - set(_KNOWN[kind]))
    if unknown:
        raise ValueError(f"{kind} has no setting {unknown[0]!r}; known: {', '.join(_KNOWN[kind])}")
    for name, value in settings.items():
        _check_setting(kind, name, value)
    return {**_KNOWN[kind], **settings}


def _check_setting(kind: str, name: str, value: object) -> None:
    if name == "how":
        ways = _EMBEDDING_WAYS if kind == "odd_embedding" else _CUT_WAYS
        if value not in ways:
            raise ValueError(f"{kind}.how must be one of {', '.join(ways)}")
    elif not (_is_number(value) or (name == "times" and value is None)):
        raise ValueError(f"{kind}.{name} must be a number of 0 or more, not {value!r}")


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 0
