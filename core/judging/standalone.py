"""Scores lines of a file with any judge: no study, no daemon, and nothing stored but vectors.

Judges that measure do so in batches; judges that ask a model have many questions under way, with
the limits, pauses and retries of all calls. Results come in the order of the lines, as soon as they
can.
"""

import asyncio
from collections import defaultdict, deque
from collections.abc import Callable, Coroutine, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from itertools import islice
from typing import Any

import numpy as np

from core.errors import InvalidInputError
from core.judges.base import (
    AnyJudge,
    JudgedResponse,
    JudgeKind,
    LLMJudge,
    MeasuringJudge,
    Need,
    Score,
    Shape,
    Unscored,
    Vectors,
    asks_model,
)
from core.judges.checking import NOT_APPLICABLE
from core.judges.gates import failed_gate
from core.judges.measuring import measured
from core.judges.registry import judge_named
from core.judging.line_questions import (
    NO_REFERENCE,
    LineAsker,
    embedded,
    questions_about,
    with_real_references,
)
from core.judging.lines import GivenResponse, Line
from core.judging.measuring import vectors_of
from core.models import Models
from core.providers.base import FailureKind, ProviderError
from core.providers.names import parse_model
from core.settings import Settings

LINES_IN_A_BATCH = 256
LINES_UNDER_WAY = 256
"""How many lines are asked about at a time at most; the provider's own limits are below that."""


class Status(StrEnum):
    """What became of a line."""

    OK = "ok"
    GATED = "gated"
    NOT_APPLICABLE = "not_applicable"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class ScoredLine:
    """What a judge found about one line.

    ``raw`` is the score in the method's own unit, or the score itself where there is no other. A
    ``gated`` line has the scale's lowest score, and its raw value tells what was measured.
    """

    id: str | int | None
    score: float | None
    raw: float | None
    status: Status
    reason: str | None
    bytes_read: int = 0

    def document(self) -> dict[str, Any]:
        """The line as it is printed."""
        printed = asdict(self)
        del printed["bytes_read"]
        return printed


@dataclass(frozen=True)
class LineScorer:
    """A judge that is ready to score lines.

    Args:
        judge: the judge with its options.
        model: the model that it asks, as ``provider/model``; none for a judge that asks none.
        settings: where models answer and vectors are kept.
        with_gates: whether a response that fails a gate check gets the lowest score.
    """

    judge: AnyJudge
    model: str | None
    settings: Settings
    with_gates: bool = True

    def __post_init__(self) -> None:
        if isinstance(self.judge, LLMJudge) and self.judge.asking.shape is Shape.SET:
            raise InvalidInputError(
                f"{self.judge.label} chooses among several models' responses, and a line has one; "
                "use another judge, such as pairwise."
            )
        if asks_model(self.judge) and self.model is None:
            raise InvalidInputError(f"{self.judge.label} asks a model; name one with --model.")
        if not asks_model(self.judge) and self.model is not None:
            raise InvalidInputError(f"{self.judge.label} asks no model; leave --model out.")
        # What is not installed is told before anything is read.
        self.judge.configuration()

    def calls_for(self, line: Line) -> int:
        """How many questions or texts of the line a model is sent."""
        given = with_real_references(line).given
        if given is None or not asks_model(self.judge):
            return 0
        if isinstance(self.judge, LLMJudge):
            return len(list(questions_about(given, self.judge.asking)))
        return 1 + len(given.references)

    def score(self, lines: Iterator[Line]) -> Iterator[ScoredLine]:
        """The scores of the lines, in their order, as they come.

        Raises:
            ProviderError: the judge's model cannot be reached, or refuses the key.
        """
        lines = map(with_real_references, lines)
        with asyncio.Runner() as runner:
            models = Models(self.settings)
            try:
                if self.model is not None:
                    runner.run(_require_reachable(models, self.model))
                if isinstance(self.judge, LLMJudge):
                    asker = LineAsker(self.judge, self.model or "", models)
                    yield from self._asked(asker, lines, runner)
                else:
                    yield from self._measured(self.judge, lines, models, runner)
            finally:
                runner.run(models.close())

    def finished(self, line: Line, found: Score | Unscored) -> ScoredLine:
        """What is printed of a line."""
        gate = self._gate_failed_by(line)
        if isinstance(found, Score):
            raw = found.value if found.raw is None else found.raw
            if gate is None:
                return _scored(line, Status.OK, found.reasoning, found.value, raw)
            return _scored(line, Status.GATED, gate, self.judge.scale.minimum, raw)
        if gate is not None:
            return _scored(line, Status.GATED, gate, self.judge.scale.minimum)
        if found.kind == NO_REFERENCE.kind:
            found = NO_REFERENCE  # a line has no more samples to generate
        is_none = found.kind == NOT_APPLICABLE
        return _scored(line, Status.NOT_APPLICABLE if is_none else Status.FAILED, found.message)

    def _gate_failed_by(self, line: Line) -> str | None:
        """Why the lowest score is given; a gate's own scores say so themselves."""
        is_gate = isinstance(self.judge, MeasuringJudge) and self.judge.is_gate
        if not self.with_gates or line.given is None or is_gate:
            return None
        name = failed_gate(line.given.response, line.given.prompt)
        return name and f"It fails the check {judge_named(name).label}, so it ranks lowest."

    def _measured(
        self, judge: MeasuringJudge, lines: Iterator[Line], models: Models, runner: asyncio.Runner
    ) -> Iterator[ScoredLine]:
        def ask(model: str, texts: Sequence[str]) -> Vectors:
            return np.asarray(runner.run(embedded(models, model, texts)), dtype=np.float32)

        tools = vectors_of(self.settings, self.model, ask)
        for batch in _batches(judge, lines):
            given = [one.given for one in batch if one.given is not None]
            found = iter(measured(judge, _judged(given, judge), tools))
            for line in batch:
                yield self.finished(line, next(found)) if line.given else _broken(line)

    def _asked(
        self, asker: LineAsker, lines: Iterator[Line], runner: asyncio.Runner
    ) -> Iterator[ScoredLine]:
        async def scored(line: Line) -> ScoredLine:
            if line.given is None:
                return _broken(line)
            return self.finished(line, await asker.score(line.given))

        in_order = _InOrder(lines, scored)
        while (found := runner.run(in_order.first())) is not None:
            yield found


