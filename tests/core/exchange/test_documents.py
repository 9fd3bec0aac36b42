from typing import Annotated

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field, TypeAdapter

from core.errors import InvalidInputError
from core.exchange.documents import Prompt, StorableText, stem_of, validated
from tests.core.exchange.samples import as_zip, complaint, documents


def test_json_with_a_byte_order_mark_is_read() -> None:
    assert documents("x.json", b"\xef\xbb\xbf[1]").documents == {"x.json": [1]}


def test_json_cut_in_half_says_where() -> None:
    with pytest.raises(InvalidInputError, match=r"x\.json is cut off .* at line 2, column 4"):
        documents("x.json", b'{"a": 1,\n"b"')


def test_a_file_that_is_neither_zip_nor_json_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="neither a zip archive nor"):
        documents("x.doc", b"\xd0\xcf\x11\xe0")


def test_text_that_is_not_utf8_says_at_which_byte() -> None:
    with pytest.raises(InvalidInputError, match="not UTF-8 text at byte 3"):
        documents("x.json", b'["\xff"]')


def test_a_broken_file_inside_an_archive_is_named_with_its_archive() -> None:
    with pytest.raises(InvalidInputError, match=r"data/a\.json in x\.zip is cut off"):
        documents("x.zip", as_zip({"data/a.json": b"["}))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"[" * 100_000, "nests"),
        (b"[" + b"1" * 5_000 + b"]", "thousands of digits"),
        (b'{"a": 1, "a": 2}', "the key 'a' twice"),
    ],
)
def test_json_that_python_cannot_take_or_would_shorten_is_refused(
    content: bytes, said: str
) -> None:
    with pytest.raises(InvalidInputError, match=said):
        documents("x.json", content)


def test_numbers_that_are_none_become_null() -> None:
    assert documents("x.json", b"[NaN, -Infinity]").documents["x.json"] == [None, None]


@pytest.mark.parametrize(
    ("shape", "document", "said"),
    [
        (TypeAdapter(dict[str, list[str]]), {"a": ["b", 3]}, r"x\.json: a\[1\] must be text"),
        (TypeAdapter(dict[str, int]), [], "the document must be an object"),
        (TypeAdapter(list[int]), {}, "the document must be a list"),
        (TypeAdapter(list[StorableText]), ["a\0"], r"\[0\] must hold no NUL"),
        (TypeAdapter(list[Prompt]), ["  "], r"\[0\] must not be blank"),
        (TypeAdapter(dict[Annotated[str, Field(max_length=2)], int]), {"abc": 1}, "the key"),
        (TypeAdapter(list[Annotated[str, Field(max_length=2)]]), ["abc"], "longer than 2 char"),
        (TypeAdapter(list[Annotated[str, Field(min_length=1)]]), [""], "must not be empty"),
        (TypeAdapter(list[bool]), ["x"], "should be a valid boolean"),
    ],
)
def test_a_wrong_type_is_named_with_its_place(
    shape: TypeAdapter[object], document: object, said: str
) -> None:
    with pytest.raises(InvalidInputError, match=said):
        validated(shape, document, "x.json")


def test_a_long_or_unprintable_key_is_shown_short_and_escaped() -> None:
    with pytest.raises(InvalidInputError) as caught:
        validated(TypeAdapter(dict[str, int]), {"\0" + "k" * 500: "x"}, "x.json")
    assert len(str(caught.value)) < 300
    assert "\0" not in str(caught.value)


def test_a_stem_is_the_name_without_its_ending() -> None:
    assert [stem_of(one) for one in ("data/a.b.json", "x.ZIP", ".json", "plain")] == [
        "a.b",
        "x",
        ".json",
        "plain",
    ]


@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_but_one_sentence(content: bytes) -> None:
    said = complaint(lambda: documents("x.json", content))
    assert said is None or "x.json" in said
