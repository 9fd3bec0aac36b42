"""Error text: 0 where the whole response is an error instead of an answer; a gate.

The rules are in `core.judges.text.errors`; ``raw`` is 1 for an error and 0 for an answer.
"""

from dataclasses import dataclass, field

from core.judges.base import JudgedResponse, Options, Score, Unscored
from core.judges.checking import Check, quoted
from core.judges.text.errors import error_in_place_of_answer


@dataclass(frozen=True)
class ErrorText(Check):
    """Whether the response is an answer and not the text of an error."""

    options: Options = field(default_factory=Options)
    name = "error_text"
    label = "Error text"
    rules = 1
    is_gate = True

    def check(self, response: JudgedResponse) -> Score | Unscored:
        """See `core.judges.checking.Check.check`."""
        kind = error_in_place_of_answer(response.text, response.prompt)
        if kind is None:
            return Score(value=1.0, raw=0.0, reasoning="It is no error text.")
        return Score(
            value=0.0,
            raw=1.0,
            reasoning=f"It is {kind}: {quoted(response.text)}.",
            details={"kind": kind},
        )


JUDGE = ErrorText()
