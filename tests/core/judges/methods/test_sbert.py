"""SBERT agrees with the same weights run by hand, and needs no network for them."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from core.embeddings import EmbeddingStore
from core.errors import InvalidInputError
from core.judges.base import MeasuringJudge, configured
from core.judges.methods.bert_score import JUDGE as BERT_SCORE
from core.judges.methods.sbert import JUDGE
from core.judges.similarity.models import MINILM, folder
from tests.core.judges.measuring import FROM_NEAR_TO_FAR, REFERENCE, judged, score_of

pytestmark = pytest.mark.similarity


def cosine_by_hand(text: str, reference: str) -> float:
    """The mean of the last layer's tokens, by plain transformers, one text at a time."""
    import torch
    from transformers import AutoModel, AutoTokenizer

    path = str(folder(MINILM))
    tokenizer, network = AutoTokenizer.from_pretrained(path), AutoModel.from_pretrained(path)
    vectors = []
    for one in (text, reference):
        tokens = tokenizer(one, return_tensors="pt", truncation=True, max_length=256)
        with torch.inference_mode():
            vectors.append(network(**tokens).last_hidden_state[0].mean(dim=0).double())
    return float(torch.nn.functional.cosine_similarity(vectors[0], vectors[1], dim=0))


@pytest.mark.parametrize("text", [*FROM_NEAR_TO_FAR, "", "word " * 400])
def test_the_raw_value_is_the_cosine_of_the_mean_tokens(tools: EmbeddingStore, text: str) -> None:
    result = score_of(JUDGE, tools, judged(text, REFERENCE))
    expected = cosine_by_hand(text, REFERENCE)
    assert result.raw == pytest.approx(expected, abs=1e-6)
    assert result.value == pytest.approx(max(0, expected), abs=1e-6)


def test_a_negative_cosine_scores_nothing_and_stays_as_the_raw_value(tools: EmbeddingStore) -> None:
    result = score_of(JUDGE, tools, judged("SELECT * FROM t;", "Sweet dreams, grandmother."))
    assert result.raw is not None
    assert result.raw < 0
    assert result.value == 0


def test_a_text_longer_than_the_model_reads_is_flagged(tools: EmbeddingStore) -> None:
    fits, long = "word " * 254, "word " * 255
    assert score_of(JUDGE, tools, judged(long, REFERENCE)).details["cut"] is True
    assert score_of(JUDGE, tools, judged(REFERENCE, long)).details["cut"] is True
    assert score_of(JUDGE, tools, judged(fits, REFERENCE)).details["cut"] is False


def test_another_model_is_taken_from_its_folder_and_makes_another_judge(
    tools: EmbeddingStore, tmp_path: Path
) -> None:
    copy = tmp_path / "a copy"
    shutil.copytree(folder(MINILM), copy)
    judge = configured(JUDGE, {"model": str(copy)})
    before = judge.configuration()
    assert before != JUDGE.configuration()
    ours = score_of(JUDGE, tools, judged(FROM_NEAR_TO_FAR[1], REFERENCE))
    theirs = score_of(judge, tools, judged(FROM_NEAR_TO_FAR[1], REFERENCE))
    assert theirs.value == pytest.approx(ours.value, abs=1e-6)
    (copy / "README.md").write_text("Another version.")
    assert judge.configuration() != before


@pytest.mark.parametrize("damage", ["no folder", "no model"])
def test_a_model_that_is_not_there_is_one_sentence(
    tools: EmbeddingStore, tmp_path: Path, damage: str
) -> None:
    path = tmp_path / "model"
    if damage == "no model":
        path.mkdir()
    with pytest.raises(InvalidInputError) as raised:
        configured(JUDGE, {"model": str(path)}).score([judged("a", "b")], tools)
    assert str(path) in str(raised.value)
    assert str(raised.value).count(". ") == 0


def test_the_weights_load_in_silence_without_a_network_or_a_setting_for_it(tmp_path: Path) -> None:
    program = (
        "import os, socket, sys\n"
        "def refuse(*_, **__): print('network!'); raise OSError('no network')\n"
        "socket.getaddrinfo = socket.socket.connect = refuse\n"
        "from pathlib import Path\n"
        "from core.embeddings import EmbeddingStore\n"
        "from core.judges.methods import bert_score, sbert\n"
        "from tests.core.judges.measuring import judged, score_of\n"
        "tools = EmbeddingStore(Path(sys.argv[1]))\n"
        "score_of(sbert.JUDGE, tools, judged('a text', 'another'))\n"
        "score_of(bert_score.JUDGE, tools, judged('a text', 'another'))\n"
        "assert 'HF_HUB_OFFLINE' not in os.environ\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "e.sqlite3")],
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    assert ended.stdout + ended.stderr == ""


@pytest.mark.parametrize("judge", [JUDGE, BERT_SCORE], ids=lambda judge: judge.name)
def test_weights_that_were_replaced_in_their_folder_are_the_ones_that_measure(
    tools: EmbeddingStore, tmp_path: Path, judge: MeasuringJudge
) -> None:
    from safetensors.numpy import load_file, save_file

    copy = tmp_path / "model"
    shutil.copytree(folder(MINILM), copy)
    theirs = configured(judge, {"model": str(copy)})
    response = judged(FROM_NEAR_TO_FAR[1], REFERENCE)
    before, configuration = score_of(theirs, tools, response), theirs.configuration()
    tensors = load_file(copy / "model.safetensors")
    name = next(one for one in tensors if "word_embeddings" in one)
    tensors[name] = tensors[name][::-1].copy()
    save_file(tensors, copy / "model.safetensors", {"format": "pt"})
    assert theirs.configuration() != configuration
    assert score_of(theirs, tools, response).value != pytest.approx(before.value, abs=1e-3)
