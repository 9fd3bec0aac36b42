"""The two kinds of judges that ask a model: those that score, and those that choose.

A judge of either kind is a frozen dataclass with ``options``; its module holds what is its own: the
wording, the options, the form of a reply.
"""

from abc import ABC, abstractmethod
from dataclasses import fields
from typing import Any, ClassVar

from core.judges.base import (
    UNIT_SCALE,
    Asking,
    Choice,
    JudgeKind,
    JudgeTask,
    Options,
    Scale,
    Score,
    Shape,
)
from core.judges.llm.asking import (
    CallOptions,
    ScoringOptions,
    configuration_of,
    read_score,
    scale_of,
    scoring_request,
)
from core.judges.llm.choosing import choosing_request, read_choice
from core.judges.llm.forms import Form
from core.providers.base import ChatReply, ChatRequest


class ModelJudge(ABC):
    """What every judge has that asks a model."""

    name: str
    label: str
    kind = JudgeKind.LLM
    shape: ClassVar[Shape]
    options: Any  # a field of each judge, of a class of its own

    @property
    @abstractmethod
    def scale(self) -> Scale:
        """See `core.judges.base.Judge.scale`."""

    @property
    def asking(self) -> Asking:
        """See `core.judges.base.LLMJudge.asking`; options of the same names decide."""
        chosen: Options = self.options
        named = {one.name for one in fields(Asking)} & set(type(chosen).model_fields)
        return Asking(self.shape, **{name: getattr(chosen, name) for name in named})

    def configuration(self) -> dict[str, Any]:
        """See `core.judges.base.Judge.configuration`."""
        return configuration_of(self)

    @abstractmethod
    def request(self, task: JudgeTask, model: str) -> ChatRequest:
        """See `core.judges.base.LLMJudge.request`."""

    @abstractmethod
    def parse(self, reply: ChatReply, task: JudgeTask) -> Score | Choice:
        """See `core.judges.base.LLMJudge.parse`."""


class ScoringJudge(ModelJudge):
    """A judge that gives a score on the scale of its options."""

    @property
    def scale(self) -> Scale:
        """See `core.judges.base.Judge.scale`."""
        return scale_of(self._chosen)

    def request(self, task: JudgeTask, model: str) -> ChatRequest:
        """See `core.judges.base.LLMJudge.request`."""
        return scoring_request(self._chosen, self.form(), model, task)

    def parse(self, reply: ChatReply, task: JudgeTask) -> Score:
        """See `core.judges.base.LLMJudge.parse`."""
        return read_score(self._chosen, self.form(), reply)

    @abstractmethod
    def form(self) -> Form:
        """The form of a reply."""

    @property
    def _chosen(self) -> ScoringOptions:
        chosen: ScoringOptions = self.options
        return chosen


class ChoosingJudge(ModelJudge):
    """A judge that names the best of the responses shown; ``may_tie`` where none need be."""

    may_tie: ClassVar[bool] = False

    @property
    def scale(self) -> Scale:
        """See `core.judges.base.Judge.scale`."""
        return UNIT_SCALE

    def request(self, task: JudgeTask, model: str) -> ChatRequest:
        """See `core.judges.base.LLMJudge.request`."""
        labels = self.labels(task)
        chosen: CallOptions = self.options
        return choosing_request(chosen, self.form(labels), model, task, labels)

    def parse(self, reply: ChatReply, task: JudgeTask) -> Choice:
        """See `core.judges.base.LLMJudge.parse`."""
        labels = self.labels(task)
        return read_choice(self.form(labels), reply, labels, may_tie=self.may_tie)

    @abstractmethod
    def labels(self, task: JudgeTask) -> tuple[str, ...]:
        """What the responses are called, in the order shown; the same for the same task."""

    @abstractmethod
    def form(self, labels: tuple[str, ...]) -> Form:
        """The form of a reply."""