@dataclass
class _InOrder:
    """The lines under way: whichever is done first, the first one is given first."""

    lines: Iterator[Line]
    score: Callable[[Line], Coroutine[None, None, ScoredLine]]
    waiting: deque[asyncio.Task[ScoredLine]] = field(default_factory=deque)
    reading: asyncio.Task[Line | None] | None = None
    is_over: bool = False

    async def first(self) -> ScoredLine | None:
        """Wait for the first line under way; none after the last."""
        while not (self.waiting and self.waiting[0].done()):
            if self.reading is None and not self.is_over and len(self.waiting) < LINES_UNDER_WAY:
                # In a thread, since the next line of a pipe may be long in coming.
                self.reading = asyncio.create_task(asyncio.to_thread(next, self.lines, None))
            awaited = [one for one in (self.reading, *islice(self.waiting, 1)) if one is not None]
            if not awaited:
                return None
            await asyncio.wait(awaited, return_when=asyncio.FIRST_COMPLETED)
            self._take()
        return self.waiting.popleft().result()

    def _take(self) -> None:
        """Put the line that was read under way."""
        if self.reading is None or not self.reading.done():
            return
        line, self.reading = self.reading.result(), None
        if line is None:
            self.is_over = True
        else:
            self.waiting.append(asyncio.create_task(self.score(line)))


async def _require_reachable(models: Models, model: str) -> None:
    """Told at once: the calls themselves would wait for a provider that is down.

    Raises:
        ProviderError: it is not there, or refuses the key.
    """
    name = parse_model(model).provider
    try:
        await models.list_models(name)
    except ProviderError as error:
        if error.kind in (FailureKind.UNREACHABLE, FailureKind.UNAUTHORIZED):
            raise


def _batches(judge: MeasuringJudge, lines: Iterator[Line]) -> Iterator[list[Line]]:
    """Batches as large as pays: checks answer each line as it comes, a corpus needs all lines."""
    size = 1 if judge.kind is JudgeKind.CHECK else LINES_IN_A_BATCH
    if Need.CORPUS in judge.needs:
        yield list(lines)
        return
    while batch := list(islice(lines, size)):
        yield batch


def _judged(given: Sequence[GivenResponse], judge: MeasuringJudge) -> list[JudgedResponse]:
    seen = [
        JudgedResponse(
            response_id=str(one.id),
            prompt=one.prompt,
            text=one.response,
            references=tuple(one.references) if Need.REFERENCES in judge.needs else (),
            facts=one.facts,
        )
        for one in given
    ]
    if Need.CORPUS not in judge.needs:
        return seen
    by_prompt: dict[str, list[str]] = defaultdict(list)
    for one in given:
        by_prompt[one.prompt].append(one.response)
    for prompt, references in _distinct_references(given).items():
        by_prompt[prompt] += references
    corpora = {prompt: tuple(sorted(texts)) for prompt, texts in by_prompt.items()}
    return [replace(one, corpus=corpora[one.prompt]) for one in seen]


def _distinct_references(given: Sequence[GivenResponse]) -> dict[str, list[str]]:
    """``prompt -> references``: lines of one prompt mostly repeat each other's."""
    found: dict[str, dict[str, None]] = defaultdict(dict)
    for one in given:
        found[one.prompt].update(dict.fromkeys(one.references))
    return {prompt: list(texts) for prompt, texts in found.items()}


def _broken(line: Line) -> ScoredLine:
    return _scored(line, Status.FAILED, line.problem)


def _scored(
    line: Line,
    status: Status,
    reason: str | None,
    score: float | None = None,
    raw: float | None = None,
) -> ScoredLine:
    return ScoredLine(line.id, score, raw, status, reason, line.bytes_read)
