"""Every table can be taken away as CSV and as Parquet."""

import io
import re
from collections.abc import Callable

import pandas as pd
import streamlit as st


def offer_downloads(frame: pd.DataFrame | Callable[[], pd.DataFrame], name: str) -> None:
    """Two buttons that hand a table out under a file name made of ``name``.

    A large table is given as a function, which is called only when somebody takes the file.
    """
    stem = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")

    def whole() -> pd.DataFrame:
        return frame() if callable(frame) else frame

    def as_csv() -> bytes:
        return whole().to_csv(index=False).encode()

    def as_parquet() -> bytes:
        file = io.BytesIO()
        whole().to_parquet(file, index=False)
        return file.getvalue()

    row = st.container(horizontal=True)
    row.download_button(
        "CSV",
        as_csv,
        f"{stem}.csv",
        "text/csv",
        key=f"csv_{stem}",
        on_click="ignore",
        icon=":material/download:",
    )
    row.download_button(
        "Parquet",
        as_parquet,
        f"{stem}.parquet",
        key=f"parquet_{stem}",
        on_click="ignore",
        icon=":material/download:",
    )
