"""What may be set of judges that ask a model; each judge lists those that it uses, in its order."""

from collections.abc import Callable, Collection
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, Field, ValidationInfo
from pydantic_core import PydanticCustomError

from core.errors import InvalidInputError
from core.judges.base import Example
from core.studies.template import placeholders

FORM = "form"
"""The placeholder for how to reply; without it no reply could be read, so every prompt has it."""
EXAMPLES = "examples"


class Output(StrEnum):
    """How a reply is asked for."""

    SCHEMA = "schema"
    """An object of a JSON schema, which the provider makes sure of."""
    JSON = "json"
    """An object, which the provider makes sure of; what is in it is only asked for."""
    TEXT = "text"
    """A last line of a given form; every model can do that."""


class ScoreFrom(StrEnum):
    """What a score is read from; the two never mix within one judge."""

    REPLY = "reply"
    PROBABILITIES = "probabilities"


def template_check(
    required: Collection[str], optional: Collection[str] = ()
) -> Callable[[str], str]:
    """A validator of a prompt's wording: it has these placeholders and no others."""
    known = (*required, *optional)

    def check(template: str) -> str:
        try:
            found = placeholders(template)
        except InvalidInputError as error:
            raise _refused(str(error).rstrip(".")) from error
        unknown = next((name for name in found if name not in known), None)
        if unknown:
            raise _refused(f"there is no placeholder {_braced(unknown)}; use {_listed(known)}")
        missing = next((name for name in required if name not in found), None)
        if missing:
            raise _refused(f"the placeholder {_braced(missing)} is missing; put it in")
        return template

    return check


def _refused(message: str) -> PydanticCustomError:
    return PydanticCustomError("prompt", "{message}", {"message": message})


def _braced(name: str) -> str:
    return f"{{{{{name}}}}}"


def _listed(names: Collection[str]) -> str:
    return ", ".join(_braced(name) for name in names)


def _above_minimum(maximum: int, info: ValidationInfo) -> int:
    minimum = info.data.get("scale_minimum", maximum - 1)
    if maximum <= minimum:
        raise PydanticCustomError(
            "scale", "the best score must be above the worst, {minimum}", {"minimum": minimum}
        )
    return maximum


def _shown(examples: tuple[Example, ...], info: ValidationInfo) -> tuple[Example, ...]:
    prompt = info.data.get("prompt")
    if examples and prompt is not None and EXAMPLES not in placeholders(prompt):
        raise _refused(f"the prompt has no {_braced(EXAMPLES)} to put them in; add it")
    return examples


Prompt = Annotated[
    str,
    Field(
        title="Prompt",
        description="The whole wording. Each {{placeholder}} is filled for every question; texts "
        "to be judged are put between tags that they cannot close.",
        max_length=20_000,
    ),
]
Reasoning = Annotated[
    bool,
    Field(
        title="Reasoning",
        description="Whether the model writes down its reasons before it answers.",
    ),
]
Temperature = Annotated[
    float | None,
    Field(
        title="Temperature",
        description="How much chance there is in a reply; 0 for as little as the model can, empty "
        "for models that take none.",
        ge=0,
        le=2,
    ),
]
MaxTokens = Annotated[
    int | None,
    Field(
        title="Most tokens of a reply",
        description="Where a reply is cut off; leave it empty for the model's own limit.",
        ge=1,
        le=100_000,
    ),
]
ScaleMinimum = Annotated[
    int, Field(title="Worst score", description="The lowest whole number.", ge=0, le=99)
]
ScaleMaximum = Annotated[
    int,
    Field(
        title="Best score",
        description="The highest whole number.",
        ge=1,
        le=100,
        validate_default=True,
    ),
    AfterValidator(_above_minimum),
]
OutputForm = Annotated[
    Output,
    Field(
        title="Form of the reply",
        description="Structured output by a schema, any JSON object, or a last line of text; "
        "choose what the model's provider has.",
    ),
]
ScoreSource = Annotated[
    ScoreFrom,
    Field(
        title="Score from",
        description="The number in the reply, or the mean over all numbers of the scale by the "
        "probability that the model gave each of them (for providers that tell it).",
    ),
]
Repeats = Annotated[
    int,
    Field(
        title="Repeats",
        description="How often each question is put; the mean counts, and how far the answers "
        "stray is kept.",
        ge=1,
        le=20,
    ),
]
EveryReference = Annotated[
    bool,
    Field(
        title="Every reference response",
        description="One question for each of the reference's responses to the test case, instead "
        "of for one that is drawn.",
    ),
]
BothOrders = Annotated[
    bool,
    Field(
        title="Both orders",
        description="Each question is put a second time with its responses in reverse; how often "
        "that changes the answer is reported.",
    ),
]
ChoicesPerQuestion = Annotated[
    int,
    Field(
        title="Responses in a question",
        description="At most so many are shown at once; more are shared out over questions.",
        ge=2,
        le=30,
    ),
]
ShuffleLabels = Annotated[
    bool,
    Field(
        title="Shuffled labels",
        description="The responses are named by numbers drawn from 11 to 99 instead of by 1, 2, 3, "
        "so that no label stands for the first.",
    ),
]
ByCriterion = Annotated[
    bool,
    Field(
        title="Criterion by criterion",
        description="One question for each criterion of the study's rubric, instead of one for "
        "all of them.",
    ),
]
Examples = Annotated[
    tuple[Example, ...],
    Field(
        title="Examples",
        description="Responses that people rated, shown with their scores.",
        json_schema_extra={"form": False},
    ),
    AfterValidator(_shown),
]
Seed = Annotated[
    int,
    Field(
        title="Seed",
        description="Decides what is drawn: orders, labels, and which reference response.",
        ge=0,
        le=2**31 - 1,
    ),
]
