"""What a judge is, and what goes in and out of one.

Two kinds of work: an `LLMJudge` puts questions to a model, a `MeasuringJudge` measures a batch of
responses itself. Both are pure: what is asked, called and stored is done elsewhere. A judge is one
module with a ``JUDGE`` in `core.judges.methods` or `core.judges.checks`, or a plug-in of one's own
(`core.judges.plugin`).

A judge is a frozen dataclass with a field ``options``, a frozen pydantic model of all that a person
may set; `configured` gives the same judge with other options.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Protocol, TypeVar, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError

from core.errors import InvalidInputError, SlamError
from core.providers.base import ChatReply, ChatRequest, ProviderError
from core.studies.definition import document_hash

Vectors = NDArray[np.float32]
"""One row a text: ``(texts, dimensions)``."""


_SHOWN = 60
"""Characters of a refused value: a prompt would bury the reason."""


class JudgeKind(StrEnum):
    """What a judge goes by: a model's opinion, nearness to the reference, or a rule."""

    LLM = "llm"
    SIMILARITY = "similarity"
    CHECK = "check"


@dataclass(frozen=True, slots=True)
class Scale:
    """The scores a judge gives: from ``minimum`` (worst) to ``maximum`` (best)."""

    minimum: float
    maximum: float


UNIT_SCALE = Scale(0.0, 1.0)
"""The scale of every judge that measures, and of every choice."""


class Options(BaseModel):
    """All that a person may set of a judge; every field has a default, a title and a description.

    Pages make a form of it. A judge without options uses this class as it is.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)


class Aggregation(StrEnum):
    """How the nearness to several reference responses becomes one figure."""

    MEAN = "mean"
    MAX = "max"


class Need(StrEnum):
    """What a measuring judge looks at besides prompt and response."""

    REFERENCES = "references"
    CORPUS = "corpus"


@dataclass(frozen=True, slots=True)
class JudgedResponse:
    """What a measuring judge sees of one response: never which model wrote it.

    ``references`` are the reference's responses to the same test case, without the judged one;
    ``corpus`` all responses to that test case, the judged one and the references among them; both
    are empty unless the judge needs them. ``facts`` fill the prompt's placeholders, by name.
    """

    response_id: str
    prompt: str
    text: str
    references: tuple[str, ...] = ()
    corpus: tuple[str, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Score:
    """A judge's answer on its own scale, higher is better.

    ``raw`` is the same in the method's own unit where that differs (a cosine, a log-likelihood, a
    count); ``reasoning`` is a sentence or more for people; ``details`` whatever else was found.
    """

    value: float
    reasoning: str | None = None
    raw: float | None = None
    details: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Choice:
    """Which of the responses that were shown is best: its position from 0, ``None`` for a tie."""

    position: int | None
    reasoning: str | None = None
    details: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Unscored:
    """Why a judge could not score a response; stored as a failure, never as a number.

    ``kind`` is a word for programs (``no_reference``), ``message`` one sentence for people.
    """

    kind: str
    message: str


class UnparsableReplyError(ValueError):
    """A judge model's reply is not what was asked; ``str(error)`` is one sentence."""


class Shape(StrEnum):
    """What one question to a model shows."""

    RESPONSE = "response"
    """One response by itself."""
    BESIDE_REFERENCE = "beside_reference"
    """One response, and one of the reference's named as such."""
    PAIR = "pair"
    """One response and one of the reference's, both unnamed, to choose from."""
    SET = "set"
    """Several models' responses to one prompt, unnamed, to choose from."""


