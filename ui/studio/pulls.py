"""How pulls are shown: bar, bytes, speed, time left, cancel and retry."""

from datetime import timedelta

import streamlit as st

from core.hosting.acquisition import PullView, cancel_pull, list_pulls, request_pulls
from core.hosting.disk import bytes_in_words
from core.hosting.facts import fit_warning, memory_need
from core.hosting.pins import short_digest
from db.tables import PullStatus
from db.types import utc_now
from ui.plain import plain
from ui.store import database
from ui.studio.acting import act, show_problem
from ui.studio.hosts import hosted_models, look_again
from ui.studio.progress import in_words

PLACE = "pulls"
_SHOWN_FOR = timedelta(hours=1)
_DONE_SHOWN_FOR = timedelta(minutes=1)


def show_pulls(actor: str, polling: bool) -> None:
    """Draw the pulls that are under way or ended a while ago; for a fragment."""
    views = list_pulls(database())
    show_problem(PLACE)
    now = utc_now()
    for view in views:
        ended_at = view.pull.ended_at
        is_done = view.pull.status is PullStatus.FINISHED
        if ended_at is None or now - ended_at < (_DONE_SHOWN_FOR if is_done else _SHOWN_FOR):
            _one_pull(view, actor)
    if any(view.is_active for view in views) != polling:
        # The page decides how often this is drawn, and draws the tables below.
        look_again()
        st.rerun(scope="app")


def _one_pull(view: PullView, actor: str) -> None:
    pull = view.pull
    name = pull.model.partition("/")[2]
    if pull.status is PullStatus.FINISHED:
        digest = f", digest {short_digest(pull.digest)}" if pull.digest else ""
        st.success(plain(f"{name} was fetched{digest}."))
        return
    with st.container(border=True):
        left, right = st.columns([5, 1], vertical_alignment="center")
        text = plain(f"{name}: {_state(view)}")
        if view.share is None:
            left.write(text)
        else:
            left.progress(view.share, text=text)
        if pull.error_message:
            left.error(plain(pull.error_message))
        elif view.is_active and (warning := _fit_warning(name, pull.total_bytes)):
            left.warning(plain(warning))
        if not view.is_active:
            right.button(
                "Retry" if pull.status is PullStatus.FAILED else "Go on",
                key=f"again_{pull.id}", help=f"Fetch the rest of {name}", on_click=act,
                args=(PLACE, request_pulls, database(), [name], actor),
            )  # fmt: skip
        elif pull.cancel_requested_at is None:
            right.button(
                "Cancel", key=f"cancel_{pull.id}", help=f"Stop fetching {name}", on_click=act,
                args=(PLACE, cancel_pull, database(), pull.id, actor),
            )  # fmt: skip


def _fit_warning(name: str, file_bytes: int | None) -> str | None:
    """Said as soon as the size is known, so that a pull that is no use can be cancelled."""
    found, _ = hosted_models()
    return fit_warning(name, memory_need(name, file_bytes, None), found.room) if found else None


def _state(view: PullView) -> str:
    pull = view.pull
    parts = [_WORDS[pull.status]]
    if pull.cancel_requested_at is not None and view.is_active:
        parts = ["is being cancelled"]
    if pull.total_bytes and pull.completed_bytes is not None:
        done, total = bytes_in_words(pull.completed_bytes), bytes_in_words(pull.total_bytes)
        parts.append(f"{done} of {total}")
    if pull.status is PullStatus.RUNNING:
        if pull.bytes_per_second:
            parts.append(f"{bytes_in_words(pull.bytes_per_second)} a second")
        parts.append(f"{in_words(view.time_left)} left" if view.time_left else pull.step or "")
    return ", ".join(part for part in parts if part)


_WORDS = {
    PullStatus.QUEUED: "waits for the daemon",
    PullStatus.RUNNING: "is being fetched",
    PullStatus.FAILED: "was not fetched",
    PullStatus.CANCELLED: "was cancelled; what is fetched stays",
}
