"""Whether the disk on which Ollama stores models has room, where it can be known."""

import ipaddress
import shutil
from dataclasses import dataclass
from pathlib import Path

import httpx

from core.settings import Settings

_USUAL_FOLDERS = (Path("~/.ollama/models"), Path("/usr/share/ollama/.ollama/models"))
"""Where Ollama stores models: a person's own, and the Linux service's.

Source: https://github.com/ollama/ollama/blob/main/docs/faq.mdx, "Where are models stored?".
"""


@dataclass(frozen=True, slots=True)
class Disk:
    """The disk of the models; ``free_bytes`` is ``None`` where it is unknown, and ``why`` says so.

    ``why`` is one sentence.
    """

    free_bytes: int | None
    why: str | None = None

    def refusal(self, model: str, needed_bytes: int) -> str | None:
        """Why so many bytes cannot be stored, in one sentence; ``None`` where they may."""
        if self.free_bytes is None or needed_bytes <= self.free_bytes:
            return None
        return (
            f"{model!r} needs {bytes_in_words(needed_bytes)} more, and the disk of Ollama's models "
            f"has {bytes_in_words(self.free_bytes)} free; remove a model or free space, then pull "
            "again."
        )


def disk_of_models(settings: Settings) -> Disk:
    """How much room there is on the disk where Ollama stores models."""
    if not is_this_machine(settings.ollama_host):
        return Disk(
            None,
            f"Ollama answers at {settings.ollama_host}, so the room on its disk cannot be seen "
            "from here.",
        )
    folders = [settings.ollama_models] if settings.ollama_models else _USUAL_FOLDERS
    for folder in folders:
        try:
            return Disk(shutil.disk_usage(folder.expanduser()).free)
        except (OSError, RuntimeError):  # not there, not ours to look at, or no home
            continue
    return Disk(
        None,
        "The folder of Ollama's models is not known, so the room on its disk cannot be checked; "
        "set OLLAMA_MODELS.",
    )


def is_this_machine(address: str) -> bool:
    """Whether an address of Ollama's is this machine's own."""
    host = httpx.URL(address if "://" in address else f"http://{address}").host
    if host == "localhost":
        return True
    try:
        ip = ipaddress.ip_address(host)
    except ValueError:
        return False
    return ip.is_loopback or ip.is_unspecified


def bytes_in_words(size: float) -> str:
    """A size as people read it, in decimal units as Ollama shows them."""
    for unit, bytes_each in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= bytes_each:
            return f"{size / bytes_each:.1f} {unit}"
    return f"{size:.0f} B"
