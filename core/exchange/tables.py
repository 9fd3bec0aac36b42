"""A frame as a file: CSV that no spreadsheet runs, JSON Lines, or Parquet."""

import io
import json
from enum import StrEnum

import pandas as pd

_RUNNING = ("=", "+", "-", "@", "\t", "\r")


class TableFormat(StrEnum):
    """What a table is written as; the value is the file's ending."""

    CSV = "csv"
    JSONL = "jsonl"
    PARQUET = "parquet"


def table_bytes(frame: pd.DataFrame, table_format: TableFormat) -> bytes:
    """The whole file.

    Moments are ISO-8601 with milliseconds and offset in CSV and JSON Lines. In CSV a text that a
    spreadsheet would run as a formula has an apostrophe before it.
    """
    if table_format is TableFormat.PARQUET:
        file = io.BytesIO()
        frame.to_parquet(file, index=False)
        return file.getvalue()
    written = _with_written_moments(frame)
    if table_format is TableFormat.CSV:
        # RFC 4180; with another line ending a lone carriage return would not be put in quotes.
        return _without_formulas(written).to_csv(index=False, lineterminator="\r\n").encode()
    lines = (
        json.dumps(
            {name: None if pd.isna(value) else value for name, value in row.items()},
            ensure_ascii=False,
        )
        for row in written.astype(object).to_dict("records")
    )
    return "".join(f"{line}\n" for line in lines).encode()


def _with_written_moments(frame: pd.DataFrame) -> pd.DataFrame:
    written = frame.copy()
    for name in map(str, frame.select_dtypes("datetimetz").columns):
        written[name] = frame[name].map(_iso, na_action="ignore").astype("string")
    return written


def _iso(moment: pd.Timestamp) -> str:
    return moment.isoformat(timespec="milliseconds")


def _without_formulas(frame: pd.DataFrame) -> pd.DataFrame:
    harmless = frame.copy()
    for name in map(str, frame.select_dtypes(["string", "object"]).columns):
        harmless[name] = frame[name].map(_harmless, na_action="ignore")
    return harmless


def _harmless(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(_RUNNING) else value
