"""What a measuring judge is given to work with, on a file of its own."""

from pathlib import Path

import pytest

from core.embeddings import EmbeddingStore


@pytest.fixture
def tools(tmp_path: Path) -> EmbeddingStore:
    return EmbeddingStore(tmp_path / "embeddings.sqlite3")
