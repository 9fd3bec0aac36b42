"""Refusal: 0 where the response begins by declining to answer, otherwise 1; no gate.

It is read from the first sentences, in English. A refusal is a real answer and can be the right
one: people rate it as they find it, so it is scored and not gated.
"""

import re
from dataclasses import dataclass, field

from core.judges.base import JudgedResponse, Options, Score, Unscored
from core.judges.checking import Check, quoted
from core.judges.text.wording import sentences

_OPENING_SENTENCES = 3
_OPENING_CHARACTERS = 1_000
_DOING = (
    r"(?:help|assist|provide|comply|fulfil?l?|answer|create|generate|write|produce|discuss|respond|"
    r"support|engage|continue|complete|perform|do (?:that|this|so|it)|share|give|offer|process|"
    r"participate|satisfy|access|browse)"
)
_CANNOT = (
    r"(?:(?:can(?:not|['\u2019]?t| not)|won['\u2019]?t|will not|could(?: not|n['\u2019]t)|"
    r"am not (?:able|allowed|permitted|comfortable)(?: to)?|"
    r"['\u2019]m not (?:able|allowed|permitted)(?: to)?|"
    r"am unable to|['\u2019]m unable to|unable to|must decline to|have to decline to|"
    r"do(?: not|n['\u2019]t) (?:have the ability to|feel comfortable))"
    r"(?: be able to| directly| actually| really| simply| ethically| in good conscience)?)"
)
_REFUSALS = re.compile(
    rf"\b(?:I|we)\s*{_CANNOT}\s+{_DOING}\b(?!\s+(?:but|you enough|enough))"
    rf"|\b(?:I|we) (?:must|have to|need to|will have to) (?:respectfully )?(?:decline|refuse)\b"
    rf"|\bI (?:respectfully )?decline to\b"
    r"|\bAs an? (?:AI|artificial intelligence|language model|large language model)\b[^.!?\n]{0,80}?"
    r"\b(?:can(?:not|['\u2019]?t| not)|unable to|not able to|do(?: not|n['\u2019]t) have)\b"
    rf"|\A\W*(?:I['\u2019]m |I am )?(?:very |really |so |truly )?(?:sorry|apologi[sz]e)\b[^.!?\n]"
    rf"{{0,80}}?\b{_CANNOT}\s+{_DOING}\b"
    r"|\b(?:this|that|your) (?:request|prompt|content)\b[^.!?\n]{0,40}?"
    r"\b(?:violates|goes against|is against|is not something I can)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Refusal(Check):
    """Whether the response answers instead of declining to."""

    options: Options = field(default_factory=Options)
    name = "refusal"
    label = "Refusal"
    rules = 1

    def check(self, response: JudgedResponse) -> Score | Unscored:
        """See `core.judges.checking.Check.check`."""
        opening = sentences(response.text[:_OPENING_CHARACTERS])[:_OPENING_SENTENCES]
        declining = [one for one in opening if _REFUSALS.search(one)]
        if not declining:
            return Score(value=1.0, raw=0.0, reasoning="It does not begin by declining.")
        return Score(
            value=0.0,
            raw=float(len(declining)),
            reasoning=f"It begins by declining: {quoted(declining[0])}.",
            details={"sentences": declining},
        )


JUDGE = Refusal()
