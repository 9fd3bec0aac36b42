"""Test cases come from CSV files and JSON lines, and go back the same."""

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.errors import InvalidInputError
from core.studies.cases import cases_as_csv, read_cases
from core.studies.definition import NAME_COLUMN, Case

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
case_names = texts.map(str.strip).filter(bool)
placeholder_names = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}", fullmatch=True).filter(
    lambda name: name != NAME_COLUMN
)


@st.composite
def tables(draw: st.DrawFn) -> tuple[Case, ...]:
    columns = draw(st.lists(placeholder_names, max_size=4, unique=True))
    names = draw(st.lists(case_names, min_size=1, max_size=4))
    return tuple(Case(name, {column: draw(texts) for column in columns}) for name in names)


@given(tables())
@example((Case("a", {"x": "one\rtwo"}),))
@example((Case("a", {"x": 'quotes "here", and\r\nlines'}), Case("b", {"x": ""})))
def test_what_is_written_as_csv_is_read_back_the_same(cases: tuple[Case, ...]) -> None:
    assert read_cases("cases.csv", cases_as_csv(cases).encode()) == cases


@given(tables())
def test_json_lines_are_read_the_same_with_and_without_escapes(cases: tuple[Case, ...]) -> None:
    rows = [{NAME_COLUMN: case.name, **case.values} for case in cases]
    for escaped in (True, False):
        lines = "\n".join(json.dumps(row, ensure_ascii=escaped) for row in rows)
        assert read_cases("cases.jsonl", lines.encode()) == cases


def test_the_header_names_the_placeholders_and_case_the_test_case() -> None:
    content = b"case, name ,tasks\nMonday,Ann,slides\n,Ben,laptops\n"
    assert read_cases("cases.csv", content) == (
        Case("Monday", {"name": "Ann", "tasks": "slides"}),
        Case("Ben", {"name": "Ben", "tasks": "laptops"}),
    )


def test_without_a_case_column_its_first_words_name_a_case_wherever_it_stands() -> None:
    cases = read_cases("cases.csv", b"name,tasks\nAnn,slides\nBen,laptops\nAnn,budget\n,\n")
    assert [case.name for case in cases] == ["Ann", "Ben", "Ann (3)", "case 4"]
    longer = read_cases("cases.csv", b"name,tasks\nZoe,talk\nAnn,slides\nBen,laptops\n")
    assert longer[1:] == cases[:2]


def test_a_file_from_a_spreadsheet_is_read() -> None:
    content = '\ufeffcase;x,tasks\r\nMonday,"slides, ""big"" ones\nand small"\r\n'.encode()
    [case] = read_cases("Cases.CSV", content)
    assert case.values["tasks"] == 'slides, "big" ones\nand small'


def test_blank_lines_are_no_test_cases() -> None:
    assert len(read_cases("cases.csv", b"name\n\nAnn\n\n")) == 1
    assert len(read_cases("cases.NDJSON", b'\n{"name": "Ann"}\r\n  \n')) == 1


def test_a_line_separator_inside_a_json_text_does_not_end_its_line() -> None:
    [case] = read_cases("cases.jsonl", '{"name": "a\u2028b\x85c"}'.encode())
    assert case.values == {"name": "a\u2028b\x85c"}


def refused(file_name: str, content: bytes) -> str:
    with pytest.raises(InvalidInputError) as raised:
        read_cases(file_name, content)
    return str(raised.value)


@pytest.mark.parametrize("row", [b"Ann\n", b"Ann,slides,more\n"])
def test_a_row_that_does_not_fit_the_header_is_named_by_its_line(row: bytes) -> None:
    assert refused("cases.csv", b"name,tasks\nEve,none\n" + row) == (
        "Line 3 of cases.csv has not as many cells as the header; "
        "put text with commas in double quotes."
    )


def test_a_stray_quote_is_named_by_its_line() -> None:
    sentence = refused("cases.csv", b'name\n"Ann" Lee\n')
    assert sentence.startswith("Line 2 of cases.csv is not valid CSV (")
    assert sentence.endswith("); check its quotes.")


def test_a_quote_that_is_never_closed_is_named() -> None:
    assert "is not valid CSV" in refused("cases.csv", b'name\n"Ann\n')


def test_two_columns_of_one_name_are_refused_and_lose_nothing() -> None:
    assert refused("cases.csv", b"name, name\nAnn,Ben\n") == (
        "cases.csv has two columns 'name'; remove one."
    )


@pytest.mark.parametrize("file_name", ["cases.csv", "cases.jsonl"])
def test_a_file_that_is_not_utf_8_is_refused(file_name: str) -> None:
    assert refused(file_name, "größe\nklein".encode("latin-1")) == (
        f"{file_name} is not UTF-8 text; save it as UTF-8."
    )


@pytest.mark.parametrize(
    ("file_name", "content"),
    [("cases.csv", b""), ("cases.csv", b"name,tasks\n"), ("cases.jsonl", b" \n")],
)
def test_a_file_without_a_test_case_is_refused(file_name: str, content: bytes) -> None:
    assert refused(file_name, content) == (
        f"{file_name} holds no test case; add a row below the header."
    )


def test_a_line_that_is_no_json_is_named() -> None:
    assert refused("cases.jsonl", b'{"name": "Ann"}\n{"name": \n') == (
        "Line 2 of cases.jsonl is not valid JSON; write one object a line."
    )


@pytest.mark.parametrize("line", [b"[1]", b'"Ann"', b'{"name": 7}', b'{"name": null}'])
def test_a_line_that_is_no_object_of_texts_is_named(line: bytes) -> None:
    assert refused("cases.jsonl", line) == (
        "Line 1 of cases.jsonl must be an object whose values are texts."
    )


def test_no_cases_give_a_table_with_a_header_alone() -> None:
    assert cases_as_csv(()) == "case\n"
