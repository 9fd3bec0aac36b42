"""How patient writes are that must not be given up lightly."""

import stamina

from core.errors import StoreError

patiently = stamina.AsyncRetryingCaller(
    attempts=6, timeout=None, wait_initial=5.0, wait_max=60.0, wait_jitter=1.0
).on(StoreError)
"""What is written with this may have been paid, or hold up every call: a locked or lost store is
tried again for minutes."""
