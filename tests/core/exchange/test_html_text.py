from hypothesis import example, given
from hypothesis import strategies as st

from core.exchange.html_text import plain_text
from core.exchange.storable import is_storable


def test_tags_styles_and_scripts_are_stripped() -> None:
    html = "<div><p>One&nbsp;&amp; two</p><p>three</p></div><style>p {}</style><script>x</script>"
    assert plain_text(html) == "One & two\nthree"


def test_plain_text_stays_as_it_is() -> None:
    assert plain_text("a < b and so on") == "a < b and so on"


def test_the_text_after_a_stray_end_of_a_style_is_kept() -> None:
    assert plain_text("</style>seen") == "seen"


@given(st.text())
@example("<![x[ text")
@example("<!DOCTYPE [")
def test_no_html_is_too_broken(html: str) -> None:
    assert is_storable(plain_text(html))


def test_a_malformed_declaration_keeps_the_text() -> None:
    assert "words" in plain_text("<![x[ > words")
