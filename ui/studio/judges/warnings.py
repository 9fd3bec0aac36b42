"""What to mind before judging: plug-ins that are broken, responses that name their own model."""

from core.judges.registry import problems
from ui.plain import plain
from ui.studio.judges.place import Place


def show_broken() -> None:
    """Say which judges of one's own could not be taken, and why."""
    for sentence in problems():
        st.warning(plain(sentence))


def show_names(place: Place) -> None:
    """Warn of responses that name the model that wrote them."""
