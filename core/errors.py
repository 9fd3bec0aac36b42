"""What the services refuse, each as one sentence that names the value and the mend."""

from db.errors import SlamError, StoreError

__all__ = ["InvalidInputError", "NotFoundError", "SlamError", "StoppedError", "StoreError"]


class InvalidInputError(SlamError):
    """A value a person typed or uploaded cannot be taken."""


class NotFoundError(SlamError):
    """A name, link or id that points at nothing."""


class StoppedError(Exception):
    """Work was called off from outside; nothing is wrong with it, and it stays to be done."""
