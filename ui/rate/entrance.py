"""What stands before a session: the study, the consent, the start."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from uuid import uuid4

import streamlit as st

from core.errors import StoreError
from core.rating.entrance import (
    decline,
    expert_invitation,
    invitation,
    record_visit,
    start_invited,
    start_session,
)
from core.rating.humanity import Challenge, challenge, passes
from core.rating.refusals import Cause, RefusalError
from core.rating.sessions import session_token
from core.rating.views import Invitation
from ui.rate.presence import presence
from ui.rate.safe import as_markdown, as_written
from ui.rate.speaking import dress, say_cause, speaking
from ui.rate.texts import Texts
from ui.store import database, secret

_OURS = {"campaign", "invite", "session"}


@dataclass(frozen=True, slots=True)
class _Entry:
    """What a person gave on the way in."""

    is_human: bool = False
    name: str | None = None


def show_campaign(link_token: str) -> None:
    """The entrance behind a shared link.

    Raises:
        RefusalError: nobody, or not this person, can start here.
    """
    arrival = {name: value for name, value in st.query_params.items() if name not in _OURS}
    nonce = _nonce()
    offer = invitation(database(), link_token, arrival)
    presence.saw(nonce)
    if not st.session_state.get("is_visit_recorded"):
        record_visit(database(), link_token, nonce, arrival)
        st.session_state["is_visit_recorded"] = True

    def start(entry: _Entry) -> str:
        return start_session(database(), link_token, nonce, arrival, is_human=entry.is_human)

    def refuse() -> str:
        return decline(database(), link_token, nonce, arrival)

    _show(offer, start, refuse)


def show_invite(invite_token: str) -> None:
    """The entrance behind an expert's own link.

    Raises:
        RefusalError: the invitation cannot be used.
    """
    nonce = _nonce()
    offer = expert_invitation(database(), invite_token)
    presence.saw(nonce)

    def start(entry: _Entry) -> str:
        return start_invited(database(), invite_token, nonce, entry.name)

    _show(offer, start, None)


def _nonce() -> str:
    nonce: str = st.session_state.setdefault("start_nonce", uuid4().hex)
    return nonce


def _show(
    offer: Invitation, start: Callable[[_Entry], str], refuse: Callable[[], str] | None
) -> None:
    say = speaking(offer.language)
    dress(say)
    st.title(as_written(offer.name))
    if offer.is_under_way:
        st.info(say("entrance.under_way"))
        if st.button(say("entrance.go_on"), type="primary", key="start"):
            _enter(say, start, _Entry)
        return
    if offer.description:
        st.markdown(as_markdown(offer.description))
    st.markdown(as_markdown(offer.instructions))
    st.markdown(say("entrance.length", items=offer.items, minutes=offer.minutes))
    st.header(say("entrance.consent_heading"))
    st.markdown(as_markdown(offer.consent))
    name = st.text_input(say("entrance.name"), max_chars=200) if offer.asks_for_name else None
    proof = _ask_humanity(say) if offer.asks_for_proof_of_humanity else None
    is_agreed = st.checkbox(say("entrance.agree"), key="is_agreed")
    if st.button(say("entrance.start"), type="primary", key="start", disabled=not is_agreed):
        _enter(say, start, lambda: _Entry(is_human=proof is not None and proof(), name=name))
    if refuse is not None and st.button(say("entrance.decline"), key="decline"):
        _enter(say, lambda entry: refuse(), _Entry)


def _ask_humanity(say: Texts) -> Callable[[], bool]:
    if "challenge" not in st.session_state:
        st.session_state["challenge"] = challenge(say.language, secret(), random.SystemRandom())
    asked: Challenge = st.session_state["challenge"]
    st.header(say("entrance.humanity_heading"))
    if st.session_state.pop("is_not_human", False):
        say_cause(say, Cause.NOT_HUMAN)
    st.markdown(as_written(asked.question))
    answer = st.text_input(say("entrance.humanity_answer"), key=f"humanity_{asked.token[-16:]}")

    def is_proved() -> bool:
        del st.session_state["challenge"]
        is_human = passes(asked.token, answer, secret())
        st.session_state["is_not_human"] = not is_human
        return is_human

    return is_proved


def _enter(say: Texts, start: Callable[[_Entry], str], entry: Callable[[], _Entry]) -> None:
    try:
        session_id = start(entry())
    except RefusalError as refusal:
        if refusal.cause is Cause.NOT_HUMAN:
            st.rerun()
        say_cause(say, refusal.cause)
        return
    except StoreError:
        say_cause(say, Cause.STORE_BUSY)
        return
    presence.left(st.session_state.pop("start_nonce"))
    st.query_params.from_dict({"session": session_token(session_id, secret())})
    st.rerun()
