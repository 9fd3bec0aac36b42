"""The raters' page: what the address asks for, and one sentence when that cannot be.

It holds no state that matters and knows no model: where a session stands is read from the database
at every run, and what is shown comes from `core.rating`.
"""

import streamlit as st

from core.errors import SlamError, StoreError
from core.rating.refusals import RefusalError
from core.rating.sessions import session_of_token
from ui.rate import entrance, session
from ui.rate.speaking import dress, say_cause, speaking
from ui.store import secret


def main() -> None:
    """Show what the address asks for; a refusal is one sentence, never a traceback."""
    try:
        _show()
    except StoreError:
        say = speaking()
        dress(say)
        st.warning(f"{say('cause.store_busy')} {say('page.earlier_answers_safe')}")
        st.button(say("page.try_again"))
    except RefusalError as refusal:
        say = speaking()
        dress(say)
        say_cause(say, refusal.cause)
    except SlamError:
        say = speaking()
        dress(say)
        st.warning(say("page.problem"))


def _show() -> None:
    query = st.query_params
    if token := query.get("session"):
        session.show(session_of_token(token, secret()))
    elif invite_token := query.get("invite"):
        entrance.show_invite(invite_token)
    elif link_token := query.get("campaign"):
        entrance.show_campaign(link_token)
    else:
        say = speaking()
        dress(say)
        st.info(say("page.no_link"))


main()
