"""Every line of a file is read, and what is wrong with one is said in a sentence."""

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.judging import lines as module
from core.judging.lines import Line, read_lines

GOOD = {"id": "a", "prompt": "Greet Sam", "response": "Morning, Sam!"}


def read(content: bytes) -> list[Line]:
    return list(read_lines(io.BytesIO(content)))


def one(**changes: object) -> Line:
    [line] = read(json.dumps({**GOOD, **changes}).encode())
    return line


def test_a_line_is_read_with_all_that_it_may_hold() -> None:
    line = one(references=["Hi"], facts={"name": "Sam"}, model="passed over")
    assert line.problem is None
    assert line.given is not None
    assert (line.given.id, line.given.references) == ("a", ["Hi"])
    assert line.given.facts == {"name": "Sam"}


def test_ids_may_be_whole_numbers() -> None:
    assert one(id=7).id == 7


def test_empty_lines_and_a_byte_order_mark_are_passed_over() -> None:
    content = json.dumps(GOOD).encode()
    found = read(b"\xef\xbb\xbf" + content + b"\r\n\n  \n" + content)
    assert [line.number for line in found] == [1, 4]
    assert all(line.given for line in found)
    assert found[-1].bytes_read == 3 + 2 * len(content) + 6


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"not json", "Line 1 is no JSON (Expecting value: line 1 column 1 (char 0)); "),
        (b"[1, 2]", "Line 1 is no JSON object; "),
        (b"\xff\xfe{}", "Line 1 is not in UTF-8; "),
        (b"[" * 100_000, "Line 1 is no JSON "),
        (b"1" * 5_000, "Line 1 is no JSON "),
        (b'{"prompt": "p", "response": "r"}', "Line 1: id is missing; add it."),
        (b'{"id": "a", "prompt": "p"}', "Line 1: response is missing; add it."),
    ],
)
def test_what_is_no_line_is_told(content: bytes, told: str) -> None:
    [line] = read(content)
    assert line.given is None
    assert str(line.problem).startswith(told)


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("id", True, "id is True, but must be a text or a whole number."),
        ("id", None, "id is None, but must be a text or a whole number."),
        ("response", None, "response is None, but must be a text."),
        ("response", 7, "response is 7, but must be a text."),
        ("prompt", ["p"], "prompt is ['p'], but must be a text."),
        ("references", "one", "references is 'one', but must be a list of texts."),
        ("references", [1], "references is 1, but must be a list of texts."),
        ("facts", {"name": 1}, "facts is 1, but must be an object of texts."),
    ],
)
def test_a_value_of_another_type_is_told(field: str, value: object, told: str) -> None:
    line = one(**{field: value})
    assert line.problem == f"Line 1: {told}"
    assert line.id == (None if field == "id" else "a")


@pytest.mark.parametrize("text", ["a\0b", "\ud800"])
def test_what_no_text_may_hold_is_told(text: str) -> None:
    assert "Line 1 holds a NUL character" in str(one(response=text).problem)
    assert one(id=text).id is None


def test_a_line_that_is_too_long_is_told_and_the_next_is_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "LONGEST_LINE_BYTES", 100)
    content = json.dumps(GOOD).encode()
    first, second = read(b"x" * 1_000 + b"\n" + content + b"\n")
    assert "is longer than" in str(first.problem)
    assert (second.number, second.id) == (2, "a")
    assert second.bytes_read == 1_001 + len(content) + 1


@given(st.binary(max_size=300))
def test_no_bytes_stop_the_reading(content: bytes) -> None:
    for line in read(content):
        assert (line.given is None) != (line.problem is None)
