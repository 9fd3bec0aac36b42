"""The secret that signs rating links: from the environment, or made once and kept in a file."""

import os
import secrets

from core.settings import Settings


def signing_secret(settings: Settings) -> str:
    """The secret of this installation; every process of it reads the same one.

    ``SLAM_SECRET_KEY`` wins; otherwise ``SLAM_HOME/secret``, made readable by its owner alone.
    """
    if settings.secret_key is not None:
        return settings.secret_key.get_secret_value()
    settings.home.mkdir(parents=True, exist_ok=True)
    path = settings.home / "secret"
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text("utf-8").strip()
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(secrets.token_urlsafe(32))
    return path.read_text("utf-8").strip()
