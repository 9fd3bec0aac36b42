"""What a screening rule is: behaviour in, evidence out. Nothing here knows a model or a store."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from core.errors import InvalidInputError
from db.tables import ControlKind, Preference


@dataclass(frozen=True, slots=True)
class ItemBehaviour:
    """How one item was answered.

    Attributes:
        position: the item's place in the session, from 0.
        words_shown: words of the response, or of both, as `count_words` has them.
        shown_texts: the task and the responses, to compare a comment with.
        active_ms: how long the browser says it was looked at.
        server_ms: from being sent to being stored; for imported answers what their file claims.
        scores: by criterion.
        preferences: by criterion.
        control: the kind of a planted item.
        is_right: whether a planted item was answered as expected, where that can be said.
    """

    position: int
    words_shown: int = 0
    shown_texts: tuple[str, ...] = ()
    active_ms: int | None = None
    server_ms: int | None = None
    scores: Mapping[str, int] = field(default_factory=dict)
    preferences: Mapping[str, Preference] = field(default_factory=dict)
    cannot_judge: bool = False
    comment: str = ""
    control: ControlKind | None = None
    is_right: bool | None = None

    @property
    def time_ms(self) -> int | None:
        """How long it took: active time, or else the server's."""
        return self.server_ms if self.active_ms is None else self.active_ms


@dataclass(frozen=True, slots=True)
class KnownBadComparison:
    """One known-bad text beside the reference, as one rater saw both.

    ``gap`` is the reference minus the known-bad text: points of the scale, or for a pair from 1
    (the reference was preferred on every criterion) to -1. ``made_by`` says how it was spoilt.
    """

    gap: float
    made_by: str


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How one person went through one session, in the order of the items."""

    session_id: str
    rater_id: str
    items: tuple[ItemBehaviour, ...]
    known_bad: tuple[KnownBadComparison, ...] = ()

    @property
    def targets(self) -> tuple[ItemBehaviour, ...]:
        """The items that were not planted."""
        return tuple(item for item in self.items if item.control is None)

    def judged(self, kind: ControlKind) -> tuple[bool, ...]:
        """Whether each planted item of a kind was answered rightly, where that can be said."""
        return tuple(
            item.is_right
            for item in self.items
            if item.control is kind and item.is_right is not None
        )

    @property
    def comments(self) -> tuple[str, ...]:
        """What was written, without what was left blank."""
        return tuple(item.comment for item in self.items if item.comment.strip())


@dataclass(frozen=True, slots=True)
class Person:
    """Who gave a session, as far as can be told.

    ``identities`` are our id of the rater and the platform's of the person and the submission.
    ``order`` is the session's place among all of the study, by when it began. ``comments`` are as
    `plain_comment` gives them.
    """

    session_id: str
    rater_id: str
    order: int
    identities: frozenset[str]
    comments: frozenset[str]


@dataclass(frozen=True)
class Context:
    """What a session is seen against.

    Attributes:
        people: everybody who rated for the study, in all of its campaigns, by session id.
        scale_range: points from the worst to the best of the scale that was answered on.
    """

    people: Mapping[str, Person] = field(default_factory=dict)
    scale_range: int = 10

    @cached_property
    def by_identity(self) -> Mapping[str, Sequence[Person]]:
        """Who came with each of the platform's ids."""
        return _index(self.people.values(), lambda one: one.identities)

    @cached_property
    def by_comment(self) -> Mapping[str, Sequence[Person]]:
        """Who wrote each comment."""
        return _index(self.people.values(), lambda one: one.comments)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a rule saw. ``flagged`` is None where there is too little to say anything."""

    flagged: bool | None
    figures: Mapping[str, float]
    sentence: str


@dataclass(frozen=True, slots=True)
class Parameter:
    """A threshold that the researcher sets, with its unit in the title."""

    name: str
    title: str
    default: float
    minimum: float
    maximum: float
    step: float


Thresholds = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Rule:
    """One way of telling carelessness from behaviour.

    Attributes:
        name: names the rule in decisions; never changed.
        title: names it on pages.
        looks_at: one or two sentences for the researcher.
        figure: the figure that is drawn, and which ``threshold`` is compared with it.
        figure_title: what the figure is called on an axis, with its unit.
        threshold: the name of the parameter that is the line in the drawing.
        parameters: what the researcher can set.
        see: the rule itself.
    """

    name: str
    title: str
    looks_at: str
    figure: str
    figure_title: str
    threshold: str
    parameters: tuple[Parameter, ...]
    see: Callable[[Behaviour, Context, Thresholds], Evidence]

    def thresholds(self, chosen: Thresholds | None = None) -> dict[str, float]:
        """The chosen values, and the defaults of the others.

        Raises:
            InvalidInputError: a value is out of bounds, or the rule has no such parameter.
        """
        known = {one.name: one for one in self.parameters}
        values = {name: one.default for name, one in known.items()}
        for name, value in (chosen or {}).items():
            if name not in known:
                raise InvalidInputError(
                    f"The rule {self.name!r} has no threshold {name!r}; it has {', '.join(known)}."
                )
            bounds = known[name]
            if not bounds.minimum <= value <= bounds.maximum:
                raise InvalidInputError(
                    f"{value:g} is no threshold for “{bounds.title}”; "
                    f"choose {bounds.minimum:g} to {bounds.maximum:g}."
                )
            values[name] = value
        return values

    def evidence(
        self, behaviour: Behaviour, context: Context, chosen: Thresholds | None = None
    ) -> Evidence:
        """What the rule sees in a session.

        Raises:
            InvalidInputError: a chosen threshold cannot be taken.
        """
        return self.see(behaviour, context, self.thresholds(chosen))


def plain_comment(text: str) -> str:
    """A comment as it is compared with others: without case, with single spaces."""
    return " ".join(text.casefold().split())


def not_enough(found: int, needed: int, what: str) -> Evidence:
    """Too little to say anything."""
    return Evidence(None, {}, f"Not enough to say: {found} {what}, at least {needed} are needed.")


def share(part: int, whole: int) -> str:
    """A share in words."""
    return f"{part} of {whole} ({part / whole:.0%})"


def timing_note(items: Sequence[ItemBehaviour]) -> str:
    """Says for how many of the items the browser gave no active time."""
    without = sum(item.active_ms is None and item.server_ms is not None for item in items)
    if not without:
        return ""
    return f" Server times stand in for {without} of {len(items)} items without an active time."


def _index(
    people: Iterable[Person], keys: Callable[[Person], Iterable[str]]
) -> dict[str, list[Person]]:
    found: dict[str, list[Person]] = {}
    for one in people:
        for key in keys(one):
            found.setdefault(key, []).append(one)
    return found
