"""The older list: ``[{id, prompt, responses: [{model, model_responses: [text]}]}]``."""

from typing import Any

from pydantic import BaseModel, ConfigDict, TypeAdapter

from core.exchange.building import StudyBuilder
from core.exchange.content import ImportedStudy
from core.exchange.documents import Documents, ModelLabel, Prompt, StorableText, validated


class ModelResponses(BaseModel):
    """The texts of one model."""

    # "model_" is a name of the files here, not one of pydantic's own.
    model_config = ConfigDict(protected_namespaces=())

    model: ModelLabel
    model_responses: list[str]


class PromptResponses(BaseModel):
    """One prompt with what every model answered."""

    id: int | StorableText | None = None
    prompt: Prompt
    prompt_disc: str | None = None
    responses: list[ModelResponses]


_SHAPE = TypeAdapter(list[PromptResponses])


def recognised(files: Documents) -> tuple[str, ...]:
    """The documents that are lists of objects with responses."""
    return tuple(entry for entry, document in files.documents.items() if _is_older(document))


def read(files: Documents) -> ImportedStudy:
    """The study that the files make together, each distinct prompt a test case.

    Raises:
        InvalidInputError: a file has a wrong type inside, or no text can be taken.
    """
    lists = {
        entry: validated(_SHAPE, files.documents[entry], files.place(entry))
        for entry in recognised(files)
    }
    labels = [
        part.model for prompts in lists.values() for prompt in prompts for part in prompt.responses
    ]
    builder = StudyBuilder(files, labels, files.name)
    for entry, prompts in lists.items():
        for number, prompt in enumerate(prompts):
            _add(builder, f"{entry}: [{number}]", prompt)
    return builder.build(files.stem)


def _is_older(document: Any) -> bool:
    return isinstance(document, list) and any(
        isinstance(one, dict) and "responses" in one for one in document
    )


def _add(builder: StudyBuilder, place: str, prompt: PromptResponses) -> None:
    identifier = None if prompt.id is None else str(prompt.id)[:200]
    case = builder.add_case(
        prompt.prompt, external_id=identifier, descriptions=(prompt.prompt_disc,)
    )
    for index, part in enumerate(prompt.responses):
        for number, text in enumerate(part.model_responses):
            where = f"{place}.responses[{index}].model_responses[{number}] of {part.model}"
            builder.add_text(case, part.model, text, where)
