"""Length limit: how well the limits of words, characters and paragraphs are kept.

1 within a limit, ``maximum / count`` above it, ``count / minimum`` below it; of several limits the
one that is kept worst counts. ``raw`` is the count.
"""

from dataclasses import dataclass, field

from pydantic import Field

from core.judges.base import JudgedResponse, Options, Score, Unscored
from core.judges.checking import Check, counted
from core.judges.text.keeping import kept
from core.judges.text.limits import Limit, Unit, limits_of


class LengthLimitOptions(Options):
    """The limits, where they are not to be read from the prompt."""

    maximum_words: int | None = Field(
        default=None,
        ge=1,
        title="Most words",
        description="Unset: what the prompt asks for. Set: this instead of anything it asks for.",
    )
    maximum_characters: int | None = Field(
        default=None,
        ge=1,
        title="Most characters",
        description="Unset: what the prompt asks for. Set: this instead of anything it asks for.",
    )


@dataclass(frozen=True)
class LengthLimit(Check):
    """Whether the response keeps the limit of words or characters that the prompt asks for."""

    options: LengthLimitOptions = field(default_factory=LengthLimitOptions)
    name = "length_limit"
    label = "Length limit"
    rules = 1

    def check(self, response: JudgedResponse) -> Score | Unscored:
        """See `core.judges.checking.Check.check`."""
        set_ones = [
            Limit(unit, None, maximum, f"at most {counted(maximum, unit.value)}")
            for unit, maximum in (
                (Unit.WORDS, self.options.maximum_words),
                (Unit.CHARACTERS, self.options.maximum_characters),
            )
            if maximum is not None
        ]
        asked = [one for one in limits_of(response.prompt) if one.unit is not Unit.SENTENCES]
        return kept(response.text, set_ones or asked, "words, characters or paragraphs")


JUDGE = LengthLimit()
