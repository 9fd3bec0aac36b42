"""The staff's pages: which there are, who is signed in, which study is looked at."""

from pathlib import Path

import streamlit as st

from core.errors import SlamError
from core.judges.registry import use_folder
from ui.plain import plain
from ui.store import settings
from ui.studio.access import SIGN_OUT_PATH
from ui.studio.session import choose_study, require_staff

# Not "pages": Streamlit would take a folder of that name for its older kind of multipage app.
VIEWS = Path(__file__).parent / "views"

ICON = Path(__file__).parent / "icon.svg"


def main() -> None:
    """Build the navigation and run the page that was asked for."""
    # Without an icon of its own, a page would fetch that of its link from a font server.
    st.set_page_config(page_title="SLaM studio", page_icon=ICON, layout="wide")
    name = require_staff()
    folder = settings().judges_folder
    use_folder(settings().judges_path, must_exist=folder is not None)
    work = [
        st.Page(VIEWS / "study.py", title="Study", icon=":material/edit_note:", default=True),
        st.Page(VIEWS / "models.py", title="Models", icon=":material/memory:"),
        st.Page(VIEWS / "responses.py", title="Responses", icon=":material/smart_toy:"),
        st.Page(VIEWS / "campaigns.py", title="Rating", icon=":material/group:"),
        st.Page(VIEWS / "monitor.py", title="Monitor", icon=":material/monitoring:"),
        st.Page(VIEWS / "screening.py", title="Screening", icon=":material/filter_alt:"),
        st.Page(VIEWS / "judges.py", title="Judges", icon=":material/gavel:"),
        st.Page(VIEWS / "prices.py", title="Prices", icon=":material/payments:"),
        st.Page(VIEWS / "imports.py", title="Import", icon=":material/upload_file:"),
        st.Page(VIEWS / "hosting.py", title="Hosting", icon=":material/cloud:"),
    ]
    # Every file in the folder is a page of results; its name is its title.
    results = [
        st.Page(path, title=path.stem.replace("_", " ").capitalize(), icon=":material/bar_chart:")
        for path in sorted((VIEWS / "results").glob("[a-z]*.py"))
    ]
    page = st.navigation({"Work": work, "Results": results}, expanded=True)
    with st.sidebar:
        choose_study()
    try:
        page.run()
    except SlamError as error:
        st.error(plain(error))
    with st.sidebar:
        st.divider()
        st.caption(f"Signed in as {name}")
        # A plain link stays in this tab; Streamlit's own would leave the pages open behind it.
        st.html(f'<a href="{SIGN_OUT_PATH}">Sign out</a>')


main()
