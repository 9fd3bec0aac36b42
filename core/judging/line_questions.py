"""What a judge's model is asked about one line of a file, and what its answers come to."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from statistics import fmean
from typing import Generic, TypeVar

from core.errors import SlamError
from core.judges.asking import question, reading
from core.judges.base import (
    Asking,
    Choice,
    JudgeTask,
    LLMJudge,
    Score,
    Shape,
    Unscored,
)
from core.judges.gates import failed_gate
from core.judges.measuring import broken
from core.judging.lines import GivenResponse, Line
from core.judging.measuring import EmbeddingAsChat
from core.models import Models
from core.providers.base import ChatReply, ChatRequest, ProviderError
from core.providers.names import parse_model
from core.studies.rubric import DEFAULT_QUESTION

Read = TypeVar("Read")
NO_REFERENCE = Unscored("no_reference", "The line has no reference to compare with; add one.")


def with_real_references(line: Line) -> Line:
    """The line without those of its references that say nothing or are error messages."""
    given = line.given
    if given is None:
        return line
    real = [one for one in given.references if failed_gate(one, given.prompt) is None]
    return replace(line, given=given.model_copy(update={"references": real}))


def questions_about(given: GivenResponse, asking: Asking) -> Iterator[tuple[JudgeTask, int]]:
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


@dataclass(frozen=True, slots=True)
class LineAsker:
    """Asks a model the judge's questions about one line after the other."""

    judge: LLMJudge
    model: str
    models: Models

    async def score(self, given: GivenResponse) -> Score | Unscored:
        """What the answers about one line come to."""
        questions = list(questions_about(given, self.judge.asking))
        if not questions:
            return NO_REFERENCE
        found = await asyncio.gather(*(self._answer(*question) for question in questions))
        return _together(found)

    async def _answer(self, task: JudgeTask, place: int) -> Score | Unscored:
        try:
            request = question(self.judge, task, parse_model(self.model).model)
            recorder = _Unrecorded(lambda reply: reading(self.judge, task, reply))
            answer = await self.models.call(self.model, request, recorder)
        except ProviderError as error:
            return Unscored(error.kind.value, str(error))
        except SlamError as error:
            return broken(self.judge.label, f"{type(error).__name__}: {error}")
        if isinstance(answer, Choice):
            won = 0.5 if answer.position is None else float(answer.position == place)
            return Score(won, answer.reasoning, details=answer.details)
        return answer


async def embedded(models: Models, model: str, texts: Sequence[str]) -> Sequence[tuple[float, ...]]:
    """The vectors that an embedding model gives, in the texts' order.

    Raises:
        ProviderError: there is not one vector a text.
    """
    name = parse_model(model)
    embedding = EmbeddingAsChat(models.provider(name.provider), model, texts)
    request = ChatRequest(name.model, "\n".join(texts), max_tokens=1)
    await models.call(model, request, _Unrecorded(lambda reply: None), provider=embedding)
    return embedding.reply.vectors


@dataclass(frozen=True, slots=True)
class _Unrecorded(Generic[Read]):
    """A `core.providers.calling.Recorder` that reads replies and writes nothing down."""

    read: Callable[[ChatReply], Read]

    async def sent(self) -> str:
        """Nothing is journalled."""
        return ""

    async def resumable(self) -> tuple[str, str] | None:
        """Nothing is kept."""
        return None

    async def started(self, attempt_id: str, external_id: str) -> None:
        """Nothing is kept."""

    async def succeeded(self, attempt_id: str, reply: ChatReply) -> Read:
        """What the reply says."""
        return self.read(reply)

    async def failed(self, attempt_id: str, error: ProviderError) -> None:
        """The error itself is raised to the caller."""


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
