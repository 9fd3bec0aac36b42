"""Responses that tell which model wrote them: a judge that reads them is not blind.

A name counts wherever it stands if it is the model's own or one that means nothing else, such as
"ChatGPT". Makers and names that are words besides ("Claude", "Meta") count where the response
speaks of itself: "I am …", "as …", "developed by …". Also another model's name counts there, since
a judge that is told a name is not blind, true or not. Raters' texts are searched by the same rule
for names (`core.rating.blindness`).
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from core.rating.blindness import model_named_in
from core.studies.service import newest_content
from db.engine import Database
from db.repositories.responses import Responses

_PLAIN_NAMES = re.compile(
    r"\b(?:ChatGPT|GPT-?[345][\w.]*|OpenAI|Anthropic|Mistral AI|Mixtral|DeepSeek|Qwen\d?|StableLM|"
    r"Alibaba Cloud|Google DeepMind|Hugging ?Face|WizardLM|EleutherAI)\b",
    re.IGNORECASE,
)
_WORDS_TOO = (
    r"(?P<name>Claude|Gemini|Gemma|Bard|L[Ll]a[Mm][Aa](?:[ -]?\d[\w.]*)?|Alpaca|Vicuna|Falcon|Orca|"
    r"Phi|Mistral|Zephyr|Dolly|Dolphin|Nous|Hermes|Yi|Grok|Copilot|Cohere|Command R|Meta(?: AI)?|"
    r"Google|Microsoft|Alibaba|xAI|Stability AI|LMSYS|Databricks|"
    r"Technology Innovation Institute)\b"
)
_OF_ITSELF = re.compile(
    rf"(?i:\b(?:I am|I['\u2019]m|my name is|call me)\s+(?:an? )?(?:\w+ ){{0,3}}?){_WORDS_TOO}"
    rf"|(?i:\bas (?:an? (?:AI )?(?:\w+ ){{0,3}}?)?){_WORDS_TOO.replace('name', 'as_name')}\s*,"
    rf"|(?i:\b(?:I|me|model|assistant|AI|LLM)\b[^.!?\n]{{0,60}}?\b(?:developed|created|made|trained|"
    rf"built|designed|released) (?:and \w+ )?(?:by|at)\s+){_WORDS_TOO.replace('name', 'made_by')}"
)


@dataclass(frozen=True, slots=True)
class NamingResponse:
    """A response that tells of its writer, and the names in it."""

    response_id: str
    test_case: str
    model: str
    names: tuple[str, ...]


def named_models(text: str, model: str) -> tuple[str, ...]:
    """The names by which a response tells which model or maker it is from, each once.

    Args:
        text: the response.
        model: the model that wrote it, as ``provider/model``.
    """
    found = [model_named_in(text, (model,))]
    found += [match[0] for match in _PLAIN_NAMES.finditer(text)]
    for match in _OF_ITSELF.finditer(text):
        found += [match["name"], match["as_name"], match["made_by"]]
    by_key = {name.casefold(): name for name in reversed(found) if name}
    return tuple(reversed(by_key.values()))


def naming_responses(
    responses: Iterable[tuple[str, str, str, str]],
) -> list[NamingResponse]:
    """Those of the responses that name a model; each is given by id, test case, model and text."""
    return [
        NamingResponse(response_id, test_case, model, names)
        for response_id, test_case, model, text in responses
        if (names := named_models(text, model))
    ]


def responses_that_name_models(database: Database, study_id: str) -> list[NamingResponse]:
    """The responses of a study's newest version that tell a judge who wrote them.

    Raises:
        NotFoundError: there is no such study.
    """
    with database.read() as session:
        content = newest_content(session, study_id)
        return naming_responses(
            (one.response.id, one.test_case.name, one.candidate.model, one.response.text or "")
            for one in Responses(session).usable(content)
        )
