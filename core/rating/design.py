"""How a campaign asks people: fixed when it opens, stored as one document."""

import re
from collections.abc import Mapping
from enum import StrEnum
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict

from core.errors import InvalidInputError
from core.exchange.storable import is_storable

LANGUAGES = {"en": "English", "de": "Deutsch"}
"""The languages of the raters' pages, by code; each has a file in ui/rate/texts."""


class Protocol(StrEnum):
    """What an item asks for: a score of one response, or a choice between two."""

    SCORE = "score"
    PAIR = "pair"


class PairsOf(StrEnum):
    """Which pairs are compared: each candidate with the reference, or every model with another."""

    REFERENCE = "reference"
    ALL = "all"


class Audience(StrEnum):
    """Who rates: people of a recruiting platform, invited experts, anyone with the link."""

    CROWD = "crowd"
    EXPERTS = "experts"
    OPEN = "open"


class Outcome(StrEnum):
    """How a session can end, as far as the platform is told; the values are session statuses."""

    COMPLETE = "complete"
    FAILED_CHECKS = "failed_checks"
    SCREENED_OUT = "screened_out"
    NO_CONSENT = "no_consent"
    NOTHING_LEFT = "nothing_left"
    WITHDRAWN = "withdrawn"


class _Document(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Platform(_Document):
    """A recruiting platform: which parameters of the address carry its ids, and the way back.

    Without ``needs_id`` people without the platform's id can start too.

    ``return_url`` may hold ``{code}``, ``{rater_id}``, ``{study_id}`` and ``{session_id}``;
    ``codes`` are the platform's own codes by outcome, where it has one code for all. Without one a
    person's own code goes along.
    """

    name: str = "none"
    rater_parameter: str | None = None
    study_parameter: str | None = None
    session_parameter: str | None = None
    needs_id: bool = True
    return_url: str | None = None
    codes: Mapping[Outcome, str] = {}

    @property
    def requires_id(self) -> bool:
        """Whether nobody can start without the platform's id."""
        return self.rater_parameter is not None and self.needs_id


PLATFORMS: Mapping[str, Platform] = {
    "none": Platform(),
    "prolific": Platform(
        name="prolific",
        rater_parameter="PROLIFIC_PID",
        study_parameter="STUDY_ID",
        session_parameter="SESSION_ID",
        return_url="https://app.prolific.com/submissions/complete?cc={code}",
    ),
    "cloudresearch": Platform(
        name="cloudresearch",
        rater_parameter="participantId",
        study_parameter="projectId",
        session_parameter="assignmentId",
    ),
    "sona": Platform(name="sona", rater_parameter="SURVEY_CODE"),
    "mturk": Platform(
        name="mturk",
        rater_parameter="workerId",
        study_parameter="hitId",
        session_parameter="assignmentId",
    ),
    "generic": Platform(name="generic", rater_parameter="id"),
}
"""What platforms call their parameters; every name can be changed."""


class Question(_Document):
    """One question of the check of understanding; ``right`` is the index of the right option."""

    text: str
    options: tuple[str, ...]
    right: int


class CampaignDesign(_Document):
    """Everything about a campaign that is fixed when it opens.

    ``overlap`` is how many people are to rate each response (or pair). ``items_per_session`` does
    not count the planted items, whose numbers a session are given beside it. A session with more
    failed attention items than ``attention_failures_allowed`` does not count. After
    ``lease_minutes`` without an answer a session's items return to the pool. ``seconds_per_item``,
    ``pay_per_session`` and ``platform_fee_share`` (of the pay) plan time and money.
    ``allows_extra_sessions`` lets latecomers rate beyond the overlap while others have not
    finished, instead of being sent away.
    """

    protocol: Protocol = Protocol.SCORE
    pairs_of: PairsOf = PairsOf.REFERENCE
    audience: Audience = Audience.CROWD
    platform: Platform = Platform()
    language: str = "en"
    overlap: int = 3
    items_per_session: int = 12
    attention_items: int = 0
    attention_failures_allowed: int = 1
    gold_items: int = 0
    known_bad_items: int = 0
    comprehension: tuple[Question, ...] = ()
    lease_minutes: int = 60
    allows_extra_sessions: bool = True
    seconds_per_item: int = 20
    pay_per_session: float | None = None
    currency: str = "USD"
    platform_fee_share: float = 0.0

    @property
    def planted_items(self) -> int:
        """How many items of a session are no target responses."""
        return self.attention_items + self.gold_items + self.known_bad_items

    @property
    def shown_items(self) -> int:
        """How many items a rater sees."""
        return self.items_per_session + self.planted_items

    def document(self) -> dict[str, Any]:
        """The design as JSON; `design_of` reads it back."""
        return self.model_dump(mode="json")

    def check(self) -> None:
        """Refuse what cannot be carried out.

        Raises:
            InvalidInputError: the sentence names the value and how to mend it.
        """
        _check_range("ratings a response", self.overlap, 1, 1000)
        _check_range("items a session", self.items_per_session, 1, 500)
        for name in ("attention_items", "gold_items", "known_bad_items"):
            _check_range(name.replace("_", " "), getattr(self, name), 0, 50)
        _check_range("failed attention items allowed", self.attention_failures_allowed, 0, 50)
        _check_range("minutes of the lease", self.lease_minutes, 1, 60 * 24 * 30)
        _check_range("seconds an item", self.seconds_per_item, 1, 3600)
        if self.pay_per_session is not None and not 0 <= self.pay_per_session <= 10_000:
            raise InvalidInputError(
                f"A pay of {self.pay_per_session:g} cannot be planned with; choose 0 to 10,000."
            )
        if not 0 <= self.platform_fee_share <= 5:
            raise InvalidInputError(
                f"A fee of {self.platform_fee_share:g} times the pay is not plausible; "
                "write 0.33 for 33 percent."
            )
        if self.language not in LANGUAGES:
            raise InvalidInputError(
                f"There is no language {self.language!r}; choose {', '.join(LANGUAGES)}."
            )
        _check_platform(self.platform)
        for question in self.comprehension:
            _check_question(question)


def design_of(document: Mapping[str, Any]) -> CampaignDesign:
    """The design that `CampaignDesign.document` made; an imported campaign's is all defaults."""
    return CampaignDesign.model_validate(document)


@lru_cache(maxsize=256)
def design_of_json(text: str) -> CampaignDesign:
    """The design of stored JSON; raters' pages read the same one again and again."""
    return CampaignDesign.model_validate_json(text)


_PARAMETER = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,99}")
_FIELDS = {"code", "rater_id", "study_id", "session_id"}
_OURS = {"campaign", "invite", "session"}


