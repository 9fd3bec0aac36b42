"""Every table can be taken away as CSV and as Parquet."""

import io
import re

import pandas as pd
import streamlit as st


def offer_downloads(frame: pd.DataFrame, name: str) -> None:
    """Two buttons that hand ``frame`` out under a file name made of ``name``."""
    stem = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    left, right, _ = st.columns([1, 1, 3])
    left.download_button(
        "CSV",
        frame.to_csv(index=False).encode(),
        f"{stem}.csv",
        "text/csv",
        key=f"csv_{stem}",
        on_click="ignore",
        icon=":material/download:",
    )
    parquet = io.BytesIO()
    frame.to_parquet(parquet, index=False)
    right.download_button(
        "Parquet",
        parquet.getvalue(),
        f"{stem}.parquet",
        key=f"parquet_{stem}",
        on_click="ignore",
        icon=":material/download:",
    )
