"""A data source: ``data/*.json``, or one such file, each a prompt with every model's outputs."""

from pydantic import BaseModel, TypeAdapter

from core.exchange.building import StudyBuilder
from core.exchange.content import ImportedStudy
from core.exchange.documents import Documents, ModelLabel, Prompt, StorableText, stem_of, validated


class DataSource(BaseModel):
    """One file of the layout."""

    run: StorableText | None = None
    prompt: Prompt
    prompt_disc: str | None = None
    prompt_simple_disc: str | None = None
    outputs: dict[ModelLabel, list[str]]


_SHAPE = TypeAdapter(DataSource)


def recognised(files: Documents) -> tuple[str, ...]:
    """The documents that are objects with outputs."""
    return tuple(
        entry
        for entry, document in files.documents.items()
        if isinstance(document, dict) and "outputs" in document
    )


def read(files: Documents) -> ImportedStudy:
    """The study that the files make together, each distinct prompt a test case.

    Raises:
        InvalidInputError: a file has a wrong type inside, or no text can be taken.
    """
    sources = {
        entry: validated(_SHAPE, files.documents[entry], files.place(entry))
        for entry in recognised(files)
    }
    labels = [label for source in sources.values() for label in source.outputs]
    builder = StudyBuilder(files, labels, files.name)
    for entry, source in sources.items():
        _add(builder, entry, source)
    runs = {source.run.strip() if source.run else "" for source in sources.values()}
    only_run = runs.pop() if len(runs) == 1 else ""
    return builder.build(only_run or files.stem)


def _add(builder: StudyBuilder, entry: str, source: DataSource) -> None:
    case = builder.add_case(
        source.prompt,
        name=source.run or stem_of(entry),
        descriptions=(source.prompt_disc, source.prompt_simple_disc),
    )
    for label, texts in source.outputs.items():
        for number, text in enumerate(texts):
            builder.add_text(case, label, text, f"{entry}: outputs.{label}[{number}]")
