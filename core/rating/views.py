"""What the raters' pages are given to show, and what they give back. Nothing here names a model."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from core.rating.design import Audience, Outcome, Protocol
from core.studies.rubric import Rubric


@dataclass(frozen=True, slots=True)
class Invitation:
    """What a person reads before they start.

    ``instructions`` and ``consent`` are Markdown. ``is_under_way`` says that this person has a
    session to go on with: starting gives it back, and consent was given.
    """

    campaign_id: str
    name: str
    description: str
    instructions: str
    consent: str
    items: int
    minutes: int
    language: str
    audience: Audience
    is_under_way: bool = False

    @property
    def asks_for_proof_of_humanity(self) -> bool:
        """Whether a question that people can answer stands before the start."""
        return self.audience is Audience.OPEN and not self.is_under_way

    @property
    def asks_for_name(self) -> bool:
        """Whether a name may be given."""
        return self.audience is Audience.EXPERTS and not self.is_under_way


class Stage(StrEnum):
    """Where a session stands."""

    COMPREHENSION = "comprehension"
    ITEM = "item"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class QuestionView:
    """One question of the check of understanding, without the answer."""

    text: str
    options: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ComprehensionView:
    """The check of understanding: its questions, and how many attempts are left."""

    instructions: str
    questions: tuple[QuestionView, ...]
    attempts_left: int


@dataclass(frozen=True, slots=True)
class ItemView:
    """One item as it is shown: the task and one response to it, or two; not who wrote them.

    ``feedback`` is about the item before: what a gold item taught.
    """

    item_id: str
    number: int
    total: int
    protocol: Protocol
    rubric: Rubric
    task: str
    responses: tuple[str, ...]
    minutes_left: int
    feedback: str | None = None


@dataclass(frozen=True, slots=True)
class Ending:
    """How a session ended, with the code to be paid by and the way back to the platform."""

    outcome: Outcome
    code: str
    return_url: str | None
    can_withdraw: bool


@dataclass(frozen=True, slots=True)
class SessionView:
    """Where a session stands; what belongs to its stage is set."""

    session_id: str
    stage: Stage
    language: str
    instructions: str
    is_current_tab: bool
    comprehension: ComprehensionView | None = None
    item: ItemView | None = None
    ending: Ending | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer to an item: by criterion a score, or a `db.tables.Preference` as text.

    With ``cannot_judge`` there are no values. The times are what the browser claims, in
    milliseconds: with the item in view and the person at it, with the tab hidden, and how often
    the focus went elsewhere; null where it did not tell.
    """

    values: Mapping[str, int | str] = field(default_factory=dict)
    cannot_judge: bool = False
    comment: str = ""
    active_ms: int | None = None
    hidden_ms: int | None = None
    blur_count: int | None = None
