"""How Ollama names models: ``[host/][namespace/]name[:tag]``, and ``hf.co/owner/repository:quant``.

Source: https://github.com/ollama/ollama/blob/main/types/model/name.go.
"""

import re

from core.errors import InvalidInputError

_PART = r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}"
_HOST = r"[A-Za-z0-9_][A-Za-z0-9_.-]*(?::\d{1,5})?"
_NAME = re.compile(rf"(?:(?:{_HOST}/)?{_PART}/)?{_PART}(?::{_PART})?")
_HUGGING_FACE = ("hf.co/", "huggingface.co/")


def parse_ollama_name(text: str) -> str:
    """A model's name as Ollama takes it, without the ``ollama/`` that SLaM puts before it.

    Raises:
        InvalidInputError: the text has another form.
    """
    name = text.strip().removeprefix("ollama/")
    of_hugging_face = name.lower().startswith(_HUGGING_FACE)
    if not _NAME.fullmatch(name) or (of_hugging_face and name.count("/") != 2) or len(name) > 290:
        raise InvalidInputError(
            f"{text.strip()[:80]!r} is no name of a model that Ollama can fetch; write name:tag, "
            "for example mistral:7b-instruct, or hf.co/owner/repository:quant."
        )
    return name


def with_tag(name: str) -> str:
    """The name as Ollama lists it: without a tag it means the tag ``latest``."""
    return name if ":" in name.rpartition("/")[2] else f"{name}:latest"
