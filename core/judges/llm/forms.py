"""The form that a reply must have: how it is asked for, and how it is read.

Reading is strict. A reply is one JSON object with exactly the asked keys, or a text with one last
line; whatever else there is (prose around it, another key, two answers, a broken object) is refused
and never guessed at. A block of Markdown around the one object is let through, since it says the
same. Replies are read by a JSON parser and never evaluated.
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from core.exchange.storable import is_storable
from core.judges.base import UnparsableReplyError
from core.judges.llm.options import Output
from core.providers.base import ChatReply

REASONING = "reasoning"
TIE = "tie"
_BLOCK = "```"
_LONGEST_QUOTE = 80


@dataclass(frozen=True, slots=True)
class Read:
    """What a reply says: ``answer`` as it stands there, at ``place`` in the text."""

    answer: object
    reasoning: str | None
    place: int | None


@dataclass(frozen=True, slots=True)
class Form:
    """One form of reply.

    ``key`` names the answer, ``wanted`` says in words what it may be and ``schema_of_answer`` the
    same as a JSON schema; ``reasoning_length`` is ``None`` where no reasons are wanted.
    """

    output: Output
    key: str
    wanted: str
    schema_of_answer: dict[str, Any]
    reasoning_length: str | None

    @property
    def text(self) -> str:
        """How to reply, for the prompt."""
        if self.output is Output.TEXT:
            return self._as_last_line()
        answer = f'"{self.key}": {self.wanted}'
        if self.reasoning_length is None:
            return (
                f"Answer without any reasoning, with one JSON object and nothing around it: "
                f"{{{answer}}}"
            )
        return (
            f"First think it through in {self.reasoning_length}, then answer, all in one JSON "
            f'object with nothing around it: {{"{REASONING}": "your reasoning", {answer}}}'
        )

    @property
    def schema(self) -> dict[str, Any] | None:
        """The JSON schema of the reply, where one is asked for; the reasoning comes first."""
        if self.output is not Output.SCHEMA:
            return None
        properties = {self.key: self.schema_of_answer}
        if self.reasoning_length is not None:
            properties = {REASONING: {"type": "string"}, **properties}
        return {
            "type": "object",
            "properties": properties,
            "required": list(properties),
            "additionalProperties": False,
        }

    def read(self, reply: ChatReply) -> Read:
        """The answer and the reasoning in a reply.

        Raises:
            UnparsableReplyError: it has another form, or is not whole.
        """
        text = reply.text
        if reply.finish_reason == "length":
            # What is left may still look whole: "Score: 1" of "Score: 10".
            raise unparsable(text, "was cut off by the limit of tokens, which may be too low")
        return self._read_last_line(text) if self.output is Output.TEXT else self._read_object(text)

    def _as_last_line(self) -> str:
        name = self.key.capitalize()
        line = f"in exactly this form, x being {self.wanted}:\n{name}: x"
        if self.reasoning_length is None:
            return f"Answer without any reasoning, with one line {line}"
        return f"First write down your reasoning in {self.reasoning_length}. End with a line {line}"

    def _read_object(self, text: str) -> Read:
        try:
            document = json.loads(
                _unwrapped(text),
                object_pairs_hook=_without_twins,
                parse_constant=_refuse_constant,
            )
        except (ValueError, RecursionError) as error:  # the latter: brackets thousands deep
            raise unparsable(text, "is not one JSON object") from error
        expected = {self.key} if self.reasoning_length is None else {REASONING, self.key}
        if not isinstance(document, dict) or set(document) != expected:
            named = " and ".join(f'"{one}"' for one in sorted(expected))
            raise unparsable(text, f"is not an object with {named} and nothing else")
        place = re.search(rf'"{self.key}"\s*:\s*', text)
        return Read(
            document[self.key],
            self._reasons(text, document.get(REASONING)),
            place.end() if place else None,
        )

    def _read_last_line(self, text: str) -> Read:
        last = re.search(rf"(?i)(?:\A|\n)[ \t]*{self.key}:[ \t]*(?P<answer>\S+)\s*\Z", text)
        if last is None:
            raise unparsable(text, f'does not end with a line "{self.key.capitalize()}: ..."')
        answer = last["answer"]
        if any(said != answer for said in self._answers_said(text)):
            raise unparsable(text, f"names more than one {self.key}")
        before = text[: last.start()]
        if self.reasoning_length is None and before.strip():
            raise unparsable(text, "holds more than the line that was asked for")
        number = int(answer) if re.fullmatch(r"-?(?:0|[1-9][0-9]{0,8})", answer) else answer
        return Read(number, self._reasons(text, before.strip()), last.start("answer"))

    def _answers_said(self, text: str) -> Iterator[str]:
        """What each line says that is worded like an answer, however decorated.

        Whatever stands behind the bare key counts. Behind other words, as in "Final score: 3", only
        a number or a single word does: "What lowers the score: it is long" is a reason.
        """
        pattern = re.compile(
            rf"(?i)[\W_]*(?P<before>(?:\w+[^\w:]+){{0,3}}){self.key}"
            r"[^\w:(\[]*(?:[(\[][^)\]]*[)\]])?(?:[^\w:]|_)*:(?P<said>.*)"
        )
        for line in text.splitlines():  # as people see lines: \r and U+2028 end one too
            found = pattern.match(line)
            if found is None:
                continue
            said = found["said"].strip()
            if not found["before"] or re.match(r"\W*(?:\d|\w+\W*\Z)", said):
                yield said

    def _reasons(self, text: str, reasoning: object) -> str | None:
        if self.reasoning_length is None:
            return None
        # A score for which only blanks speak is unexplained.
        if not isinstance(reasoning, str) or not reasoning.strip():
            raise unparsable(text, "gives no reasoning")
        if not is_storable(reasoning):
            raise unparsable(text, "holds characters that cannot be stored")
        return reasoning


def score_form(output: Output, minimum: int, maximum: int, reasoning_length: str | None) -> Form:
    """The form of a reply with a score on a scale of whole numbers."""
    schema = {"type": "integer", "minimum": minimum, "maximum": maximum}
    wanted = f"a whole number from {minimum} to {maximum}"
    return Form(output, "score", wanted, schema, reasoning_length)


def choice_form(
    output: Output, labels: Sequence[str], reasoning_length: str | None, *, may_tie: bool = False
) -> Form:
    """The form of a reply that names one of several responses by its label."""
    options = [*labels, *([TIE] if may_tie else [])]
    schema = {"type": "string", "enum": options}
    quoted = options if output is Output.TEXT else [f'"{one}"' for one in options]
    wanted = f"one of {', '.join(quoted)}"
    return Form(output, "choice", wanted, schema, reasoning_length)


def whole_number(answer: object, minimum: int, maximum: int, reply: str) -> int:
    """A score of the scale; 7.0 is 7, as it is to a JSON schema, and 7.5 is refused.

    Raises:
        UnparsableReplyError: it is none.
    """
    # Python's true is 1, and a text that holds a number is not one.
    is_number = isinstance(answer, int | float) and not isinstance(answer, bool)
    if is_number and answer in range(minimum, maximum + 1):
        return int(answer)  # type: ignore[call-overload, no-any-return]  # a number, by the above
    raise unparsable(reply, f"gives no whole number from {minimum} to {maximum} as its score")


def chosen(
    answer: object, labels: Sequence[str], reply: str, *, may_tie: bool = False
) -> int | None:
    """The position of the response that was named; ``None`` for a tie, where that may be said.

    A label that is a number may be given as one.

    Raises:
        UnparsableReplyError: nothing that was shown has that label.
    """
    said = str(answer) if isinstance(answer, int) and not isinstance(answer, bool) else answer
    if may_tie and said == TIE:
        return None
    if said in labels:
        return labels.index(str(said))
    raise unparsable(reply, f"chooses none of {', '.join(labels)}")


def unparsable(reply: str, what: str) -> UnparsableReplyError:
    """The refusal of a reply, which is quoted in it."""
    short = reply if len(reply) <= _LONGEST_QUOTE else f"{reply[:_LONGEST_QUOTE]}\u2026"
    return UnparsableReplyError(f"The judge's reply {what}: {short!r}; retry to ask again.")


def _unwrapped(text: str) -> str:
    """What stands in the one block of Markdown that the text is, or else the text."""
    stripped = text.strip()
    kind, newline, rest = stripped.removeprefix(_BLOCK).partition("\n")
    is_block = stripped.startswith(_BLOCK) and bool(newline) and rest.endswith(_BLOCK)
    if is_block and kind.strip() in ("", "json"):
        return rest.removesuffix(_BLOCK)
    return text


def _without_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) < len(pairs):
        raise ValueError("a key occurs twice")
    return document


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")
