"""Language: 1 where the response is in the language that is wanted, otherwise 0.

Wanted is the language of the prompt, unless one is set. Languages are told by py3langid, a model of
some megabytes that comes with its package; ``raw`` is how sure it is that the response is in the
language that is wanted. Where it is not sure, or a text is too short, nothing is scored.
"""

import re
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from pydantic import Field

from core.judges.base import JudgedResponse, Options, Score, Unscored
from core.judges.checking import NOT_APPLICABLE, Check, quoted

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

_READ_CHARACTERS = 10_000
_SURE = 0.5
_FEWEST_BYTES = 20
"""Of letters in UTF-8, so that seven Chinese characters say as much as twenty Latin ones."""
_NO_LANGUAGE = "zxx"
_NO_PROSE = re.compile(
    r"```.*?(?:```|\Z)|`[^`\n]*`|https?://\S+|[\w.+-]{1,64}@\S{1,200}", re.DOTALL
)
_NEAR = {
    "pcm": "en", "an": "es", "ext": "es", "gcf": "fr", "nn": "no", "nb": "no", "bs": "hr",
    "sr": "hr", "ms": "id", "wuu": "zh", "yue": "zh", "ary": "ar", "arz": "ar",
}  # fmt: skip
"""Languages that the model tells from a near one on no more than a sentence's worth of words."""
_OTHER_LANGUAGE_NAMED = re.compile(
    r"\b(?:in|into|to|from)\s+(?:\w+\s+)?(?P<name>Arabic|Bengali|Bulgarian|Chinese|Croatian|Czech|"
    r"Danish|Dutch|English|Finnish|French|German|Greek|Hebrew|Hindi|Hungarian|Indonesian|Italian|"
    r"Japanese|Korean|Latin|Mandarin|Norwegian|Persian|Polish|Portuguese|Romanian|Russian|Spanish|"
    r"Swahili|Swedish|Thai|Turkish|Ukrainian|Urdu|Vietnamese)\b"
)


class LanguageOptions(Options):
    """Which language is wanted."""

    language: str | None = Field(
        default=None,
        pattern=r"^[a-z]{2,3}$",
        title="Language",
        description="As a code such as en or de. Unset: the language of the prompt.",
    )


@dataclass(frozen=True)
class Language(Check):
    """Whether the response is in the language of the prompt."""

    options: LanguageOptions = field(default_factory=LanguageOptions)
    name = "language"
    label = "Language"
    rules = 1

    def configuration(self) -> dict[str, Any]:
        """See `core.judges.base.Judge.configuration`."""
        return super().configuration() | {"py3langid": version("py3langid")}

    def check(self, response: JudgedResponse) -> Score | Unscored:
        """See `core.judges.checking.Check.check`."""
        wanted = self.options.language or _wanted_by(response.prompt)
        if isinstance(wanted, Unscored):
            return wanted
        found = _likely(response.text)
        if isinstance(found, Unscored):
            return found
        wanted = _NEAR.get(wanted, wanted)
        if wanted not in found:
            return Unscored(
                NOT_APPLICABLE, f"No language has the code {wanted!r}; set another, such as 'en'."
            )
        best, surest = max(found.items(), key=lambda one: one[1])
        if surest < _SURE:
            return Unscored(
                NOT_APPLICABLE,
                f"The response's language cannot be told; {best!r} is the best guess.",
            )
        is_wanted = best == wanted
        return Score(
            value=1.0 if is_wanted else 0.0,
            raw=found[wanted],
            reasoning=(
                f"It is in {wanted!r}, as wanted."
                if is_wanted
                else f"It is in {best!r} instead of {wanted!r}."
            ),
            details={"wanted": wanted, "found": best, "sure": surest},
        )


@lru_cache(maxsize=256)
def _wanted_by(prompt: str) -> str | Unscored:
    """The prompt's own language, unless it may want another."""
    named = _OTHER_LANGUAGE_NAMED.search(prompt)
    if named:
        return Unscored(
            NOT_APPLICABLE,
            f"The prompt says {quoted(named[0])}, so it may want another language than its own; "
            "set one in the options.",
        )
    found = _likely(prompt)
    if isinstance(found, Unscored):
        return Unscored(NOT_APPLICABLE, f"Of the prompt: {found.message}")
    best, surest = max(found.items(), key=lambda one: one[1])
    if surest < _SURE:
        return Unscored(
            NOT_APPLICABLE, "The language of the prompt cannot be told; set one in the options."
        )
    return best


def _likely(text: str) -> dict[str, float] | Unscored:
    """``language -> how likely``, of the prose at the beginning of the text."""
    prose = _NO_PROSE.sub(" ", text[:_READ_CHARACTERS])
    letters = "".join(filter(str.isalpha, prose))
    if len(letters.encode("utf-8", "replace")) < _FEWEST_BYTES:
        return Unscored(NOT_APPLICABLE, "The text is too short to tell its language.")
    likely: dict[str, float] = {}
    for code, share in _identifier().rank(prose):
        near = _NEAR.get(code, code)
        likely[near] = likely.get(near, 0.0) + share
    if max(likely, key=likely.__getitem__) == _NO_LANGUAGE:
        return Unscored(NOT_APPLICABLE, "The text is in no language.")
    return likely


@lru_cache(maxsize=1)
def _identifier() -> "LanguageIdentifier":
    # Loading the model takes a second and a hundred megabytes, which few processes need.
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


JUDGE = Language()
