"""What to mind before judging: plug-ins that are broken, responses that name their own model."""

import streamlit as st

from core.judges.registry import problems
from core.judging.blinding import NamingResponse, responses_that_name_models
from ui.plain import plain
from ui.store import database
from ui.studio.judges.place import Place


def show_broken() -> None:
    """Say which judges of one's own could not be taken, and why."""
    for sentence in problems():
        st.warning(plain(sentence))


def show_names(place: Place) -> None:
    """Warn of responses that name a model: who reads one knows who wrote it."""
    found = _naming(place.study.id, place.study.version_id, place.responses)
    if not found:
        return
    said = "1 response names" if len(found) == 1 else f"{len(found):,} responses name"
    title = f"{said} a model, so that a judge is not blind to it"
    with st.expander(title, icon=":material/warning:"):
        st.caption(
            "A judge may favour a name. Ask for other responses, by a prompt or a system prompt "
            "that tells the models not to speak of themselves; or mind these when you read what "
            "the judges that ask a model say."
        )
        st.dataframe(
            [
                {"test case": one.test_case, "model": one.model, "names": ", ".join(one.names)}
                for one in found
            ],
            hide_index=True,
        )


@st.cache_data(ttl=60, max_entries=20, show_spinner="Looking for models' names…")
def _naming(study_id: str, version_id: str, responses: int) -> list[NamingResponse]:
    """Thousands of texts take a moment to search, so what was found is kept for a minute."""
    return responses_that_name_models(database(), study_id)
