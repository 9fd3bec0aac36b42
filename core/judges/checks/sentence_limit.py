"""Sentence limit: how well the limit of sentences is kept.

1 within the limit, ``maximum / count`` above it, ``count / minimum`` below it; of several limits
the one that is kept worst counts. ``raw`` is the count, by the rules of `core.judges.text.wording`.
"""

from dataclasses import dataclass, field

from pydantic import Field

from core.judges.base import JudgedResponse, Options, Score, Unscored
from core.judges.checking import Check, counted
from core.judges.text.keeping import kept
from core.judges.text.limits import Limit, Unit, limits_of


class SentenceLimitOptions(Options):
    """The limit, where it is not to be read from the prompt."""

    maximum_sentences: int | None = Field(
        default=None,
        ge=1,
        title="Most sentences",
        description="Unset: what the prompt asks for. Set: this instead of anything it asks for.",
    )


@dataclass(frozen=True)
class SentenceLimit(Check):
    """Whether the response keeps the limit of sentences that the prompt asks for."""

    options: SentenceLimitOptions = field(default_factory=SentenceLimitOptions)
    name = "sentence_limit"
    label = "Sentence limit"
    rules = 1

    def check(self, response: JudgedResponse) -> Score | Unscored:
        """See `core.judges.checking.Check.check`."""
        maximum = self.options.maximum_sentences
        if maximum is not None:
            asked = f"at most {counted(maximum, Unit.SENTENCES.value)}"
            return kept(response.text, [Limit(Unit.SENTENCES, None, maximum, asked)], "sentences")
        limits = [one for one in limits_of(response.prompt) if one.unit is Unit.SENTENCES]
        return kept(response.text, limits, "sentences")


JUDGE = SentenceLimit()
