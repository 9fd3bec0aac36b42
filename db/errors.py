"""The errors a person may see, each a single sentence that names the value and the mend.

SlamError
├── StoreError          the database is locked, full or unreachable; nothing was lost, try again
├── core.errors.*       what the services refuse (see there)
"""


class SlamError(Exception):
    """Something a person can mend; ``str(error)`` is one sentence fit to show where they are."""


class StoreError(SlamError):
    """The database could not take or give what was asked; nothing that was stored is touched."""
