"""Import the original tool's files."""

import streamlit as st

from core.errors import SlamError
from core.exchange.original import import_bytes
from core.exchange.report import ImportReport
from ui.plain import plain
from ui.store import database
from ui.studio.session import require_staff, show_study


def page() -> None:
    """Draw the page."""
    actor = require_staff()
    st.title("Import")
    st.write(
        "Takes the original tool's files: data sources, configured evaluations, raters' results, "
        "and the older lists of responses or comparisons, as `.zip` or `.json`."
    )
    with st.form("import", clear_on_submit=True):
        upload = st.file_uploader("File", type=["zip", "json"], key="import_file")
        name = st.text_input(
            "Study name (needed for results: the study whose configuration was imported)",
            key="import_study",
        )
        sent = st.form_submit_button("Import", type="primary", key="import_button")
    if sent and upload is None:
        st.error("Choose a file first.")
    elif sent and upload is not None:
        _take(upload.name, upload.getvalue(), name.strip() or None, actor)
    if report := st.session_state.get("import_report"):
        _show(report)


def _take(file_name: str, content: bytes, study_name: str | None, actor: str) -> None:
    st.session_state.pop("import_report", None)
    try:
        with st.spinner("Reading and storing…"):
            report = import_bytes(
                database(), file_name, content, study_name=study_name, actor=actor
            )
    except SlamError as error:
        st.error(plain(error))
        return
    st.session_state["import_report"] = report
    show_study(report.study)
    st.rerun()


def _show(report: ImportReport) -> None:
    st.success(plain(f"“{report.study}” is imported ({report.layout})."))
    columns = st.columns(len(report.taken) or 1)
    for column, (kind, count) in zip(columns, report.taken.items(), strict=False):
        column.metric(kind.replace("_", " "), count)
    if report.unmatched:
        st.warning(f"{report.unmatched} things match nothing in the study and were left:")
    for reason in report.reasons:
        st.write(f"- {plain(reason)}")
    for note in report.notes:
        st.caption(plain(note))


page()
