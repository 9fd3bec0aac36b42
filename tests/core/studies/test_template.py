"""Prompt templates: every placeholder is filled, and nothing else is touched."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InvalidInputError
from core.studies.template import check_values, placeholders, render

names = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}", fullmatch=True)
plain = st.text(alphabet=st.characters(exclude_characters="{}"), max_size=20)
spaces = st.sampled_from(["", " ", "\n", "\t "])


@st.composite
def parts(draw: st.DrawFn) -> list[tuple[str, str, str]]:
    """Plain text, a placeholder's name, and the placeholder as it is written."""
    drawn = draw(st.lists(st.tuples(plain, names, spaces, spaces), min_size=1, max_size=6))
    return [(text, name, f"{{{{{before}{name}{after}}}}}") for text, name, before, after in drawn]


@given(parts(), plain, st.data())
def test_every_placeholder_is_filled_and_values_are_not_parsed_again(
    drawn: list[tuple[str, str, str]], tail: str, data: st.DataObject
) -> None:
    template = "".join(text + written for text, _, written in drawn) + tail
    wanted = list(dict.fromkeys(name for _, name, _ in drawn))
    # Values may hold braces, even whole placeholders of the same template.
    value = st.one_of(st.text(max_size=20), st.sampled_from([f"{{{{{name}}}}}" for name in wanted]))
    values = {name: data.draw(value) for name in wanted}
    check_values(template, values, "a case")
    assert placeholders(template) == tuple(wanted)
    assert (
        render(template, values) == "".join(text + values[name] for text, name, _ in drawn) + tail
    )


def test_a_template_without_placeholders_is_its_own_rendering() -> None:
    assert placeholders("Say {hello} }to me{.") == ()
    assert render("Say {hello} }to me{.", {}) == "Say {hello} }to me{."


def test_single_braces_around_a_placeholder_stay() -> None:
    assert placeholders("}{{a}}}") == ("a",)
    assert render("}{{a}}}", {"a": "1"}) == "}1}"


@pytest.mark.parametrize("template", ["", " \n\t"])
def test_an_empty_template_is_refused(template: str) -> None:
    with pytest.raises(InvalidInputError, match=r"^The prompt template is empty; write the prompt"):
        placeholders(template)


@pytest.mark.parametrize("inside", ["", " ", "two words", "1st", "a-b", "{a", "a.b", "größe"])
def test_a_malformed_placeholder_is_named(inside: str) -> None:
    with pytest.raises(InvalidInputError) as raised:
        placeholders(f"Do {{{{{inside}}}}} now.")
    assert str(raised.value).startswith(f"The placeholder {{{{{inside}}}}} is malformed;")


@pytest.mark.parametrize("template", ["{{tasks", "tasks}}", "{{a}} and {{b", "{{a}} and b}}"])
def test_braces_without_a_partner_are_refused(template: str) -> None:
    with pytest.raises(InvalidInputError, match="without its partner; close or remove it"):
        placeholders(template)


def test_a_missing_value_is_named_with_its_case() -> None:
    with pytest.raises(InvalidInputError, match=r"'Monday' gives no value for \{\{tasks\}\}; add"):
        check_values("{{name}}: {{tasks}}", {"name": "Ann"}, "Monday")


def test_a_value_that_no_placeholder_takes_is_named_with_its_case() -> None:
    with pytest.raises(InvalidInputError, match="'Monday' has a value for 'mood', which the templ"):
        check_values("{{name}}", {"name": "Ann", "mood": "good"}, "Monday")


def test_rendering_without_a_value_is_an_error_and_no_gap() -> None:
    with pytest.raises(KeyError):
        render("{{name}}", {})
