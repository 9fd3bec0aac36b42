"""How fast a pull goes: the bytes of its layers, summed, and their smoothed rate."""

import math
from dataclasses import dataclass, field

from core.providers.base import PullProgress

_SMOOTHED_OVER_S = 5.0


@dataclass(slots=True)
class PullMeter:
    """Adds up what a pull tells of its layers.

    What was on the disk already when a layer was first told of is no work of this pull, and does
    not count as speed.
    """

    step: str | None = None
    bytes_per_second: float | None = None
    _layers: dict[str, tuple[int, int]] = field(default_factory=dict)
    _found: int = 0
    _counted: int = 0
    _measured_at_s: float | None = None

    @property
    def completed_bytes(self) -> int | None:
        """Bytes on the disk; ``None`` until a layer was told of."""
        return sum(completed for completed, _ in self._layers.values()) if self._layers else None

    @property
    def total_bytes(self) -> int | None:
        """Bytes of all layers told of so far."""
        return sum(total for _, total in self._layers.values()) if self._layers else None

    @property
    def fetched_bytes(self) -> int:
        """Bytes that came since the pull began."""
        return (self.completed_bytes or 0) - self._found

    @property
    def missing_bytes(self) -> int:
        """Bytes of the layers told of that are still to come."""
        return (self.total_bytes or 0) - (self.completed_bytes or 0)

    def add(self, progress: PullProgress) -> None:
        """Take one message."""
        self.step = progress.step
        if progress.layer_digest is None or progress.total_bytes is None:
            return
        completed = progress.completed_bytes or 0
        if progress.layer_digest not in self._layers:
            self._found += completed
        # A layer whose check failed begins anew.
        self._layers[progress.layer_digest] = (completed, progress.total_bytes)

    def measure(self, now_s: float) -> None:
        """Bring the rate up to date; ``now_s`` is on a monotonic clock, in seconds."""
        fetched = self.fetched_bytes
        if self._measured_at_s is not None and now_s > self._measured_at_s:
            span_s = now_s - self._measured_at_s
            rate = max(0, fetched - self._counted) / span_s
            if self.bytes_per_second is None:
                self.bytes_per_second = rate
            else:
                weight = 1 - math.exp(-span_s / _SMOOTHED_OVER_S)
                self.bytes_per_second += weight * (rate - self.bytes_per_second)
        self._measured_at_s, self._counted = now_s, fetched


def seconds_left(missing_bytes: int | None, bytes_per_second: float | None) -> float | None:
    """How long the rest takes at that rate; ``None`` where nothing moves or nothing is known."""
    if missing_bytes is None or not bytes_per_second or bytes_per_second < 1:
        return None
    return missing_bytes / bytes_per_second
