"""Every table can be taken away as CSV and as Parquet."""

import re
from collections.abc import Callable
from functools import partial

import pandas as pd
import streamlit as st

from core.exchange.tables import TableFormat, table_bytes


def offer_downloads(frame: pd.DataFrame | Callable[[], pd.DataFrame], name: str) -> None:
    """Two buttons that hand a table out under a file name made of ``name``.

    A large table is given as a function, which is called only when somebody takes the file.
    """
    stem = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")

    def written(table_format: TableFormat) -> bytes:
        return table_bytes(frame() if callable(frame) else frame, table_format)

    row = st.container(horizontal=True)
    row.download_button(
        "CSV",
        partial(written, TableFormat.CSV),
        f"{stem}.csv",
        "text/csv",
        key=f"csv_{stem}",
        on_click="ignore",
        icon=":material/download:",
    )
    row.download_button(
        "Parquet",
        partial(written, TableFormat.PARQUET),
        f"{stem}.parquet",
        key=f"parquet_{stem}",
        on_click="ignore",
        icon=":material/download:",
    )