def _check_range(what: str, value: int, least: int, most: int) -> None:
    if not least <= value <= most:
        raise InvalidInputError(f"{value} {what} cannot be planned; choose {least} to {most}.")


def _check_platform(platform: Platform) -> None:
    parameters = (
        platform.rater_parameter, platform.study_parameter, platform.session_parameter,
    )  # fmt: skip
    for name in parameters:
        if name is not None and (not _PARAMETER.fullmatch(name) or name in _OURS):
            raise InvalidInputError(
                f"The parameter {name[:40]!r} cannot carry a platform's id; "
                "use letters, digits and underscores."
            )
    if platform.return_url is not None:
        _check_return_url(platform.return_url)
    for code in platform.codes.values():
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", code):
            raise InvalidInputError(
                f"The platform's code {code[:40]!r} cannot be used; it has letters and digits only."
            )


def _check_return_url(url: str) -> None:
    unknown = set(re.findall(r"\{([^{}]*)\}", url)) - _FIELDS
    rest = re.sub(r"\{[^{}]*\}", "", url)
    if unknown or "{" in rest or "}" in rest:
        raise InvalidInputError(
            f"The address {url[:80]!r} holds a field that is not known; "
            f"use {', '.join('{' + name + '}' for name in sorted(_FIELDS))}."
        )
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme != "https" or not parts.hostname or not is_storable(url):
        raise InvalidInputError(
            f"Raters cannot be sent back to {url[:80]!r}; give an address that begins with https://."
        )
    # What is filled in comes from the rater's address bar, and must not choose the server.
    if "{" in parts.netloc:
        raise InvalidInputError(
            f"The address {url[:80]!r} has a field in the name of the server; "
            "put fields behind its first slash or question mark."
        )


def _check_question(question: Question) -> None:
    texts = (question.text, *question.options)
    if not all(text.strip() and is_storable(text) and len(text) <= 1000 for text in texts):
        raise InvalidInputError(
            "A question of the check of understanding has an empty or too long text; mend it."
        )
    if not 2 <= len(question.options) <= 8 or question.right not in range(len(question.options)):
        raise InvalidInputError(
            f"The question {question.text[:40]!r} needs 2 to 8 options, one of them right."
        )
