"""What every page needs once a process: the settings, the database, the signing secret.

Streamlit runs a page's script anew at every click, but imports a module once, so an ordinary cache
holds them; `st.cache_resource` would cost a rater's step a tenth of a millisecond a call.
"""

from functools import cache

from core.secret import signing_secret
from core.settings import Settings, load_settings
from db.engine import Database


@cache
def settings() -> Settings:
    """The settings of this process."""
    return load_settings()


@cache
def database() -> Database:
    """The database of this process."""
    return Database(settings().store_url, busy_timeout_ms=settings().busy_timeout_ms)


@cache
def secret() -> str:
    """The secret that signs rating links."""
    return signing_secret(settings())
