"""The models of the paper's Table I, to choose from; any other name that Ollama knows works too."""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from core.providers.ollama_api.names import with_tag

BYTES_PER_GB = 1_000_000_000
BYTES_PER_MB = 1024 * 1024
"""The paper's memory is what nvidia-smi showed, whose MB are MiB."""


@dataclass(frozen=True, slots=True)
class Correction:
    """One cell that the table cannot mean: what was printed there, and why it is another value."""

    field: str
    printed: str
    why: str


@dataclass(frozen=True, slots=True)
class CatalogueModel:
    """One row: the model as Ollama names it, with the paper's figures."""

    name: str
    quantization_bits: int
    parameters_billions: float
    file_gb: float
    memory_mb: int
    corrections: tuple[Correction, ...] = ()

    @property
    def file_bytes(self) -> int:
        """The size of the file."""
        return round(self.file_gb * BYTES_PER_GB)

    @property
    def memory_bytes(self) -> int:
        """What the loaded model took in the paper."""
        return self.memory_mb * BYTES_PER_MB


@cache
def catalogue() -> tuple[CatalogueModel, ...]:
    """All rows, in the order of the table."""
    document = tomllib.loads(files(__package__).joinpath("catalogue.toml").read_text("utf-8"))
    return tuple(
        CatalogueModel(
            **{name: value for name, value in row.items() if name != "correction"},
            corrections=tuple(Correction(**one) for one in row.get("correction", ())),
        )
        for row in document["model"]
    )


def catalogue_model(name: str) -> CatalogueModel | None:
    """The row of that name as Ollama knows it; none where the paper had no such model."""
    return next((row for row in catalogue() if row.name == with_tag(name)), None)
