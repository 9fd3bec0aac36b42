"""Find the fenced parts of a judge's prompt: the response to rate, the task, a reference.

Everyone fences differently, so several ways are tried: tags (`<response>`), begin and end lines,
titled fences, headings, a JSON object, and labels such as `Response:`.
"""

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Role(StrEnum):
    """What a block is for a judge."""

    RESPONSE = "response"
    REFERENCE = "reference"
    TASK = "task"


@dataclass(frozen=True)
class Block:
    """One fenced part; `label` is the number or letter of a numbered response."""

    role: Role
    label: str | None
    body: str


@dataclass(frozen=True)
class Case:
    """What a judge is asked to judge."""

    responses: tuple[Block, ...]
    reference: str | None
    task: str
    """Empty where a response is only compared with a reference."""

    @property
    def rated(self) -> Block:
        """The response to rate: the last one given."""
        return self.responses[-1]

    @property
    def labelled(self) -> dict[str, Block]:
        """The numbered responses by label; positions from 1 serve where labels are missing."""
        found = {block.label: block for block in self.responses if block.label}
        if len(found) >= 2:
            return found
        return {str(place): block for place, block in enumerate(self.responses, start=1)}


# Prompts end the names of their tags in something that nobody can guess.
_NONCE = re.compile(r"-[0-9a-f]{4,}$")
_EXAMPLE = re.compile(r"example", re.IGNORECASE)
_REFERENCE = re.compile(r"reference|gold|ideal|expected|original", re.IGNORECASE)
_RESPONSE = re.compile(
    r"response|answer|output|candidate|completion|assistant|target", re.IGNORECASE
)
_ROLE_WORD = (
    r"(?:task|prompt|question|request|instruction|context|input|reference|ideal|gold|expected|"
    r"response|answer|output|candidate|completion|assistant)"
)
_LABEL = re.compile(r"(?<![A-Za-z0-9.])(\d{1,2}|[A-Z])(?![A-Za-z0-9.])|[_-]([a-z])\b")
_GLUED_NUMBER = re.compile(r"[A-Za-z](\d{1,2})\b")
# "Between <response> and </response>" only mentions the tag.
_MENTION = re.compile(r"\W*(?:and|or|to)?\W*", re.IGNORECASE)
_TAG = re.compile(r"<(?P<end>/?)(?P<name>[A-Za-z][\w:.-]*)(?P<more>[^<>]*)>")
_BEGIN_END = re.compile(
    r"^\W*(?:the )?(?:begin|start)(?:ning)?(?: of)?(?: the)?\b[ :_-]*(?P<name>[^\n\]]*?)\W*$\n"
    r"(?P<body>.*?)^\W*(?:the )?end\b[^\n]*$",
    re.DOTALL | re.MULTILINE | re.IGNORECASE,
)
_FENCE = re.compile(
    r"^(?P<name>[^\n]{0,80})\n[ \t]*(?P<fence>`{3,}|~{3,}|\"{3,}|-{3,}|={3,}|\*{3,})[^\n]*\n"
    r"(?P<body>.*?)\n[ \t]*(?P=fence)",
    re.DOTALL | re.MULTILINE,
)
_HEADING = re.compile(
    rf"^(?:#{{1,6}}|\*\*|={{2,}}|-{{2,}})[ ]*(?P<name>[^\n]*{_ROLE_WORD}[^\n]*)\n"
    r"(?P<body>.*?)(?=^(?:#{1,6} |\*\*|==|--)|\Z)",
    re.DOTALL | re.MULTILINE | re.IGNORECASE,
)
_LABELLED = re.compile(
    rf"^(?P<name>(?:the )?(?:\w+ )?{_ROLE_WORD}(?: to (?:rate|judge))?[ ]*(?:\d{{1,2}}|[A-Z])?)"
    r"[ ]*:"
    rf"(?P<body>.*?)(?=^(?:the )?(?:\w+ )?{_ROLE_WORD}[^\n:]{{0,20}}:|\Z)",
    re.DOTALL | re.MULTILINE | re.IGNORECASE,
)


def find_case(texts: Iterable[str]) -> Case | None:
    """Find what is to be judged in the messages of a request, newest first; None if nothing is."""
    for text in texts:
        for way in _WAYS:
            blocks = way(text)
            if any(block.role is Role.RESPONSE for block in blocks):
                return _case(blocks, text)
    return None


