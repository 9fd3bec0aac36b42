"""Put a judge's findings into the form it is asked for: a JSON schema, or words."""

import json
import random
import re
from collections.abc import Mapping, Sequence
from typing import Any

from sandbox.blocks import Case, outside_blocks
from sandbox.judge import Manner, best_label, explain, explain_choice, score
from sandbox.schema import bounds_of, fill, properties_of, type_of

_CHOICE_NAME = re.compile(
    r"choice|chosen|best|winner|select|pick|prefer|index|rank|number|verdict", re.IGNORECASE
)
_TIE_NAME = re.compile(r"^(tie|equal|both|neither|draw|same)", re.IGNORECASE)
_RATE = re.compile(
    r"\b(rat(?:e|ing)|scor(?:e|ing)|grad(?:e|ing)|judg(?:e|ing)|evaluat)", re.IGNORECASE
)
_SELECT = re.compile(r"\b(best|better|choose|select|pick|prefer)", re.IGNORECASE)
_SCALE = re.compile(
    r"(?P<low>\d+)\s*(?:to|-|\u2013|and|through)\s*(?P<high>\d+)|out of (?P<out>\d+)|"
    r"scale of (?P<of>\d+)\b",
    re.IGNORECASE,
)
_KEY = re.compile(r"[\"'`](\w{2,30})[\"'`]\s*:")
_BARE = r"(?:number|score|digit|rating|letter)"
_ONLY = re.compile(
    rf"\b(?:only|just|nothing but)\b[^.\n]*\b{_BARE}|\b{_BARE}(?: \w+)? (?:only|alone)\b",
    re.IGNORECASE,
)
_BARELY = re.compile(r"\b(?:no|without)(?: any| a)? (?:reason|explan|comment)", re.IGNORECASE)
_TIE_WORD = re.compile(r"\btie\b", re.IGNORECASE)
_DOUBLE_BRACKETS = re.compile(r"\[\[")
_LAST_LINE = re.compile(
    r"^\W*(score|rating|grade|best|choice|verdict|winner)\s*:", re.IGNORECASE | re.MULTILINE
)
_REASON_KEY = re.compile(r"reason|explan|rationale|comment|why|feedback|thought", re.IGNORECASE)
_REFUSALS = (
    "I'm sorry, but I can't rate this response.",
    "I am not able to give an assessment without more information.",
    "As an assistant I would rather not compare the work of others.",
)
_PROSE = (
    "I find this a rather good response overall, although it could be more specific.",
    "The response is decent and mostly on topic. Some points are missing, but the tone fits.",
    "This is hard to say. There are strengths and there are weaknesses in what was written.",
)


class Verdict:
    """One judge's values for one case, leaf by leaf of whatever form is asked for."""

    def __init__(
        self, case: Case, manner: Manner, chance: random.Random, *, may_tie: bool = False
    ) -> None:
        self._case = case
        self._manner = manner
        self._chance = chance
        self._label = "1"
        if self.chooses:
            self._label = best_label(case, manner, chance, may_tie=may_tie)
        self._points = score(case, manner, chance)
        self._numbers = 0

    def number(self, name: str, low: float, high: float) -> float:
        """Give the chosen response's number, or the score on that scale."""
        if self.chooses and _CHOICE_NAME.search(name):
            return float(self._label) if self._label.isdigit() else float(ord(self._label[0]) - 64)
        self._numbers += 1
        # A second criterion is rated a little differently from the first.
        wobble = self._chance.gauss(0, self._manner.noise / 2) if self._numbers > 1 else 0.0
        points = min(10.0, max(0.0, self._points + wobble))
        return low + (high - low) * points / 10

    def choice(self, name: str, options: Sequence[Any]) -> Any:
        """Choose the best response's option, or the option that lies at the score."""
        if not self.chooses:
            return self._graded(options)
        tie = next((one for one in options if _TIE_NAME.match(str(one))), None)
        if tie is not None and self._label == "tie":
            return tie
        for option in options:
            label = re.findall(r"\d+|\b[A-Za-z]\b", str(option).replace("_", " "))
            if label and label[-1].upper() in self._label_names():
                return option
        return self._chance.choice(options)

    def text(self, name: str) -> str:
        """Explain the verdict, or name the chosen response."""
        if self.chooses:
            if _CHOICE_NAME.search(name) and not _REASON_KEY.search(name):
                return self._label
            return explain_choice(self._case, self._label, self._chance)
        return explain(self._case, self._chance)

    def truth(self, name: str) -> bool:
        """Say yes when the response got more than half of the points."""
        return self._points > 5

    @property
    def labels(self) -> list[str]:
        """The labels of the responses to choose from."""
        return list(self._case.labelled)

    @property
    def chooses(self) -> bool:
        """Whether there are several responses to choose from."""
        return len(self._case.responses) > 1

    def _label_names(self) -> set[str]:
        """The label, and its number or letter twin: A for 1, 2 for B."""
        if self._label.isdigit():
            return {self._label, chr(64 + int(self._label))}
        return {self._label, str(ord(self._label[0]) - 64)}

    def _graded(self, options: Sequence[Any]) -> Any:
        numbers = [one for one in options if re.fullmatch(r"-?\d+(\.\d+)?", str(one))]
        if len(numbers) < len(options):
            return options[min(len(options) - 1, int((10 - self._points) / 10 * len(options)))]
        low, high = min(map(float, numbers)), max(map(float, numbers))
        wanted = low + (high - low) * self._points / 10
        return min(numbers, key=lambda one: abs(float(one) - wanted))


