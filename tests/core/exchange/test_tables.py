"""Tables written as files say the same in each format, and nothing a spreadsheet would run."""

import io
import json
from datetime import UTC, datetime, timedelta, timezone

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.exchange.tables import TableFormat, table_bytes


def frame(*texts: str | None) -> pd.DataFrame:
    moment = datetime(2024, 3, 20, 9, 14, 39, 5000, timezone(timedelta(hours=2))).astimezone(UTC)
    rows: list[dict[str, object]] = [
        {"text": text, "ms": None, "at": moment, "flag": True} for text in texts
    ]
    rows.append({"text": "last", "ms": 12, "at": None, "flag": None})
    return pd.DataFrame(rows).astype(
        {"text": "string", "ms": "Int64", "at": "datetime64[us, UTC]", "flag": "boolean"}
    )


def test_csv_has_moments_with_offset_whole_numbers_and_empty_cells() -> None:
    assert table_bytes(frame("a,b"), TableFormat.CSV).decode().splitlines() == [
        "text,ms,at,flag",
        '"a,b",,2024-03-20T07:14:39.005+00:00,True',
        "last,12,,",
    ]


def test_json_lines_have_nulls() -> None:
    lines = table_bytes(frame("ü\n"), TableFormat.JSONL).decode().splitlines()
    assert [json.loads(line) for line in lines] == [
        {"text": "ü\n", "ms": None, "at": "2024-03-20T07:14:39.005+00:00", "flag": True},
        {"text": "last", "ms": 12, "at": None, "flag": None},
    ]


def test_parquet_keeps_the_types() -> None:
    content = table_bytes(frame("=1+1"), TableFormat.PARQUET)
    read = pd.read_parquet(io.BytesIO(content))
    assert read["text"].tolist() == ["=1+1", "last"]
    assert str(read["ms"].dtype) == "Int64"
    assert str(read["at"].dtype.tz) == "UTC"  # type: ignore[union-attr]  # a zoned dtype


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_a_formula_is_defused_in_csv_and_nowhere_else(start: str) -> None:
    text = f"{start}HYPERLINK(A1)"
    read = pd.read_csv(io.BytesIO(table_bytes(frame(text), TableFormat.CSV)))
    assert read["text"][0] == f"'{text}"
    line = table_bytes(frame(text), TableFormat.JSONL).decode().splitlines()[0]
    assert json.loads(line)["text"] == text


@given(st.text(st.characters(codec="utf-8"), max_size=30))
def test_any_text_survives_json_lines(text: str) -> None:
    lines = table_bytes(frame(text), TableFormat.JSONL).decode().split("\n")
    assert json.loads(lines[0])["text"] == text
    assert len(lines) == 3
