"""Everything people answered, to take away one row a rating."""

import json
import re
from collections.abc import Callable, Mapping

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.exchange.ratings_columns import BATTLE_COLUMNS, FORMULA_NOTE, RATING_COLUMNS, codebook
from core.exchange.ratings_export import battles_frame, ratings_frame
from core.exchange.tables import TableFormat, table_bytes
from core.rating.campaigns import list_campaigns, names_are_locked
from core.studies.service import StudySummary
from db.engine import Database
from ui.store import database

_MIME = {
    TableFormat.CSV: "text/csv",
    TableFormat.JSONL: "application/jsonl",
    TableFormat.PARQUET: "application/vnd.apache.parquet",
}


def offer_ratings(study: StudySummary) -> None:
    """Buttons for the ratings, the comparisons, and the codebook that explains both.

    The files name the models, so there are none while a campaign's names are locked.
    """
    stem = re.sub(r"[^a-z0-9]+", "-", study.name.lower()).strip("-")
    st.subheader("Ratings, one a row")
    if any(names_are_locked(one.campaign) for one in list_campaigns(database(), study.id)):
        st.caption("They name the models; they can be taken away once the names are unlocked.")
        return
    st.caption(
        "Of all versions, and also of sessions that do not count, with the reason. Raters are "
        f"pseudonyms. {FORMULA_NOTE}"
    )
    row = st.container(horizontal=True)
    for table_format, label in (
        (TableFormat.CSV, "Ratings as CSV"),
        (TableFormat.PARQUET, "Ratings as Parquet"),
    ):
        _button(row, label, f"{stem}-ratings.{table_format}", _MIME[table_format],
                _file(ratings_frame, study.id, table_format))  # fmt: skip
    _button(row, "Comparisons as battles", f"{stem}-battles.jsonl", _MIME[TableFormat.JSONL],
            _file(battles_frame, study.id, TableFormat.JSONL))  # fmt: skip
    _button(row, "Codebook", f"{stem}-codebook.json", "application/json", _codebook)


def _button(
    row: DeltaGenerator,
    label: str,
    file_name: str,
    mime: str,
    content: Callable[[], bytes],
) -> None:
    row.download_button(
        label,
        content,
        file_name,
        mime,
        key=f"take_{label}",
        on_click="ignore",
        icon=":material/download:",
    )


def _file(
    frame_of: Callable[[Database, str], pd.DataFrame], study_id: str, table_format: TableFormat
) -> Callable[[], bytes]:
    """The file's content, made only when somebody takes it."""
    return lambda: table_bytes(frame_of(database(), study_id), table_format)


def _codebook() -> bytes:
    books: Mapping[str, object] = {
        "ratings": codebook(RATING_COLUMNS),
        "battles": codebook(BATTLE_COLUMNS),
    }
    return json.dumps(books, ensure_ascii=False, indent=2).encode()