class Example(BaseModel):
    """A response that people rated, shown to a judge's model as an example.

    ``score`` is the people's mean as a share of their scale, 0 (worst) to 1 (best). Which response
    it was is kept so that it never helps to judge its own test case, nor counts in a calibration.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    response_id: str
    test_case_id: str
    prompt: str
    response: str
    score: float


@dataclass(frozen=True, slots=True)
class Asking:
    """Which questions a judge's model is put; planned by `core.judging.planning`.

    Args:
        shape: what one question shows.
        repeats: how often each question is put.
        every_reference: one question for every response of the reference instead of for one of
            them, which is drawn by the seed.
        both_orders: each question is put a second time with its responses in reverse.
        choices_per_question: at most so many responses in a `Shape.SET`.
        by_criterion: one question for every criterion of the rubric instead of one for all.
        examples: responses that people rated.
        seed: of all that is drawn.
    """

    shape: Shape
    repeats: int = 1
    every_reference: bool = False
    both_orders: bool = False
    choices_per_question: int = 8
    by_criterion: bool = False
    examples: tuple[Example, ...] = ()
    seed: int = 0


@dataclass(frozen=True, slots=True)
class JudgeTask:
    """One question to a judge's model.

    ``prompt`` is what the models were asked, ``question`` what the rubric asks about it,
    ``responses`` what was answered, in the order in which it is shown; ``reference`` a response of
    the reference's where it is named as such. ``examples`` are of other test cases.
    """

    prompt: str
    question: str
    responses: tuple[str, ...]
    reference: str | None = None
    examples: tuple[Example, ...] = ()


class Judge(Protocol):
    """What all judges have."""

    @property
    def name(self) -> str:
        """Its word in tables, commands and exports."""
        ...

    @property
    def label(self) -> str:
        """Its name for people."""
        ...

    @property
    def kind(self) -> JudgeKind:
        """What it goes by."""
        ...

    @property
    def options(self) -> Options:
        """What was set."""
        ...

    @property
    def scale(self) -> Scale:
        """The ends of the scores that the judge gives."""
        ...

    def configuration(self) -> dict[str, Any]:
        """Everything besides the model that can change an answer; with versions of libraries.

        Raises:
            InvalidInputError: what the judge needs is not installed; the sentence says how to.
        """
        ...


@runtime_checkable
class LLMJudge(Judge, Protocol):
    """A judge that asks a model."""

    @property
    def asking(self) -> Asking:
        """Which questions it puts."""
        ...

    def request(self, task: JudgeTask, model: str) -> ChatRequest:
        """The question to put to ``model`` (the name its provider knows)."""
        ...

    def parse(self, reply: ChatReply, task: JudgeTask) -> Score | Choice:
        """Read the model's reply: a `Choice` for a pair or a set, otherwise a `Score`.

        Raises:
            UnparsableReplyError: the reply is not what was asked; the model is asked once more.
            ProviderError: the model cannot give what was asked, so that it is not asked again.
        """
        ...


class Embedder(Protocol):
    """Something that turns texts into vectors."""

    def configuration(self) -> Mapping[str, Any]:
        """All that can change a vector; what is kept on disk is kept under its hash."""
        ...

    def encode(self, texts: Sequence[str]) -> Vectors:
        """The vectors of distinct texts, in order."""
        ...


class RefusedTextsError(ProviderError):
    """An embedding model gave no vectors for some texts, and gave them for all others.

    ``reasons`` tells of each such text what the model said; the others' vectors are kept.
    """

    def __init__(self, reasons: Mapping[str, ProviderError]) -> None:
        first = next(iter(reasons.values()))
        super().__init__(first.kind, str(first), http_status=first.http_status)
        self.reasons = reasons


class Tools(Protocol):
    """What a measuring judge is given to work with; `core.embeddings` has the one."""

    def vectors(self, embedder: Embedder, texts: Sequence[str]) -> Vectors:
        """The vector of each text, in order; computed once a distinct text, then kept on disk."""
        ...

    def model_vectors(self, texts: Sequence[str]) -> Vectors:
        """The vectors that the run's embedding model gives, kept in the same way.

        Raises:
            RefusedTextsError: the model gave none for some of the texts.
            ProviderError: the model gave none.
        """
        ...


@runtime_checkable
class MeasuringJudge(Judge, Protocol):
    """A judge that measures responses itself."""

    @property
    def needs(self) -> frozenset[Need]:
        """What it looks at besides prompt and response."""
        ...

    @property
    def asks_model(self) -> bool:
        """Whether it needs the vectors of a provider's model."""
        ...

    @property
    def is_gate(self) -> bool:
        """Whether it is a check that a response must pass to be ranked among real answers."""
        ...

    def score(self, responses: Sequence[JudgedResponse], tools: Tools) -> list[Score | Unscored]:
        """One score a response, in order; heavy, so the daemon runs it in a thread.

        Raises:
            SlamError: nothing can be scored; the sentence is stored with every response.
        """
        ...


AnyJudge = LLMJudge | MeasuringJudge
SomeJudge = TypeVar("SomeJudge", LLMJudge, MeasuringJudge, AnyJudge)


def configured(judge: SomeJudge, options: Mapping[str, Any]) -> SomeJudge:
    """The judge with those options; what is not named has its default.

    Raises:
        InvalidInputError: an option does not exist or has a value that it cannot have.
    """
    try:
        new = type(judge.options).model_validate(dict(options))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "options"
        value = repr(first["input"])
        value = value if len(value) <= _SHOWN else f"{value[:_SHOWN]}…"
        message = first["msg"].rstrip(".")
        raise InvalidInputError(
            f"{judge.label} cannot use {place} = {value}: {message}."
        ) from error
    return replace(judge, options=new)  # type: ignore[type-var]  # judges are dataclasses


def asks_model(judge: AnyJudge) -> bool:
    """Whether the judge is one together with a model of a provider."""
    return isinstance(judge, LLMJudge) or judge.asks_model


def judge_identity(judge: AnyJudge, model: str | None) -> str:
    """SHA-256 over all that can change the judge's output, hexadecimal.

    Raises:
        InvalidInputError: what the judge needs is not installed, or it is broken and cannot say
            what it is.
    """
    try:
        return document_hash(
            {"name": judge.name, "model": model, "configuration": judge.configuration()}
        )
    except SlamError:
        raise
    except Exception as error:
        raise InvalidInputError(
            f"The judge {judge.label} is broken: {type(error).__name__}: {error}."
        ) from error
