"""What a judge is, and what goes in and out of one.

Two kinds: an `LLMJudge` asks a model about one response at a time, a `SimilarityJudge` measures a
batch against the reference's responses. Both are pure: the calling and storing is done elsewhere.
A judge is one module in `core.judges.methods`, found by its ``JUDGE``.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from core.providers.base import ChatRequest
from core.studies.definition import document_hash


@dataclass(frozen=True, slots=True)
class Scale:
    """The scores a judge gives: from ``minimum`` (worst) to ``maximum`` (best)."""

    minimum: float
    maximum: float


@dataclass(frozen=True, slots=True)
class JudgedResponse:
    """What a judge sees of one response: never which model wrote it.

    ``references`` are the reference's responses to the same test case, without the judged one.
    """

    response_id: str
    prompt: str
    text: str
    rubric_question: str
    references: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Score:
    """A judge's answer on its own scale, with the reasoning it gave and what it measured."""

    value: float
    reasoning: str | None = None
    details: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Unscored:
    """Why a judge could not score a response; stored as a failure, never as a number."""

    kind: str
    message: str


class UnparsableReplyError(ValueError):
    """A judge model's reply is not what was asked; ``str(error)`` is one sentence."""


@runtime_checkable
class LLMJudge(Protocol):
    """A judge that asks a model."""

    name: str
    label: str
    scale: Scale

    def configuration(self) -> dict[str, Any]:
        """Everything besides the model that can change an answer: prompt, schema, parameters."""
        ...

    def request(self, response: JudgedResponse, model: str) -> ChatRequest:
        """The question to put to ``model`` (the name its provider knows)."""
        ...

    def parse(self, reply: str) -> Score:
        """Read the model's reply.

        Raises:
            UnparsableReplyError: the reply is not what was asked.
        """
        ...


@runtime_checkable
class SimilarityJudge(Protocol):
    """A judge that measures nearness to the reference's responses."""

    name: str
    label: str
    scale: Scale

    def configuration(self) -> dict[str, Any]:
        """Everything that can change a score: libraries' versions, weights, parameters.

        Raises:
            InvalidInputError: what the judge needs is not installed; the sentence says how to.
        """
        ...

    def score(self, responses: Sequence[JudgedResponse]) -> list[Score | Unscored]:
        """One score a response, in order; heavy, so the daemon runs it in a thread."""
        ...


AnyJudge = LLMJudge | SimilarityJudge


def judge_identity(judge: AnyJudge, model: str | None) -> str:
    """SHA-256 over all that can change the judge's output, hexadecimal."""
    return document_hash(
        {"name": judge.name, "model": model, "configuration": judge.configuration()}
    )
