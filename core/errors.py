"""What the services refuse, each as one sentence that names the value and the mend."""

from db.errors import SlamError, StoreError

__all__ = ["InvalidInputError", "NotFoundError", "SlamError", "StoreError"]


class InvalidInputError(SlamError):
    """A value a person typed or uploaded cannot be taken."""


class NotFoundError(SlamError):
    """A name, link or id that points at nothing."""
