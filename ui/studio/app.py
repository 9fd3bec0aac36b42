"""The staff's process: Streamlit behind a sign-in that guards every page and every socket."""

import streamlit as st
from starlette.middleware import Middleware

from ui.store import database
from ui.studio.access import RequireSignIn, routes

app = st.App(
    "main.py",
    routes=routes(database()),
    middleware=[Middleware(RequireSignIn, database=database())],
)
