"""Send tokens at the times a model would, and note when they really left."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from sandbox.chance import seeded_random
from sandbox.faults import StreamPlan
from sandbox.models import ModelConfig


class StreamCut(Exception):  # noqa: N818 - asked for by the test, no error of ours
    """The stream breaks off here; `silently` without saying so to the client."""

    def __init__(self, *, silently: bool) -> None:
        super().__init__("the stream was cut on purpose")
        self.silently = silently


@dataclass
class Timeline:
    """When the phases of one request ended, in nanoseconds of the monotonic clock.

    `admitted_ns` is when a free slot was found, `loaded_ns` when the model was in memory.
    """

    received_ns: int
    loaded_ns: int = 0
    admitted_ns: int = 0
    first_token_ns: int = 0
    last_token_ns: int = 0

    @property
    def load_ns(self) -> int:
        """Waiting for the model to be loaded."""
        return max(1, self.loaded_ns - self.received_ns)

    @property
    def prompt_ns(self) -> int:
        """Reading the prompt: from the free slot to the first token."""
        return max(1, self.first_token_ns - self.admitted_ns)

    @property
    def answer_ns(self) -> int:
        """Writing the answer: from the first token to the last."""
        return max(1, self.last_token_ns - self.first_token_ns)

    @property
    def total_ns(self) -> int:
        """Everything up to now."""
        return max(1, time.monotonic_ns() - self.received_ns)


def schedule(model: ModelConfig, count: int, plan: StreamPlan, seed: object) -> list[float]:
    """Plan when each token leaves, in seconds after the prompt starts to be read."""
    chance = seeded_random("schedule", seed)
    due = model.time_to_first_token_ms * _wobble(model.jitter, chance.gauss(0, 1))
    if plan.role_chunk_first_ms is not None:
        # The role chunk leads by exactly so much, even where the model would be faster.
        due = max(due, plan.role_chunk_first_ms)
    times: list[float] = []
    for place in range(count):
        if place:
            due += model.ms_per_token * _wobble(model.jitter, chance.gauss(0, 1))
        if place == plan.stall_after_tokens:
            due += plan.stall_ms
        times.append(due / 1000)
    return times or [due / 1000]


async def paced(
    tokens: Sequence[str], times: Sequence[float], plan: StreamPlan, timeline: Timeline
) -> AsyncIterator[str]:
    """Give the tokens one by one when they are due; StreamCut where the plan says so."""
    start = timeline.admitted_ns
    await sleep_until(start, times[0])
    timeline.first_token_ns = timeline.last_token_ns = time.monotonic_ns()
    for place, token in enumerate(tokens):
        if place == plan.cut_after_tokens:
            raise StreamCut(silently=plan.cut_silently)
        # Due times count from the start, so that late wake-ups do not add up.
        await sleep_until(start, times[place])
        timeline.last_token_ns = time.monotonic_ns()
        yield token
    if plan.cut_after_tokens is not None and plan.cut_after_tokens >= len(tokens):
        raise StreamCut(silently=plan.cut_silently)


async def sleep_until(start_ns: int, seconds: float) -> None:
    """Sleep until so many seconds after a moment of the monotonic clock."""
    remaining = seconds - (time.monotonic_ns() - start_ns) / 1e9
    if remaining > 0:
        await asyncio.sleep(remaining)


def _wobble(jitter: float, throw: float) -> float:
    return min(3.0, max(0.3, 1 + jitter * throw))
