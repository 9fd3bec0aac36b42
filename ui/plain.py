"""Sentences that quote what people typed, shown as they are."""

import re

_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+\-.!|$<>:~])")


def plain(text: object) -> str:
    """``text`` with everything escaped that Streamlit would read as Markdown."""
    return _MARKDOWN.sub(r"\\\1", str(text))
