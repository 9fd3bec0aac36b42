"""Scores lines of a file with any judge: no study, no daemon, and nothing stored but vectors.

Judges that measure do so in batches; judges that ask a model have many questions under way, with the
limits, pauses and retries of all calls. Results come in the order of the lines, as soon as they can.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from hashlib import sha256
from itertools import islice
from statistics import fmean
from typing import Any

import numpy as np

from core.embeddings import EmbeddingStore
from core.errors import InvalidInputError
from core.judges.base import (
    AnyJudge,
    Asking,
    Choice,
    JudgedResponse,
    JudgeKind,
    JudgeTask,
    LLMJudge,
    MeasuringJudge,
    Need,
    Score,
    Shape,
    UnparsableReplyError,
    Unscored,
    Vectors,
    asks_model,
)
from core.judges.checking import NOT_APPLICABLE
from core.judges.gates import failed_gate
from core.judges.measuring import broken, measured, sound
from core.judges.registry import judge_named
from core.judging.lines import GivenResponse, Line
from core.judging.measuring import TEXTS_IN_A_CALL, EmbeddingAsChat
from core.models import Models
from core.providers.base import ChatReply, ChatRequest, FailureKind, ProviderError
from core.providers.names import parse_model
from core.settings import Settings
from core.studies.rubric import DEFAULT_QUESTION

LINES_IN_A_BATCH = 256
LINES_UNDER_WAY = 256
"""How many lines are asked about at a time at most; the provider's own limits are below that."""
_NO_REFERENCE = Unscored("no_reference", "The line has no reference to compare with; add one.")


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
        if line.given is None or not asks_model(self.judge):
            return 0
        if isinstance(self.judge, LLMJudge):
            return len(list(_questions(line.given, self.judge.asking)))
        return 1 + len(line.given.references)

    def score(self, lines: Iterator[Line]) -> Iterator[ScoredLine]:
        """The scores of the lines, in their order, as they come.

        Raises:
            ProviderError: the judge's model cannot be reached, or refuses the key.
        """
        with asyncio.Runner() as runner:
            models = Models(self.settings)
            try:
                if self.model is not None:
                    runner.run(_require_reachable(models, self.model))
                if isinstance(self.judge, LLMJudge):
                    yield from _Questions(self, self.judge, models).score(lines, runner)
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
        is_none = found.kind == NOT_APPLICABLE
        return _scored(line, Status.NOT_APPLICABLE if is_none else Status.FAILED, found.message)

    def _gate_failed_by(self, line: Line) -> str | None:
        """Why the lowest score is given; checks are told apart by their own scores alone."""
        if not self.with_gates or line.given is None or self.judge.kind is JudgeKind.CHECK:
            return None
        name = failed_gate(line.given.response, line.given.prompt)
        return name and f"It fails the check {judge_named(name).label}, so it ranks lowest."

    def _measured(
        self, judge: MeasuringJudge, lines: Iterator[Line], models: Models, runner: asyncio.Runner
    ) -> Iterator[ScoredLine]:
        def ask(model: str, texts: Sequence[str]) -> Vectors:
            return np.asarray(runner.run(_embedded(models, model, texts)), dtype=np.float32)

        tools = EmbeddingStore(self.settings.embeddings_path, model=self.model, ask=ask)
        for batch in _batches(judge, lines):
            given = [one.given for one in batch if one.given is not None]
            found = iter(measured(judge, _judged(given, judge), tools))
            for line in batch:
                yield _broken_line(line) or self.finished(line, next(found))


@dataclass
class _Questions:
    """The lines under way at a judge's model, first come first printed."""

    scorer: LineScorer
    judge: LLMJudge
    models: Models
    waiting: list[asyncio.Task[ScoredLine]] = field(default_factory=list)

    def score(self, lines: Iterator[Line], runner: asyncio.Runner) -> Iterator[ScoredLine]:
        reading: asyncio.Task[Line | None] | None = None
        is_over = False

        async def first() -> ScoredLine | None:
            nonlocal reading, is_over
            while True:
                if self.waiting and self.waiting[0].done():
                    return self.waiting.pop(0).result()
                if reading is None and not is_over and len(self.waiting) < LINES_UNDER_WAY:
                    # In a thread, since the next line of a pipe may be long in coming.
                    reading = asyncio.create_task(asyncio.to_thread(next, lines, None))
                awaited = [one for one in (reading, *self.waiting[:1]) if one is not None]
                if not awaited:
                    return None
                await asyncio.wait(awaited, return_when=asyncio.FIRST_COMPLETED)
                if reading is not None and reading.done():
                    line, reading = reading.result(), None
                    is_over = line is None
                    if line is not None:
                        self.waiting.append(asyncio.create_task(self._line(line)))

        while (found := runner.run(first())) is not None:
            yield found

    async def _line(self, line: Line) -> ScoredLine:
        if line.given is None:
            return _broken_line(line) or _scored(line, Status.FAILED, None)
        questions = list(_questions(line.given, self.judge.asking))
        if not questions:
            return self.scorer.finished(line, _NO_REFERENCE)
        found = await asyncio.gather(*(self._answer(*question) for question in questions))
        return self.scorer.finished(line, _together(found))

    async def _answer(self, task: JudgeTask, place: int) -> Score | Unscored:
        model = self.scorer.model or ""
        try:
            request = self.judge.request(task, parse_model(model).model)
            answer = await self.models.call(model, request, _Reading(self.judge, task))
        except ProviderError as error:
            return Unscored(error.kind.value, str(error))
        except Exception as error:
            # A judge of one's own may be broken.
            return broken(self.judge.label, f"{type(error).__name__}: {error}")
        if isinstance(answer, Choice):
            won = 0.5 if answer.position is None else float(answer.position == place)
            return Score(won, answer.reasoning, details=answer.details)
        return sound(answer, self.judge.scale, self.judge.label)


