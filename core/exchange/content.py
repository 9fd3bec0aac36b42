"""What a file holds, once read: plain values that know neither JSON nor the database."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.exchange.report import Tally
from core.studies.rubric import DEFAULT_RUBRIC, Rubric
from db.tables import Preference


@dataclass(frozen=True, slots=True)
class ImportedCase:
    """One filling of the template."""

    name: str
    values: dict[str, str]
    external_id: str | None = None


@dataclass(frozen=True, slots=True)
class ImportedResponse:
    """One text of one model; ``key`` is how items of the same import refer to it."""

    key: str
    case: int
    model: str
    sample_index: int
    text: str
    external_id: str | None = None


@dataclass(frozen=True, slots=True)
class ImportedAnswer:
    """The answer to one criterion for one pair."""

    criterion: str
    preference: Preference
    comment: str | None = None


@dataclass(frozen=True, slots=True)
class Answers:
    """The answers of one item.

    Attributes:
        given: the recognised ones.
        unanswered: criteria without a value.
        unknown: criteria whose value means nothing, with that value.
        comment_left: whether a free text could not be kept.
    """

    given: tuple[ImportedAnswer, ...]
    unanswered: tuple[str, ...]
    unknown: tuple[tuple[str, str], ...]
    comment_left: bool


@dataclass(frozen=True, slots=True)
class ImportedItem:
    """A pair as it was shown, with the answers to it.

    ``reported_ms`` is the time that the file gives for this pair alone: as it stands in a crowd
    study; in result files, whose times are moments, the difference to the moment before.
    """

    position: int
    first: str
    second: str
    answers: tuple[ImportedAnswer, ...]
    reported_ms: int | None = None
    answered_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ImportedSession:
    """One submission of one rater."""

    external_id: str
    rater: str
    items: tuple[ImportedItem, ...]
    complete: bool
    started_at: datetime | None = None
    completed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ImportedStudy:
    """A file that makes a study of its own."""

    suggested_name: str
    description: str
    template: str
    cases: tuple[ImportedCase, ...]
    models: tuple[str, ...]
    reference: str | None
    responses: tuple[ImportedResponse, ...]
    samples_per_case: int
    tally: Tally
    sessions: tuple[ImportedSession, ...] = ()
    configuration: dict[str, Any] | None = None
    rubric: Rubric = DEFAULT_RUBRIC


@dataclass(frozen=True, slots=True)
class ShownResponse:
    """A response as a result file names it."""

    model: str
    external_id: str


@dataclass(frozen=True, slots=True)
class ResultEvaluation:
    """One answered pair of a result file."""

    position: int
    prompt_id: str
    shown: tuple[ShownResponse, ...]
    answers: Answers
    reported_ms: int | None
    answered_at: datetime | None


@dataclass(frozen=True, slots=True)
class ResultFile:
    """One result file: one rater's submission for one question set."""

    entry: str
    rater: str
    question_set_id: str
    evaluations: tuple[ResultEvaluation, ...]
    started_at: datetime | None
    ended_at: datetime | None

    @property
    def external_id(self) -> str:
        """What recognises the submission; the original tool names its files like this."""
        return f"{self.rater}_{self.question_set_id}"


@dataclass(frozen=True, slots=True)
class ImportedResults:
    """Result files, whose responses are in a study that was imported before."""

    files: tuple[ResultFile, ...]
    tally: Tally
