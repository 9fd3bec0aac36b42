"""What every page needs once a process: the settings, the database, the signing secret."""

import streamlit as st

from core.secret import signing_secret
from core.settings import Settings
from db.engine import Database


@st.cache_resource(show_spinner=False)
def settings() -> Settings:
    """The settings of this process."""
    return Settings()


@st.cache_resource(show_spinner=False)
def database() -> Database:
    """The database of this process."""
    return Database(settings().store_url)


@st.cache_resource(show_spinner=False)
def secret() -> str:
    """The secret that signs rating links."""
    return signing_secret(settings())