@dataclass(frozen=True, slots=True)
class _Reading:
    """A `core.providers.calling.Recorder` that reads replies and writes nothing down."""

    judge: LLMJudge
    task: JudgeTask

    async def sent(self) -> str:
        """Nothing is journalled."""
        return ""

    async def resumable(self) -> tuple[str, str] | None:
        """Nothing is kept."""
        return None

    async def started(self, attempt_id: str, external_id: str) -> None:
        """Nothing is kept."""

    async def succeeded(self, attempt_id: str, reply: ChatReply) -> Score | Choice:
        """What the reply says."""
        try:
            return self.judge.parse(reply, self.task)
        except UnparsableReplyError as error:
            raise ProviderError(FailureKind.UNPARSABLE, str(error)) from error

    async def failed(self, attempt_id: str, error: ProviderError) -> None:
        """The error itself is raised to the caller."""


@dataclass(frozen=True, slots=True)
class _Unrecorded:
    """A `core.providers.calling.Recorder` of calls whose answer is kept elsewhere."""

    async def sent(self) -> str:
        """Nothing is journalled."""
        return ""

    async def resumable(self) -> tuple[str, str] | None:
        """Nothing is kept."""
        return None

    async def started(self, attempt_id: str, external_id: str) -> None:
        """Nothing is kept."""

    async def succeeded(self, attempt_id: str, reply: ChatReply) -> None:
        """Nothing is written down."""

    async def failed(self, attempt_id: str, error: ProviderError) -> None:
        """The error itself is raised to the caller."""


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


async def _embedded(models: Models, model: str, texts: Sequence[str]) -> list[tuple[float, ...]]:
    name = parse_model(model)
    found: list[tuple[float, ...]] = []
    for start in range(0, len(texts), TEXTS_IN_A_CALL):
        part = list(texts[start : start + TEXTS_IN_A_CALL])
        embedding = EmbeddingAsChat(models.provider(name.provider), model, part)
        request = ChatRequest(name.model, "\n".join(part), max_tokens=1)
        await models.call(model, request, _Unrecorded(), provider=embedding)
        found += embedding.reply.vectors
    return found


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


def _questions(given: GivenResponse, asking: Asking) -> Iterator[tuple[JudgeTask, int]]:
    """Each question about a line, and the place of its response among those shown."""
    own = JudgeTask(
        prompt=given.prompt,
        question=DEFAULT_QUESTION,
        responses=(given.response,),
        examples=tuple(one for one in asking.examples if one.prompt != given.prompt),
    )
    for _ in range(asking.repeats):
        if asking.shape is Shape.RESPONSE:
            yield own, 0
            continue
        for reference in given.references:
            if asking.shape is Shape.BESIDE_REFERENCE:
                yield replace(own, reference=reference), 0
                continue
            drawn = sha256(f"{asking.seed}\n{given.response}\n{reference}".encode()).digest()[0] % 2
            for place in (drawn, 1 - drawn) if asking.both_orders else (drawn,):
                pair = (reference, given.response) if place else (given.response, reference)
                yield replace(own, responses=pair), place


def _together(found: Sequence[Score | Unscored]) -> Score | Unscored:
    """The mean of all answers about a line; those that failed are named, not counted."""
    scores = [one for one in found if isinstance(one, Score)]
    if not scores:
        return next(one for one in found if isinstance(one, Unscored))
    if len(found) == 1:
        return scores[0]
    raws = [one.raw for one in scores if one.raw is not None]
    told = f"The mean of {len(scores)} answers"
    if failed := len(found) - len(scores):
        told += f", {failed} failed"
    return Score(
        value=fmean(one.value for one in scores),
        raw=fmean(raws) if len(raws) == len(scores) else None,
        reasoning=f"{told}; the first: {scores[0].reasoning}"
        if scores[0].reasoning
        else f"{told}.",
    )


def _broken_line(line: Line) -> ScoredLine | None:
    if line.given is not None:
        return None
    return _scored(line, Status.FAILED, line.problem)


def _scored(
    line: Line,
    status: Status,
    reason: str | None,
    score: float | None = None,
    raw: float | None = None,
) -> ScoredLine:
    return ScoredLine(line.id, score, raw, status, reason, line.bytes_read)
