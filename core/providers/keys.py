"""Keys of providers: from the environment or a file, and kept out of every text."""

import os
import re
from pathlib import Path

_LOOKS_LIKE_A_KEY = re.compile(
    r"""
    \b(?:sk|pk|rk|gsk|xai|pat|ghp|nvapi)[-_][\w*.-]{6,} | \bhf_\w{6,} | \bAIza[\w-]{10,}
    | (?<=bearer\s)\S+ | (?<=api-key:\s)\S+
    | (?<=key\sprovided:\s)\S+      # OpenAI's own echo of a wrong key
    | \b(?=\w*\d)\w{32,}\b         # Azure's keys have no sign but their length
    """,
    re.IGNORECASE | re.VERBOSE,
)
_HIDDEN = "…"


def read_key(name: str) -> str | None:
    """The key in the variable ``name``, or in the file that the variable with ``_FILE`` names.

    A file that cannot be read gives none, as a variable that is not set does.
    """
    # Files and copied text bring a line end along, which no header can carry.
    key = os.environ.get(name, "").strip()
    file = os.environ.get(f"{name}_FILE", "").strip()
    if key or not file:
        return key or None
    try:
        return Path(file).read_text("utf-8").strip() or None
    except (OSError, ValueError):
        return None


def without_keys(text: str, key: str | None = None) -> str:
    """A server's own words without ``key``, and without anything that looks like one."""
    if key:
        text = text.replace(key, _HIDDEN)
    return _LOOKS_LIKE_A_KEY.sub(_HIDDEN, text)
