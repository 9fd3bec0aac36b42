"""The secret that signs rating links: from the environment, or made once and kept in a file."""

import os
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path

from core.settings import Settings


def signing_secret(settings: Settings) -> str:
    """The secret of this installation; every process of it reads the same one.

    ``SLAM_SECRET_KEY`` wins unless it is empty; otherwise ``SLAM_HOME/secret``, made readable by
    its owner alone.
    """
    if settings.secret_key:
        return settings.secret_key.get_secret_value()
    settings.home.mkdir(parents=True, exist_ok=True)
    path = settings.home / "secret"
    if not path.exists():
        _make(path)
    return path.read_text("utf-8").strip()


def _make(path: Path) -> None:
    """Write a whole secret beside ``path``, then give it that name unless another was faster.

    Nobody can see a secret that is half written, be it by another process or after a full disk.
    """
    descriptor, draft = tempfile.mkstemp(dir=path.parent, prefix=".secret-")  # mode 0600
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(secrets.token_urlsafe(32))
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(draft, path)
    finally:
        os.unlink(draft)
