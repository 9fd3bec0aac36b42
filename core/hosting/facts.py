"""What is known of the models on the machine that hosts them, and what to be warned of."""

import asyncio
import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass

from core.hosting.catalogue import BYTES_PER_MB, catalogue_model
from core.hosting.disk import bytes_in_words, is_this_machine
from core.providers.base import HostingProvider, LoadedModel, ModelFacts
from core.providers.ollama_api.names import with_tag
from core.settings import Settings
from db.engine import Database
from db.repositories.hosting import Hosting
from db.tables import WarmUp

_FILE_TO_MEMORY = 1.2
"""What a loaded model takes beside its weights, such as its context, as a factor of its file."""
_NVIDIA_SMI = ("--query-gpu=memory.total", "--format=csv,noheader,nounits")
_PATIENCE_S = 5.0


@dataclass(frozen=True, slots=True)
class Memory:
    """An amount of memory, and how it is known, as a part of a sentence."""

    size_bytes: int
    source: str


@dataclass(frozen=True, slots=True)
class HostedModel:
    """One installed model; ``loaded`` is how it is in memory now, ``last_load`` how it was."""

    facts: ModelFacts
    loaded: LoadedModel | None
    last_load: WarmUp | None
    warnings: tuple[str, ...]

    @property
    def memory_bytes(self) -> int | None:
        """What it takes in memory now, or took when it was last loaded for a run."""
        if self.loaded is not None:
            return self.loaded.memory_bytes
        return self.last_load.memory_bytes if self.last_load else None

    @property
    def spilled_percent(self) -> float | None:
        """How much of it the CPU holds, or held at the last load; ``None`` where it is unknown."""
        if self.loaded is not None:
            return spilled_percent(self.loaded.memory_bytes, self.loaded.gpu_memory_bytes)
        if self.last_load is None:
            return None
        return spilled_percent(self.last_load.memory_bytes, self.last_load.gpu_memory_bytes)


@dataclass(frozen=True, slots=True)
class Survey:
    """A host and its models; ``room`` is what a model must fit into, ``None`` where unknown."""

    host: str
    models: tuple[HostedModel, ...]
    room: Memory | None


async def survey(database: Database, provider: HostingProvider, settings: Settings) -> Survey:
    """Look at every model of a host.

    Raises:
        ProviderError: the host does not answer.
    """
    loads = await asyncio.to_thread(_latest_loads, database, provider.host)
    installed, running = await asyncio.gather(provider.installed(), provider.loaded())
    shown = await asyncio.gather(*(provider.show(facts.name) for facts in installed))
    loaded = {one.name: one for one in running}
    room = await asyncio.to_thread(room_for_models, settings, loads)
    models = []
    for facts in shown:
        now, before = loaded.get(facts.name), loads.get(facts.name)
        need = memory_need(facts.name, facts.size_bytes, before)
        warnings = (fit_warning(facts.name, need, room), spill_warning(facts.name, now))
        models.append(HostedModel(facts, now, before, tuple(one for one in warnings if one)))
    return Survey(provider.host, tuple(models), room)


def memory_need(name: str, file_bytes: int | None, last_load: WarmUp | None) -> Memory | None:
    """What a model will take in memory: as measured, as the paper says, or by its file's size."""
    if last_load is not None and last_load.memory_bytes:
        return Memory(last_load.memory_bytes, "as measured when it was last loaded")
    if row := catalogue_model(name):
        return Memory(row.memory_bytes, "by the paper's Table I")
    if file_bytes is not None:
        return Memory(round(file_bytes * _FILE_TO_MEMORY), "by its file's size times 1.2")
    return None


def room_for_models(settings: Settings, loads: Mapping[str, WarmUp]) -> Memory | None:
    """The memory that models of the host must fit into; ``None`` where it cannot be known."""
    if settings.gpu_memory_mb is not None:
        return Memory(settings.gpu_memory_mb * BYTES_PER_MB, "by SLAM_GPU_MEMORY_MB")
    is_here = is_this_machine(settings.ollama_host)
    if is_here and (gpu := _nvidia_memory_bytes()):
        return Memory(gpu, "by nvidia-smi")
    # A model that spilled took all that there was.
    spilled = [
        load.gpu_memory_bytes
        for load in loads.values()
        if spilled_percent(load.memory_bytes, load.gpu_memory_bytes) and load.gpu_memory_bytes
    ]
    if spilled:
        return Memory(max(spilled), "as much as a model got that spilled to the CPU")
    if is_here and (main := _main_memory_bytes()):
        return Memory(main, "all main memory, as no GPU is known")
    return None


def fit_warning(name: str, need: Memory | None, room: Memory | None) -> str | None:
    """A warning before a model that will not fit, in one sentence; ``None`` where it may."""
    if need is None or room is None or need.size_bytes <= room.size_bytes:
        return None
    return (
        f"{name!r} needs {bytes_in_words(need.size_bytes)} of memory ({need.source}) and there are "
        f"{bytes_in_words(room.size_bytes)} ({room.source}); choose a smaller quantization, or "
        "expect it to be slow."
    )


def spill_warning(name: str, loaded: LoadedModel | None) -> str | None:
    """A warning of a loaded model of which the CPU holds a part, in one sentence."""
    if loaded is None:
        return None
    percent = spilled_percent(loaded.memory_bytes, loaded.gpu_memory_bytes)
    if not percent:
        return None
    if loaded.gpu_memory_bytes == 0:
        return f"{name!r} runs on the CPU alone, so its latency is not that of a GPU."
    return (
        f"{percent:.0f} % of {name!r} spilled from the GPU to the CPU, so its latency is not that "
        "of the GPU; unload other models or choose a smaller quantization."
    )


def spilled_percent(memory_bytes: int | None, gpu_memory_bytes: int | None) -> float | None:
    """How much of a loaded model is not on the GPU, in per cent; ``None`` where it is unknown."""
    if not memory_bytes or gpu_memory_bytes is None:
        return None
    return max(0.0, 100 * (memory_bytes - gpu_memory_bytes) / memory_bytes)


def _latest_loads(database: Database, host: str) -> dict[str, WarmUp]:
    with database.read() as session:
        loads = Hosting(session).latest_loads(host)
    return {with_tag(model.partition("/")[2]): load for model, load in loads.items()}


def _nvidia_memory_bytes() -> int | None:
    """The memory of this machine's NVIDIA GPUs together, over which Ollama spreads a model."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return None
    try:
        answer = subprocess.run(  # noqa: S603  the program found on the path, with fixed arguments
            [program, *_NVIDIA_SMI],
            capture_output=True,
            text=True,
            timeout=_PATIENCE_S,
            check=True,
        )
        return sum(int(line) for line in answer.stdout.split()) * BYTES_PER_MB or None
    except (OSError, subprocess.SubprocessError, ValueError):
        return None  # a driver that does not answer tells nothing


def _main_memory_bytes() -> int | None:
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return None  # not told by this system