def outside_blocks(text: str) -> str:
    """Give a prompt without what stands between tags: the instructions to the judge."""
    kept: list[str] = []
    place = 0
    for tagged in _outermost(_tagged(text)):
        kept.append(text[place : tagged.start])
        place = tagged.end
    return " ".join([*kept, text[place:]])


def _case(blocks: list[Block], text: str) -> Case:
    responses = [block for block in blocks if block.role is Role.RESPONSE]
    if any(block.label for block in responses):
        # An unlabelled one beside numbered ones is a mention of the tag in the instructions.
        responses = [block for block in responses if block.label]
    references = [block.body for block in blocks if block.role is Role.REFERENCE]
    tasks = [block.body for block in blocks if block.role is Role.TASK]
    # Beside a reference the task may be left out: the two are compared by themselves.
    task = "\n".join(tasks) if tasks or references else _without(text, blocks)
    return Case(tuple(responses), references[-1] if references else None, task)


def _without(text: str, blocks: Iterable[Block]) -> str:
    for block in blocks:
        text = text.replace(block.body, " ")
    return text


def _block(name: str, body: str, more: str = "") -> Block:
    name = _NONCE.sub("", name)
    if _REFERENCE.search(name):
        role = Role.REFERENCE
    else:
        role = Role.RESPONSE if _RESPONSE.search(name) else Role.TASK
    match = _LABEL.search(more) or _LABEL.search(name) or _GLUED_NUMBER.search(name)
    label = next((group for group in match.groups() if group), None) if match else None
    return Block(role, label.upper() if label else None, body.strip())


def _from_pattern(pattern: re.Pattern[str]) -> Callable[[str], list[Block]]:
    def find(text: str) -> list[Block]:
        found = (match.groupdict() for match in pattern.finditer(text))
        blocks = [_block(one["name"], one["body"], one.get("more") or "") for one in found]
        return [block for block in blocks if not _MENTION.fullmatch(block.body)]

    return find


@dataclass(frozen=True)
class _Tagged:
    """A block between tags, and where it stands with its tags."""

    start: int
    end: int
    block: Block
    is_example: bool

    def holds(self, other: "_Tagged") -> bool:
        return self.start < other.start and other.end < self.end


def _from_tags(text: str) -> list[Block]:
    """Find blocks between tags; of nested ones the outer, unless the response is further in.

    What was judged before and is shown as an example is not to be judged again.
    """
    tagged = _tagged(text)
    examples = [one for one in tagged if one.is_example]
    found = [
        one
        for one in tagged
        if not one.is_example and not any(example.holds(one) for example in examples)
    ]
    outer = _outermost(found)
    if any(one.block.role is Role.RESPONSE for one in outer):
        return [one.block for one in outer]
    return [one.block for one in found if not any(one.holds(other) for other in found)]


def _tagged(text: str) -> list[_Tagged]:
    """Pair every closing tag with the last opening one of its name, in one pass."""
    opened: dict[str, re.Match[str]] = {}
    found: list[_Tagged] = []
    for tag in _TAG.finditer(text):
        name = tag["name"]
        if not tag["end"]:
            opened[name] = tag
        elif start := opened.pop(name, None):
            body = text[start.end() : tag.start()]
            if "\n" not in body and _MENTION.fullmatch(body):
                continue
            block = _block(name, body, start["more"])
            is_example = _EXAMPLE.match(name) is not None
            found.append(_Tagged(start.start(), tag.end(), block, is_example))
    return sorted(found, key=lambda one: one.start)


def _outermost(found: list[_Tagged]) -> list[_Tagged]:
    outer: list[_Tagged] = []
    for one in found:
        if not outer or outer[-1].end <= one.start:
            outer.append(one)
    return outer


def _from_json(text: str) -> list[Block]:
    start, end = text.find("{"), text.rfind("}")
    try:
        content: Any = json.loads(text[start : end + 1]) if 0 <= start < end else None
    except ValueError:
        return []
    if not isinstance(content, dict):
        return []
    blocks: list[Block] = []
    for name, value in content.items():
        if isinstance(value, str):
            blocks.append(_block(str(name), value))
        elif isinstance(value, list) and all(isinstance(one, str) for one in value):
            blocks += [_block(f"{name} {place}", one) for place, one in enumerate(value, start=1)]
    return blocks


_WAYS: tuple[Callable[[str], list[Block]], ...] = (
    _from_tags,
    _from_pattern(_BEGIN_END),
    _from_pattern(_FENCE),
    _from_pattern(_HEADING),
    _from_json,
    _from_pattern(_LABELLED),
)
