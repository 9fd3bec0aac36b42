"""A configured evaluation: the ``.human_eval_config`` folder of the original tool."""

from typing import Any

from pydantic import BaseModel, ConfigDict, TypeAdapter, alias_generators

from core.errors import InvalidInputError
from core.exchange.answers import OVERALL, comparing_rubric
from core.exchange.building import StudyBuilder
from core.exchange.content import ImportedStudy
from core.exchange.documents import (
    Documents,
    Key,
    ModelLabel,
    Prompt,
    StorableText,
    validated,
)
from core.studies.rubric import DEFAULT_QUESTION, Rubric

FOLDER = ".human_eval_config"
_TELLING = frozenset({"models_responses.json", "prompt_info.json"})
_NEEDED = (
    "config.json",
    "distribution.json",
    "models_responses.json",
    "prompt_info.json",
    "responses.json",
)
_DERIVED = "unique_question_pairs.json"
"""The pairs of the distribution, each once; nothing in it is new."""


class PromptInfo(BaseModel):
    """One prompt; the two others are its HTML descriptions."""

    prompt_id: Key
    prompt: Prompt
    prompt_disc: str | None = None
    prompt_simple_disc: str | None = None


class Criterion(BaseModel):
    """One criterion of the rubric; the file writes the names with capitals."""

    model_config = ConfigDict(alias_generator=alias_generators.to_pascal)

    criteria: StorableText
    description: StorableText | None = None


class Numbers(BaseModel):
    """The part of the settings that says when a submission is whole."""

    n_questions_per_worker: int | None = None


class Settings(BaseModel):
    """``config.json``."""

    hv_method: StorableText | None = None
    config: Numbers = Numbers()
    criterias: list[Criterion] | None = None


_SETTINGS = TypeAdapter(Settings)
_PROMPTS = TypeAdapter(list[PromptInfo])
_TEXTS = TypeAdapter(dict[Key, str])
_OWNERS = TypeAdapter(dict[Key, dict[ModelLabel, list[Key]]])
_DISTRIBUTION = TypeAdapter(dict[Key, list[tuple[Key, dict[ModelLabel, Key]]]])


def recognised(files: Documents) -> tuple[str, ...]:
    """The documents of the configuration; its file names give it away."""
    folders = {
        entry.removesuffix(name)
        for name in _TELLING
        for entry in files.documents
        if entry.rsplit("/", 1)[-1] == name
    }
    wanted = {folder + name for folder in folders for name in (*_NEEDED, _DERIVED)}
    return tuple(entry for entry in files.documents if entry in wanted)


def read(files: Documents) -> ImportedStudy:
    """The study of the configuration; responses and prompts keep their ids.

    Raises:
        InvalidInputError: a file is missing or has a wrong type inside, or there are two
            configurations.
    """
    entries = _entries(files)

    def document(name: str) -> tuple[Any, str]:
        return files.documents[entries[name]], files.place(entries[name])

    settings = validated(_SETTINGS, *document("config.json"))
    prompts = validated(_PROMPTS, *document("prompt_info.json"))
    texts = validated(_TEXTS, *document("responses.json"))
    owners = validated(_OWNERS, *document("models_responses.json"))
    distribution = validated(_DISTRIBUTION, *document("distribution.json"))
    labels = [label for models in owners.values() for label in models]
    builder = StudyBuilder(files, labels, files.place(entries["models_responses.json"]))
    cases = {
        prompt.prompt_id: builder.add_case(
            prompt.prompt,
            external_id=prompt.prompt_id,
            descriptions=(prompt.prompt_disc, prompt.prompt_simple_disc),
        )
        for prompt in prompts
    }
    _add_texts(builder, entries["models_responses.json"], cases, owners, texts)
    _report_unowned(builder, entries["responses.json"], owners, texts)
    return builder.build(
        builder.first_case_name if files.stem == FOLDER else files.stem,
        configuration=_configuration(settings, list(cases), distribution),
        rubric=_rubric(settings),
    )


def _entries(files: Documents) -> dict[str, str]:
    """The path of each file of the configuration by its name."""
    entries: dict[str, str] = {}
    for entry in recognised(files):
        name = entry.rsplit("/", 1)[-1]
        if name in entries:
            raise InvalidInputError(
                f"{files.name} holds two configurations, {entries[name]} and {entry}; "
                "import them one at a time."
            )
        entries[name] = entry
    missing = [name for name in _NEEDED if name not in entries]
    if missing:
        raise InvalidInputError(
            f"{files.name} is a configured evaluation without {missing[0]}; "
            f"pack the whole {FOLDER} folder."
        )
    return entries


def _add_texts(
    builder: StudyBuilder,
    entry: str,
    cases: dict[str, int],
    owners: dict[str, dict[str, list[str]]],
    texts: dict[str, str],
) -> None:
    added: set[str] = set()
    for prompt_id, models in owners.items():
        for label, response_ids in models.items():
            for response_id in response_ids:
                if prompt_id not in cases:
                    reason = f"its prompt {prompt_id} is not in prompt_info.json"
                elif response_id not in texts:
                    reason = "it has no text in responses.json"
                elif response_id in added:
                    reason = "it is listed twice, and only its first place counts"
                else:
                    added.add(response_id)
                    place = f"response {response_id} of {label}"
                    case = cases[prompt_id]
                    builder.add_text(case, label, texts[response_id], place, response_id)
                    continue
                builder.tally.leave(f"{entry}: response {response_id}: {reason}.", responses=1)
                builder.tally.unmatched += 1


def _report_unowned(
    builder: StudyBuilder,
    entry: str,
    owners: dict[str, dict[str, list[str]]],
    texts: dict[str, str],
) -> None:
    owned = {one for models in owners.values() for ids in models.values() for one in ids}
    for response_id in texts:
        if response_id not in owned:
            builder.tally.leave(
                f"{entry}: response {response_id}: models_responses.json says of no model that "
                "it is its own.",
                responses=1,
            )
            builder.tally.unmatched += 1


def _rubric(settings: Settings) -> Rubric:
    criteria = {one.criteria: one.description or "" for one in settings.criterias or []}
    return comparing_rubric(criteria or {OVERALL: DEFAULT_QUESTION})


def _configuration(
    settings: Settings,
    prompt_ids: list[str],
    distribution: dict[str, list[tuple[str, dict[str, str]]]],
) -> dict[str, Any]:
    """What result files are matched against; kept in the record of the import."""
    return {
        "method": settings.hv_method,
        "criteria": [
            {"name": one.criteria, "description": one.description}
            for one in settings.criterias or []
        ],
        "questions_per_rater": settings.config.n_questions_per_worker,
        "prompts": prompt_ids,
        "question_sets": {
            set_id: [[prompt_id, list(shown.values())] for prompt_id, shown in questions]
            for set_id, questions in distribution.items()
        },
    }
