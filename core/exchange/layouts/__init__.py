"""The original tool's layouts, one module each: does it recognise the files, and what is in them.

A layout parses and nothing else: documents in, plain values out, no database.
"""

from collections.abc import Callable
from dataclasses import dataclass

from core.errors import InvalidInputError
from core.exchange.content import ImportedResults, ImportedStudy
from core.exchange.documents import Documents
from core.exchange.layouts import configured, crowd, data_source, older, results


@dataclass(frozen=True, slots=True)
class Layout:
    """One layout.

    Attributes:
        name: how reports and records call it.
        description: how a sentence tells a person what it is.
        recognised: the documents that have this layout; none means the files have another one.
        read: their content.
    """

    name: str
    description: str
    recognised: Callable[[Documents], tuple[str, ...]]
    read: Callable[[Documents], ImportedStudy | ImportedResults]


CONFIGURED = Layout(
    "configured-evaluation",
    "a configured evaluation (.human_eval_config/*.json)",
    configured.recognised,
    configured.read,
)
RESULTS = Layout("results", "raters' results (results/*.json)", results.recognised, results.read)

LAYOUTS = (
    CONFIGURED,
    Layout(
        "data-source",
        "a data source (prompt and outputs)",
        data_source.recognised,
        data_source.read,
    ),
    RESULTS,
    Layout("older-list", "an older list (id, prompt and responses)", older.recognised, older.read),
    Layout(
        "crowd-study",
        "a crowd study (response1, response2 and criteria under each rater)",
        crowd.recognised,
        crowd.read,
    ),
)
"""Every layout; of a folder that holds several, the first one here is imported."""


def layout_of(files: Documents) -> tuple[Layout, list[str]]:
    """The layout of the files, and notes naming the files that are not part of it.

    Raises:
        InvalidInputError: it is none of the known layouts.
    """
    for layout in LAYOUTS:
        read = layout.recognised(files)
        if read:
            unread = [entry for entry in files.documents if entry not in read]
            note = f"Not part of this import: {', '.join(unread)}."
            return layout, [note] if unread else []
    known = "; ".join(layout.description for layout in LAYOUTS)
    raise InvalidInputError(
        f"{files.name} has none of the known layouts; choose a file that is one of: {known}."
    )
