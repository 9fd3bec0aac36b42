"""What all judges that ask a model do alike: the request, and what makes up their identity."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Protocol

from core.judges.base import Example, JudgeTask, LLMJudge, Scale, Score
from core.judges.llm.examples import rendered
from core.judges.llm.fences import Fence
from core.judges.llm.forms import Form, whole_number
from core.judges.llm.options import Output, ScoreFrom
from core.judges.llm.probabilities import TOP_LOGPROBS, expected_score
from core.providers.base import ChatReply, ChatRequest, no_probabilities
from core.studies.template import render

_SPECIMEN = JudgeTask(
    prompt="task",
    question="question",
    responses=("first response", "second response"),
    reference="reference response",
    examples=(
        Example(response_id="", test_case_id="", prompt="task", response="response", score=0.5),
    ),
)


class CallOptions(Protocol):
    """The options that decide how a model is called."""

    @property
    def prompt(self) -> str:
        """The wording."""
        ...

    @property
    def temperature(self) -> float | None:
        """How much chance there is; ``None`` leaves it to the provider."""
        ...

    @property
    def max_tokens(self) -> int | None:
        """Where a reply is cut off."""
        ...


class ScoringOptions(CallOptions, Protocol):
    """The options of judges that give a score."""

    @property
    def scale_minimum(self) -> int:
        """The worst score."""
        ...

    @property
    def scale_maximum(self) -> int:
        """The best score."""
        ...

    @property
    def output(self) -> Output:
        """The form of a reply."""
        ...

    @property
    def score_from(self) -> ScoreFrom:
        """What the score is read from."""
        ...


def request_of(
    options: CallOptions, form: Form, model: str, parts: Mapping[str, str]
) -> ChatRequest:
    """The question to a model, with the template's placeholders filled; answered whole."""
    return ChatRequest(
        model=model,
        prompt=render(options.prompt, {**parts, "form": form.text}),
        temperature=options.temperature,
        max_tokens=options.max_tokens,
        json_schema=form.schema,
        json_mode=form.output is Output.JSON,
        is_streamed=False,
    )


def scoring_request(
    options: ScoringOptions, form: Form, model: str, task: JudgeTask
) -> ChatRequest:
    """The question for a score of the task's response."""
    fence = Fence.around(task)
    minimum, maximum = options.scale_minimum, options.scale_maximum
    parts = {
        "task": fence.put("task", task.prompt),
        "question": task.question,
        "response": fence.put("response", task.responses[0]),
        "reference": fence.put("reference", task.reference or ""),
        "scale": f"{minimum} to {maximum}",
        "examples": rendered(task.examples, fence, minimum, maximum),
    }
    request = request_of(options, form, model, parts)
    if options.score_from is ScoreFrom.PROBABILITIES:
        request = replace(request, top_logprobs=TOP_LOGPROBS)
    return request


def read_score(options: ScoringOptions, form: Form, reply: ChatReply) -> Score:
    """The score in a reply.

    By probabilities ``details`` hold the probability that was seen and the score that was sampled.

    Raises:
        UnparsableReplyError: the reply is not what was asked.
        ProviderError: it comes without the probabilities that were asked for; so would the next.
    """
    if options.score_from is ScoreFrom.PROBABILITIES and not reply.token_logprobs:
        raise no_probabilities(reply.model_reported)
    read = form.read(reply)
    minimum, maximum = options.scale_minimum, options.scale_maximum
    sampled = whole_number(read.answer, minimum, maximum, reply.text)
    if options.score_from is ScoreFrom.REPLY:
        return Score(float(sampled), read.reasoning)
    scale = range(minimum, maximum + 1)
    expected = expected_score(reply.text, reply.token_logprobs or (), read.place, sampled, scale)
    details = {"probability_mass": expected.mass, "sampled_score": sampled}
    return Score(expected.value, read.reasoning, details=details)


def scale_of(options: ScoringOptions) -> Scale:
    """The ends of the scores."""
    return Scale(float(options.scale_minimum), float(options.scale_maximum))


def configuration_of(judge: LLMJudge) -> dict[str, Any]:
    """The options, and a specimen of what is asked, so that our own wording counts too."""
    request = judge.request(_SPECIMEN, "")
    return {
        "options": judge.options.model_dump(mode="json"),
        "specimen": request.prompt,
        "schema": request.json_schema,
        "top_logprobs": request.top_logprobs,
    }
