"""The plain text of the HTML descriptions that the original tool showed to raters."""

import re
from html.parser import HTMLParser

from core.exchange.storable import storable_part

_BLOCKS = frozenset(
    {"article", "br", "div", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p", "pre"}
    | {"section", "table", "td", "th", "tr", "ul"}
)
_UNSEEN = frozenset({"script", "style", "template", "title"})


def plain_text(html: str) -> str:
    """What a reader would see of the HTML, a line a block, without styles and scripts."""
    parser = _TextParser()
    try:
        parser.feed(html)
        parser.close()
    except AssertionError:
        # `html.parser` asserts on some malformed declarations ("<![x["); the text is still worth
        # keeping.
        parser.parts.append(re.sub(r"<[^>]*>?", " ", html))
    text = storable_part("".join(parser.parts))
    lines = (" ".join(line.split()) for line in text.splitlines())
    return "\n".join(line for line in lines if line)


class _TextParser(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._unseen_depth = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _UNSEEN:
            self._unseen_depth += 1
        elif tag in _BLOCKS:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in _UNSEEN:
            self._unseen_depth = max(0, self._unseen_depth - 1)
        elif tag in _BLOCKS:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._unseen_depth:
            self.parts.append(data)
