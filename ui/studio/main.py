"""The staff's pages: which there are, who is signed in, which study is looked at."""

from pathlib import Path

import streamlit as st

from core.errors import SlamError
from ui.studio.session import choose_study, require_staff

# Not "pages": Streamlit would take a folder of that name for its older kind of multipage app.
VIEWS = Path(__file__).parent / "views"


def main() -> None:
    """Build the navigation and run the page that was asked for."""
    st.set_page_config(page_title="SLaM studio", layout="wide")
    name = require_staff()
    work = [
        st.Page(VIEWS / "study.py", title="Study", icon=":material/edit_note:", default=True),
        st.Page(VIEWS / "responses.py", title="Responses", icon=":material/smart_toy:"),
        st.Page(VIEWS / "campaigns.py", title="Rating", icon=":material/group:"),
        st.Page(VIEWS / "judges.py", title="Judges", icon=":material/gavel:"),
        st.Page(VIEWS / "imports.py", title="Import", icon=":material/upload_file:"),
    ]
    # Every file in the folder is a page of results; its name is its title.
    results = [
        st.Page(path, title=path.stem.replace("_", " ").capitalize(), icon=":material/bar_chart:")
        for path in sorted((VIEWS / "results").glob("[a-z]*.py"))
    ]
    page = st.navigation({"Work": work, "Results": results})
    with st.sidebar:
        choose_study()
    try:
        page.run()
    except SlamError as error:
        st.error(str(error))
    with st.sidebar:
        st.divider()
        st.caption(f"Signed in as {name}")
        st.link_button("Sign out", "/sign-out", width="stretch")


main()
