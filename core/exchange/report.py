"""What an import took, what it left, and why."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

KINDS = ("test_cases", "candidates", "responses", "sessions", "items", "ratings")
"""What is counted, in the order of a report."""


@dataclass(frozen=True)
class ImportReport:
    """The outcome of one import.

    Attributes:
        study: the name of the study that the file went into.
        study_id: its id.
        layout: which of the original tool's layouts the file had.
        taken: how many of each kind of thing were stored.
        left: how many of each kind were in the file and were not stored.
        unmatched: how many things the file refers to others that are not there.
        reasons: one sentence for each thing that was left, naming it.
        notes: what was decided on the way: renamed models, the reference, files not read.
    """

    study: str
    study_id: str
    layout: str
    taken: dict[str, int]
    left: dict[str, int]
    unmatched: int
    reasons: list[str]
    notes: list[str]

    def as_document(self) -> dict[str, Any]:
        """The report for ``--json``: what was taken is at the top level."""
        return {
            "study": self.study,
            "layout": self.layout,
            **self.taken,
            "unmatched": self.unmatched,
            "left": dict(self.left),
            "reasons": list(self.reasons),
            "notes": list(self.notes),
        }


@dataclass(slots=True)
class Tally:
    """Counts and sentences while a file is read and stored; becomes an `ImportReport`."""

    taken: Counter[str] = field(default_factory=Counter)
    left: Counter[str] = field(default_factory=Counter)
    unmatched: int = 0
    reasons: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def leave(self, reason: str, **counts: int) -> None:
        """Count things as left, with the reason that names them."""
        self.left.update(counts)
        self.reasons.append(reason)

    def report(self, *, study: str, study_id: str, layout: str) -> ImportReport:
        """The finished report."""
        return ImportReport(
            study=study,
            study_id=study_id,
            layout=layout,
            taken={kind: self.taken[kind] for kind in KINDS},
            left={kind: self.left[kind] for kind in KINDS},
            unmatched=self.unmatched,
            reasons=list(self.reasons),
            notes=list(self.notes),
        )
