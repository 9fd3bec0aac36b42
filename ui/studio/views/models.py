"""Models on a machine of one's own: what is there, what can be fetched, what nobody needs."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from core.hosting.acquisition import list_pulls, request_pulls
from core.hosting.catalogue import CatalogueModel, catalogue
from core.hosting.disk import bytes_in_words, disk_of_models
from core.hosting.facts import Survey, fit_warning, memory_need
from core.hosting.frames import installed_frame, warm_ups_frame
from core.hosting.pins import PinState, StudyPin, short_digest, study_pins, take_changed_model
from core.hosting.removal import needs, unneeded
from core.providers.base import ModelFacts
from core.providers.ollama_api.names import with_tag
from core.studies.service import StudySummary, add_candidate, newest_version
from ui.plain import plain
from ui.store import database, settings
from ui.studio.acting import act, guarded, show_problem
from ui.studio.downloads import offer_downloads
from ui.studio.hosts import PROVIDER, hosted_models, look_again, remove_from_host
from ui.studio.progress import UNKNOWN
from ui.studio.pulls import show_pulls
from ui.studio.session import chosen_study, require_staff, warn_without_daemon

_PARTS = ("Installed", "Get more", "Digests", "Remove", "Warm-ups")
_OTHER = "other_model"


def page() -> None:
    """Draw the page."""
    actor = require_staff()
    title, again = st.columns([4, 1], vertical_alignment="center")
    title.title("Models")
    again.button("Look again", icon=":material/refresh:", on_click=look_again)
    warn_without_daemon()
    found, problem = hosted_models()
    polling = any(view.is_active for view in list_pulls(database()))
    draw = st.fragment(guarded(show_pulls), run_every=1.0 if polling else None)
    draw(actor, polling)
    # Tabs would draw all of their contents, and tables that are not seen without a width.
    part = st.segmented_control(
        "Part", _PARTS, default=_PARTS[0], required=True, key="models_part",
        label_visibility="collapsed",
    )  # fmt: skip
    if problem:
        st.info(plain(problem))
    if part == "Installed" and found:
        _installed(found, actor)
    elif part == "Get more":
        _catalogue(found, actor)
    elif part == "Digests":
        _digests(found, actor)
    elif part == "Remove" and found:
        _removal(found, actor)
    elif part == "Warm-ups":
        _warm_ups()


def _installed(found: Survey, actor: str) -> None:
    if not found.models:
        st.info("Ollama has no model yet; fetch one under “Get more”.")
        return
    for hosted in found.models:
        for warning in hosted.warnings:
            st.warning(plain(warning))
    frame = installed_frame(found)
    st.dataframe(_readable(frame), hide_index=True, placeholder=UNKNOWN)
    room = ""
    if found.room:
        room = f", with {bytes_in_words(found.room.size_bytes)} for models ({found.room.source})"
    st.caption(plain(f"On {found.host}{room}."))
    offer_downloads(frame, "installed models")
    _add_to_study(found, actor)


def _readable(frame: pd.DataFrame) -> pd.DataFrame:
    shown = frame.copy()
    for column in ("file_bytes", "memory_bytes"):
        words = [None if pd.isna(size) else bytes_in_words(size) for size in frame[column]]
        shown[column] = pd.Series(words, dtype="object", index=frame.index)
    shown["digest"] = [short_digest(one) if one else None for one in frame["digest"]]
    return shown.rename(columns=lambda name: name.removesuffix("_bytes").replace("_", " "))


def _add_to_study(found: Survey, actor: str) -> None:
    study = chosen_study()
    if study is None:
        return
    has = {candidate.model for candidate in newest_version(database(), study.id).candidates}
    names = [f"{PROVIDER}/{hosted.facts.name}" for hosted in found.models]
    others = [name for name in names if name not in has]
    if not others:
        st.caption(plain(f"All of them are in the study “{study.name}”."))
        return
    st.selectbox(f"Add to the candidates of “{study.name}”", others, key="model_to_add")
    st.button("Add candidate", on_click=act, args=("add_candidate", _add, study, actor))
    show_problem("add_candidate")


def _add(study: StudySummary, actor: str) -> None:
    model = st.session_state["model_to_add"]
    content = add_candidate(database(), study.id, model, actor)
    st.toast(plain(f"{model} is in version {content.version.number} of “{study.name}”."))


def _catalogue(found: Survey | None, actor: str) -> None:
    st.text_input(
        "Any model of Ollama's library or of Hugging Face", key=_OTHER,
        placeholder="mistral:7b-instruct, or hf.co/owner/repository:Q4_K_M",
    )  # fmt: skip
    st.button("Pull this model", on_click=act, args=("pull_other", _pull_other, actor))
    show_problem("pull_other")
    if why := disk_of_models(settings()).why:
        st.caption(plain(why))
    st.subheader("The models of the paper")
    wanted = st.text_input("Filter", key="catalogue_filter", placeholder="such as vicuna or q2")
    rows = [row for row in catalogue() if wanted.strip().lower() in row.name.lower()]
    if not rows:
        st.info(plain(f"None of them is called like “{wanted}”; it can be pulled by name above."))
    states = _states(found)
    for row in rows:
        _catalogue_row(row, states.get(row.name), found, actor)


def _states(found: Survey | None) -> dict[str, str]:
    states = {hosted.facts.name: "installed" for hosted in found.models} if found else {}
    for view in list_pulls(database()):
        if view.is_active:
            states[with_tag(view.pull.model.partition("/")[2])] = "being fetched"
    return states


def _catalogue_row(
    row: CatalogueModel, state: str | None, found: Survey | None, actor: str
) -> None:
    with st.container(border=True):
        left, right = st.columns([5, 1], vertical_alignment="center")
        left.markdown(f"**{plain(row.name)}**")
        left.caption(
            f"{row.quantization_bits} bits, {row.parameters_billions:g} billion parameters, "
            f"{row.file_gb:g} GB to fetch, {row.memory_mb} MB of memory in the paper"
        )
        for correction in row.corrections:
            printed = f"Printed as {correction.field.replace('_', ' ')} {correction.printed}: "
            left.caption(plain(printed + correction.why))
        need = memory_need(row.name, row.file_bytes, None)
        if found and (warning := fit_warning(row.name, need, found.room)):
            left.warning(plain(warning))
        if state:
            right.caption(state)
        else:
            right.button(
                "Pull", key=f"pull_{row.name}", help=f"Fetch {row.name}", on_click=act,
                args=("pulls", request_pulls, database(), [row.name], actor),
            )  # fmt: skip


def _pull_other(actor: str) -> None:
    request_pulls(database(), [st.session_state[_OTHER]], actor)
    st.session_state[_OTHER] = ""


def _digests(found: Survey | None, actor: str) -> None:
    study = chosen_study()
    if study is None:
        st.info("Choose a study in the sidebar to see which digests it uses.")
        return
    st.caption(
        "A study pins the digest of a model at its first call, so that a model that changed under "
        "its name is noticed and not called."
    )
    pins = study_pins(database(), study.id, _facts(found))
    if not pins:
        st.info("No model of this study is hosted by Ollama.")
        return
    show_problem("digests")
    for number, pin in enumerate(pins):
        if pin.check.state is PinState.CHANGED and pin.found is not None:
            st.error(plain(pin.check.problem))
            st.button(
                f"Take the changed {pin.model.partition('/')[2]} as a new candidate",
                key=f"take_{number}", on_click=act,
                args=("digests", take_changed_model, database(), study.id, pin.model, pin.found,
                      actor),
            )  # fmt: skip
    frame = _pins_frame(pins)
    st.dataframe(frame.rename(columns={"pinned_at": "pinned at (UTC)"}), hide_index=True)
    offer_downloads(frame, f"{study.name} digests")


def _pins_frame(pins: Sequence[StudyPin]) -> pd.DataFrame:
    words = {PinState.OK: "the same", PinState.CHANGED: "changed", PinState.MUST_PIN: "not pinned"}
    return pd.DataFrame(
        {
            "model": [pin.model for pin in pins],
            "pinned": [short_digest(pin.pinned) if pin.pinned else None for pin in pins],
            "pinned_at": pd.Series([pin.pinned_at for pin in pins], dtype="datetime64[us, UTC]"),
            "installed": [short_digest(pin.found) if pin.found else None for pin in pins],
            "state": [
                words[pin.check.state] if pin.found else "not installed" for pin in pins
            ],
        }
    )  # fmt: skip


def _removal(found: Survey, actor: str) -> None:
    show_problem("removal")
    facts = _facts(found)
    if not facts:
        st.info("There is no installed model to remove.")
        return
    free = {one.name for one in unneeded(database(), facts)}
    if not free:
        st.caption("Every installed model is needed by a study or a judge.")
    users = needs(database())
    for one in sorted(facts, key=lambda one: (one.name not in free, one.name)):
        _removal_row(one, users.get(one.name, ()), actor)


def _removal_row(facts: ModelFacts, users: Sequence[str], actor: str) -> None:
    with st.container(border=True):
        left, right = st.columns([4, 2], vertical_alignment="center")
        left.markdown(f"**{plain(facts.name)}**")
        size = bytes_in_words(facts.size_bytes) if facts.size_bytes else "unknown size"
        needed = f"needed by {', '.join(users)}" if users else "no study needs it"
        left.caption(plain(f"{size}, {needed}"))
        with right.popover("Remove…", key=f"ask_{facts.name}"):
            st.write(
                plain(
                    f"Remove {facts.name} from the disk? What was collected with it stays; it can "
                    "be fetched again."
                )
            )
            if users:
                st.warning(plain(f"It is still needed by {', '.join(users)}."))
            st.button(
                f"Remove {facts.name}", key=f"remove_{facts.name}", type="primary", on_click=act,
                args=("removal", remove_from_host, facts.name, actor),
            )  # fmt: skip


def _warm_ups() -> None:
    frame = warm_ups_frame(database())
    st.caption(
        "Loading a model and its first requests are kept here, apart from every measured call."
    )
    if frame.empty:
        st.info("No model was loaded by a run yet.")
        return
    st.dataframe(_readable(frame), hide_index=True, placeholder=UNKNOWN)
    offer_downloads(frame, "warm-ups")


def _facts(found: Survey | None) -> list[ModelFacts]:
    return [hosted.facts for hosted in found.models] if found else []


page()