def asks_for_judgment(instructions: str, schema: Mapping[str, Any] | None, case: Case) -> bool:
    """Tell whether a request with fenced responses wants them judged."""
    if schema and (properties := properties_of(schema)):
        return any(
            type_of(part) in ("number", "integer", "boolean") or "enum" in part
            for part in properties.values()
        ) or any(_CHOICE_NAME.search(name) for name in properties)
    around = outside_blocks(instructions)
    if len(case.responses) > 1 and _SELECT.search(around):
        return True
    return bool(_RATE.search(around) and (_SCALE.search(around) or _DOUBLE_BRACKETS.search(around)))


def may_tie(instructions: str, schema: Mapping[str, Any] | None) -> bool:
    """Tell whether a tie is among the answers that are asked for."""
    if not schema:
        return _TIE_WORD.search(outside_blocks(instructions)) is not None
    options = [one for part in properties_of(schema).values() for one in part.get("enum", ())]
    return any(_TIE_NAME.match(str(one)) for one in options)


def stated_scale(instructions: str, schema: Mapping[str, Any] | None) -> tuple[float, float]:
    """Give the ends of the scale: of the schema's first number, or as the prompt states it."""
    for part in properties_of(schema).values() if schema else ():
        if type_of(part) in ("integer", "number"):
            return bounds_of(part, whole=True)
    return _scale(outside_blocks(instructions))


def reply(
    verdict: Verdict, instructions: str, schema: Mapping[str, Any] | None, *, wants_json: bool
) -> str:
    """Answer in the schema, in the JSON keys the prompt names, or in words."""
    if schema:
        return json.dumps(fill(schema, verdict), ensure_ascii=False)
    around = outside_blocks(instructions)
    keys = list(dict.fromkeys(_KEY.findall(around)))
    if wants_json or (keys and re.search(r"\bjson\b", around, re.IGNORECASE)):
        low, high = _scale(around)
        named = {
            key: _schema_for(key, low, high, verdict) for key in keys or ("reasoning", "score")
        }
        return json.dumps(
            fill({"type": "object", "properties": named}, verdict), ensure_ascii=False
        )
    return _in_words(verdict, around)


def bad_reply(good: str, high: float, chance: random.Random) -> str:
    """Spoil a judge's reply: prose, a refusal, a number off the scale, or JSON cut short."""
    way = chance.choice(("prose", "refusal", "off the scale", "cut short"))
    if way == "prose":
        return chance.choice(_PROSE)
    if way == "refusal":
        return chance.choice(_REFUSALS)
    numbers = list(re.finditer(r"-?\d+(?:\.\d+)?(?=\W*$)|(?<=: )-?\d+(?:\.\d+)?", good))
    if way == "off the scale" and numbers:
        last = numbers[-1]
        return f"{good[: last.start()]}{int(high) + chance.randint(1, 90)}{good[last.end() :]}"
    return good[: max(1, int(len(good) * chance.uniform(0.4, 0.8)))]


def top_of_scale(instructions: str, schema: Mapping[str, Any] | None) -> float:
    """Give the highest number the judge may answer; at least 10."""
    stated = [part.get("maximum") for part in properties_of(schema).values()] if schema else []
    numbers = [float(one) for one in stated if isinstance(one, (int, float))]
    return max([10.0, _scale(outside_blocks(instructions))[1], *numbers])


def _scale(text: str) -> tuple[float, float]:
    for match in _SCALE.finditer(text):
        if match["low"] and int(match["low"]) < int(match["high"]) <= 100:
            return float(match["low"]), float(match["high"])
        if match["out"] or match["of"]:
            return 0.0, float(match["out"] or match["of"])
    return 0.0, 10.0


def _schema_for(key: str, low: float, high: float, verdict: Verdict) -> dict[str, Any]:
    if _REASON_KEY.search(key):
        return {"type": "string"}
    if verdict.chooses and _CHOICE_NAME.search(key):
        numbered = all(label.isdigit() for label in verdict.labels)
        labels: list[Any] = [int(label) if numbered else label for label in verdict.labels]
        return {"enum": [*labels, "tie"]}
    return {"type": "integer", "minimum": low, "maximum": high}


def _in_words(verdict: Verdict, around: str) -> str:
    low, high = _scale(around)
    answer = (
        verdict.text("choice") if verdict.chooses else str(round(verdict.number("", low, high)))
    )
    line = _LAST_LINE.search(around)
    if line and _BARELY.search(around):
        return f"{line[1].capitalize()}: {answer}"
    if _ONLY.search(around):
        return answer
    reasons = verdict.text("reasoning")
    if _DOUBLE_BRACKETS.search(around):
        return f"{reasons} {'Verdict' if verdict.chooses else 'Rating'}: [[{answer}]]"
    if line:
        return f"{reasons}\n{line[1].capitalize()}: {answer}"
    if verdict.chooses:
        return f"Response {answer} is the best. {reasons}"
    return f"{reasons}\nRating: {answer}/{high:.0f}"
