"""Repetition: how much of the response only says again what it said before.

Two shares are taken: of the runs of words, those that occurred before, and the same of the
sentences of three words or more; ``raw`` is the larger share and the score is what it leaves of 1.
A response that is shorter than two runs of words repeats nothing by this measure.
"""

from dataclasses import dataclass, field

from pydantic import Field

from core.judges.base import JudgedResponse, Options, Score, Unscored
from core.judges.checking import Check
from core.judges.text.wording import sentences, tokens

_SHORTEST_SENTENCE = 3


class RepetitionOptions(Options):
    """What counts as a repetition."""

    run_length: int = Field(
        default=4,
        ge=2,
        le=20,
        title="Words in a run",
        description="How many words in a row must occur again to count as repeated.",
    )


@dataclass(frozen=True)
class Repetition(Check):
    """Whether the response goes round in circles."""

    options: RepetitionOptions = field(default_factory=RepetitionOptions)
    name = "repetition"
    label = "Repetition"
    rules = 1

    def check(self, response: JudgedResponse) -> Score | Unscored:
        """See `core.judges.checking.Check.check`."""
        runs = _share_repeated(_runs(tokens(response.text), self.options.run_length))
        said = [" ".join(words) for words in map(tokens, sentences(response.text))]
        long_ones = [one for one in said if one.count(" ") >= _SHORTEST_SENTENCE - 1]
        whole = _share_repeated(long_ones)
        share = max(runs, whole)
        return Score(
            value=1 - share,
            raw=share,
            reasoning=(
                f"{runs:.0%} of its runs of {self.options.run_length} words and {whole:.0%} of its "
                "sentences occurred before."
            ),
            details={"repeated_runs": runs, "repeated_sentences": whole},
        )


def _runs(words: list[str], length: int) -> list[tuple[str, ...]]:
    if len(words) < 2 * length:
        return []
    return list(zip(*(words[start:] for start in range(length)), strict=False))


def _share_repeated(items: list[str] | list[tuple[str, ...]]) -> float:
    return 1 - len(set(items)) / len(items) if items else 0.0


JUDGE = Repetition()
