"""The raters' page: consent, one response at a time, the completion code.

It holds no state that matters and knows no model: what it shows comes from `core.rating.sessions`,
and where a session stands is read from the database at every run.
"""

from uuid import uuid4

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.errors import NotFoundError, SlamError, StoreError
from core.rating.sessions import (
    SCORES,
    ItemView,
    claim_tab,
    invitation,
    is_under_way,
    save_answer,
    session_of_token,
    session_token,
    start_session,
    view_session,
)
from ui.store import database, secret

# Eleven buttons in one row at every width: wrapped into two uneven rows, or partly off the screen,
# the scale itself would sway the answers.
_ONE_ROW = """
<style>
[class*="st-key-score_"] [role="radiogroup"] { flex-wrap: nowrap; width: 100%; }
[class*="st-key-score_"] [role="radiogroup"] button {
  flex: 1 1 0; min-width: 0; padding: 0; min-height: 2.75rem; justify-content: center;
}
.block-container { padding-top: 1.5rem; padding-bottom: 2rem; }
.scale-ends { display: flex; justify-content: space-between; font-size: 0.85rem; opacity: 0.75; }
.scale-ends span { white-space: nowrap; }
</style>
"""

# A phone stays where the button was; the next item begins at the top. The item's id, which is ours
# and hexadecimal, makes the script another one, so that it runs again.
_SCROLL_UP = """<script>
document.querySelector('[data-testid="stMain"]').scrollTo(0, 0); // {item_id}
</script>"""
_SCALE_ENDS = (
    '<div class="scale-ends"><span>0 useless</span><span>10 could not be better</span></div>'
)
_TASK_HEIGHT = 260


def main() -> None:
    """Show what the address asks for; a refusal is one sentence, never a traceback."""
    st.set_page_config(page_title="Rating", layout="centered")
    st.html(_ONE_ROW)
    try:
        if token := st.query_params.get("session"):
            _show_session(session_of_token(token, secret()))
        elif link_token := st.query_params.get("campaign"):
            _show_invitation(link_token)
        else:
            st.info("Open the link that you were given; it leads straight to the study.")
    except StoreError as error:
        st.warning(f"{error} Your earlier ratings are safe.")
        st.button("Try again")
    except SlamError as error:
        st.info(str(error))


def _show_invitation(link_token: str) -> None:
    st.session_state.setdefault("start_nonce", uuid4().hex)
    try:
        study = invitation(database(), link_token)
    except NotFoundError as error:
        if not is_under_way(database(), link_token, _arrival()):
            raise
        st.info(f"{error} The session that you began can still be finished.")
        _show_problem(st.empty())
        _start_button("Go on with my session", link_token)
        return
    st.title(study.name)
    if study.description:
        st.write(study.description)
    st.write(study.instructions)
    st.write(f"There are {study.items} responses to rate, one at a time, on a page like this one.")
    st.subheader("Your consent")
    st.write(study.consent)
    agreed = st.checkbox("I have read this and agree to take part.", key="agreed")
    _show_problem(st.empty())
    _start_button("Start", link_token, disabled=not agreed)


def _start_button(label: str, link_token: str, *, disabled: bool = False) -> None:
    st.button(
        label,
        type="primary",
        key="start",
        disabled=disabled,
        on_click=_start,
        args=(link_token, st.session_state["start_nonce"]),
    )


def _arrival() -> dict[str, str]:
    return {name: value for name, value in st.query_params.items() if name != "campaign"}


def _start(link_token: str, start_nonce: str) -> None:
    try:
        session_id = start_session(database(), link_token, start_nonce, _arrival())
    except SlamError as error:
        st.session_state["problem"] = str(error)
        return
    st.query_params.from_dict({"session": session_token(session_id, secret())})


def _show_session(session_id: str) -> None:
    tab = st.session_state.setdefault("tab", uuid4().hex)
    if st.session_state.get("claimed") != session_id:
        claim_tab(database(), session_id, tab)
        st.session_state["claimed"] = session_id
    # Where the session stands comes from the database: with the rating just kept, or read now.
    view = st.session_state.pop("view", None) or view_session(database(), session_id, tab)
    if view.item is None or not view.is_current_tab:
        # What follows says it all; a refusal must not turn up at a later item.
        st.session_state.pop("problem", None)
    if view.completion_code is not None:
        _show_code(view.completion_code)
    elif not view.is_current_tab:
        st.info("This session goes on in another tab; rate there, or take it over here.")
        st.button("Go on in this tab", on_click=claim_tab, args=(database(), session_id, tab))
    elif view.item is not None:
        _show_item(session_id, view.item, tab)


def _show_item(session_id: str, item: ItemView, tab: str) -> None:
    st.html(_SCROLL_UP.format(item_id=item.item_id), unsafe_allow_javascript=True)
    st.progress((item.number - 1) / item.total, text=f"Response {item.number} of {item.total}")
    st.markdown("**What the assistant was asked**")
    with st.container(border=True, height=_TASK_HEIGHT if _is_long(item.task) else "content"):
        st.text(item.task)
    st.markdown("**The response**")
    with st.container(border=True):
        st.text(item.response)
    form = f"form_{item.item_id}"
    with st.form(form, border=False):
        score = st.segmented_control(
            item.question,
            options=list(SCORES),
            key=f"score_{item.item_id}",
            # A second tap on the chosen number must not take it away; nothing is chosen at first.
            required=True,
            width="stretch",
        )
        st.html(_SCALE_ENDS)
        # Between the scale and the button that was pressed: below it a phone's screen has ended,
        # and what stands straight above it pushes it off.
        problem_place = st.empty()
        comment = st.text_area(
            "Comment (optional)", key=f"comment_{item.item_id}", max_chars=5000, height=68
        )
        submitted = st.form_submit_button(
            "Save and go on",
            type="primary",
            key=f"submit_{item.item_id}",
            on_click=_keep_from_widgets,
            args=(session_id, item.item_id, tab),
        )
    # After a restart of the server the page comes back without having run, and the click arrives
    # without its callback; the rating is then kept here.
    if submitted and st.session_state.get("handled") != item.item_id:
        _keep(session_id, item.item_id, score, comment, tab)
        if "problem" not in st.session_state:
            st.rerun()
    st.session_state.pop("handled", None)
    _show_problem(problem_place)


def _is_long(task: str) -> bool:
    """Whether the task would push the scale off a phone's screen; it then scrolls in its box."""
    return len(task) > 400 or task.count("\n") > 12


def _keep_from_widgets(session_id: str, item_id: str, tab: str) -> None:
    st.session_state["handled"] = item_id
    score = st.session_state.get(f"score_{item_id}")
    comment = st.session_state.get(f"comment_{item_id}") or ""
    _keep(session_id, item_id, score, comment, tab)


def _keep(session_id: str, item_id: str, score: object, comment: str, tab: str) -> None:
    if not isinstance(score, int):
        st.session_state["problem"] = "Choose a number from 0 to 10, then press the button again."
        return
    try:
        st.session_state["view"] = save_answer(database(), session_id, item_id, score, comment, tab)
    except StoreError as error:
        st.session_state["problem"] = f"{error} Your choice is still here: press the button again."
    except SlamError as error:
        st.session_state["problem"] = str(error)


def _show_problem(place: DeltaGenerator) -> None:
    problem = st.session_state.pop("problem", None)
    if problem:
        place.error(problem)


def _show_code(completion_code: str) -> None:
    st.title("Thank you")
    st.write("All your ratings are stored. Copy this code to where you found the study:")
    st.code(completion_code, language=None)


main()
