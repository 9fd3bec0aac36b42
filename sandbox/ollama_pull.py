"""How Ollama fetches a model: layer by layer, going on with what is on the disk already."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from sandbox.models import ModelConfig
from sandbox.pacing import StreamCut
from sandbox.state import Sandbox

NO_MANIFEST = "pull model manifest: file does not exist"
_STEPS = 20
_SMALL_LAYERS = {"template": 1_429, "license": 7_020, "params": 59, "config": 483}


@dataclass(frozen=True)
class Layer:
    """One file of a model; sizes are bytes."""

    digest: str
    size: int


def layers_of(model: ModelConfig) -> list[Layer]:
    """List a model's files: the weights and the small ones around them."""
    small = {name: size for name, size in _SMALL_LAYERS.items() if model.size > 1_000_000}
    weights = Layer(_digest(model, "weights"), model.size - sum(small.values()))
    return [weights, *(Layer(_digest(model, name), size) for name, size in small.items())]


async def pulling(sandbox: Sandbox, model: ModelConfig | None) -> AsyncIterator[str]:
    """Fetch a model and tell so line by line; what is fetched stays when the client leaves."""
    yield _line({"status": "pulling manifest"})
    if model is None:
        # The status line has gone out with a 200, so the error follows in the stream.
        yield _line({"error": NO_MANIFEST})
        return
    cut = sandbox.faults.take(model.name, "pull_cut")
    full = None if cut else sandbox.faults.take(model.name, "pull_disk_full")
    for layer in layers_of(model):
        told: dict[str, Any] = {
            "status": f"pulling {layer.digest[:12]}",
            "digest": f"sha256:{layer.digest}",
            "total": layer.size,
        }
        # Ollama leaves `completed` out while it is nothing.
        completed = layer.size if model.installed else sandbox.fetched.get(layer.digest, 0)
        yield _line({**told, "completed": completed} if completed else told)
        async for so_far in _fetching(sandbox, model, layer, completed):
            yield _line({**told, "completed": so_far})
            if cut and so_far >= cut["after_share"] * layer.size:
                raise StreamCut(silently=cut["how"] == "close")
            if full and so_far >= full["after_share"] * layer.size:
                path = f"/usr/share/ollama/.ollama/models/blobs/sha256-{layer.digest}-partial"
                yield _line({"error": f"write {path}: no space left on device"})
                return
    yield _line({"status": "verifying sha256 digest"})
    yield _line({"status": "writing manifest"})
    sandbox.catalog.change(model.name, {"installed": True})
    yield _line({"status": "success"})


async def _fetching(
    sandbox: Sandbox, model: ModelConfig, layer: Layer, completed: int
) -> AsyncIterator[int]:
    """Fetch the rest of a layer in steps; each step takes its share of the model's `pull_ms`."""
    while completed < layer.size:
        part = min(max(1, layer.size // _STEPS), layer.size - completed)
        await asyncio.sleep(model.pull_ms / 1000 * part / max(1, model.size))
        completed += part
        sandbox.fetched[layer.digest] = completed
        yield completed


def _digest(model: ModelConfig, layer: str) -> str:
    if layer == "weights":
        return model.digest
    return hashlib.sha256(f"{model.digest} {layer}".encode()).hexdigest()


def _line(content: dict[str, Any]) -> str:
    return json.dumps(content, ensure_ascii=False) + "\n"
