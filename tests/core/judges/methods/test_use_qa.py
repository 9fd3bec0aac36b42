"""USE-QA on a small saved model with the two encoders of the real one."""

import shutil
from collections import Counter
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from core.embeddings import EmbeddingStore
from core.errors import InvalidInputError
from core.judges.base import MeasuringJudge, Score, configured
from core.judges.methods import sbert
from core.judges.methods.use_qa import JUDGE
from core.judges.similarity import models
from core.judges.similarity.answers import USE_QA
from tests.core.judges.measuring import (
    ENORMOUS,
    FROM_NEAR_TO_FAR,
    ODD_TEXTS,
    PARAPHRASE,
    PROMPT,
    REFERENCE,
    UNRELATED,
    judged,
    score_of,
)

pytestmark = pytest.mark.use

DIMENSIONS = 512
READINGS = {"question": 1, "input": 2, "context": 3}
"""How far each reading turns a word's direction."""


def save_model(folder: Path, dimensions: int = DIMENSIONS) -> None:
    """Counts of words by direction; an answer's vector has its context's words twice beside."""
    import tensorflow as tf

    def counts(texts: Any, reading: str) -> Any:
        words = tf.strings.split(texts)
        codes = tf.cast(tf.io.decode_raw(words.values, tf.uint8, fixed_length=64), tf.int32)
        places = (tf.reduce_sum(codes, axis=1) * 31 + READINGS[reading] * 7) % dimensions
        return tf.math.unsorted_segment_sum(
            tf.one_hot(places, dimensions), words.value_rowids(), words.nrows()
        )

    def question(**given: Any) -> dict[str, Any]:
        return {"outputs": tf.math.l2_normalize(counts(given["input"], "question"), axis=1)}

    def response(**given: Any) -> dict[str, Any]:
        whole = counts(given["input"], "input") + 2 * counts(given["context"], "context")
        return {"outputs": tf.math.l2_normalize(whole, axis=1)}

    def signature(encoder: Any, *names: str) -> Any:
        texts = {name: tf.TensorSpec([None], tf.string, name=name) for name in names}
        return tf.function(encoder).get_concrete_function(**texts)

    tf.saved_model.save(
        tf.Module(),
        str(folder),
        signatures={
            "question_encoder": signature(question, "input"),
            "response_encoder": signature(response, "input", "context"),
        },
    )


def counted(text: str, reading: str) -> NDArray[np.float64]:
    places = Counter(
        (sum(word.encode()) * 31 + READINGS[reading] * 7) % DIMENSIONS for word in text.split()
    )
    return np.array([places[place] for place in range(DIMENSIONS)], np.float64)


def question_by_hand(text: str) -> NDArray[np.float64]:
    vector = counted(text, "question")
    return vector / np.linalg.norm(vector)


def answer_by_hand(text: str) -> NDArray[np.float64]:
    vector = counted(text, "input") + 2 * counted(text, "context")
    return vector / np.linalg.norm(vector)


@pytest.fixture(scope="module")
def judge(tmp_path_factory: pytest.TempPathFactory) -> MeasuringJudge:
    folder = tmp_path_factory.mktemp("use-qa")
    save_model(folder)
    return configured(JUDGE, {"model": str(folder)})


@pytest.mark.parametrize("text", FROM_NEAR_TO_FAR)
def test_two_answers_are_compared_and_the_prompt_is_put_to_the_other_encoder(
    judge: MeasuringJudge, tools: EmbeddingStore, text: str
) -> None:
    references = (REFERENCE, UNRELATED)
    result = score_of(judge, tools, judged(text, *references))
    answer = answer_by_hand(text)
    cosine = np.mean([answer @ answer_by_hand(reference) for reference in references])
    assert result.raw == pytest.approx(cosine, abs=1e-6)
    assert result.value == pytest.approx(cosine, abs=1e-6)
    assert result.details["question_answer"] == pytest.approx(
        question_by_hand(PROMPT) @ answer, abs=1e-6
    )
    assert result.details["references"] == 2


def test_a_paraphrase_is_nearer_than_a_truncation_than_another_text(
    judge: MeasuringJudge, tools: EmbeddingStore
) -> None:
    batch = [judged(text, REFERENCE) for text in FROM_NEAR_TO_FAR]
    values = [one.value for one in judge.score(batch, tools) if isinstance(one, Score)]
    assert values[:4] == sorted(values[:4], reverse=True)
    assert values[0] == pytest.approx(1, abs=1e-6)


def test_odd_and_enormous_texts_get_a_finite_score(
    judge: MeasuringJudge, tools: EmbeddingStore
) -> None:
    texts = [*ODD_TEXTS.values(), ENORMOUS]
    batch = [judged(text, REFERENCE, prompt=text) for text in texts]
    for text, result in zip(texts, judge.score(batch, tools), strict=True):
        assert isinstance(result, Score), text[:50]
        assert 0 <= result.value <= 1
        assert np.isfinite(result.details["question_answer"])
        assert result.details["cut"] is (len(text) > 10_000)


def test_torch_and_tensorflow_work_in_one_process(
    judge: MeasuringJudge, tools: EmbeddingStore
) -> None:
    assert score_of(sbert.JUDGE, tools, judged(PARAPHRASE, REFERENCE)).value > 0.9
    assert score_of(judge, tools, judged(PARAPHRASE, REFERENCE)).value > 0.5
    assert score_of(sbert.JUDGE, tools, judged(UNRELATED, REFERENCE)).value < 0.5


def test_without_a_reference_it_is_unscored_and_no_model_is_loaded(tools: EmbeddingStore) -> None:
    [result] = JUDGE.score([judged(PARAPHRASE)], tools)
    assert getattr(result, "kind", None) == "no_reference"


def test_model_and_encoder_are_part_of_the_configuration(judge: MeasuringJudge) -> None:
    assert JUDGE.configuration()["model"] == USE_QA
    assert JUDGE.configuration()["encoder"] == "response_encoder"
    assert judge.configuration() != JUDGE.configuration()
    assert {"tensorflow-hub", "tensorflow-text"} <= set(JUDGE.configuration())


@pytest.mark.parametrize("kind", ["no folder", "an empty folder", "other signatures"])
def test_a_model_that_cannot_be_loaded_is_one_sentence(
    tools: EmbeddingStore, tmp_path: Path, kind: str
) -> None:
    path = tmp_path / "model"
    if kind == "an empty folder":
        path.mkdir()
    if kind == "other signatures":
        import tensorflow as tf

        tf.saved_model.save(tf.Module(), str(path))
    with pytest.raises(InvalidInputError) as raised:
        configured(JUDGE, {"model": str(path)}).score([judged("a", "b")], tools)
    assert str(raised.value).startswith(f"The model '{path}' cannot be loaded (")
    assert "\n" not in str(raised.value)


def test_without_the_extra_it_is_said_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing_installed(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(models, "version", nothing_installed)
    with pytest.raises(InvalidInputError) as raised:
        JUDGE.configuration()
    assert str(raised.value) == (
        "This judge needs the extra 'use'; run: .venv/bin/pip install -e '.[use]'."
    )


def test_a_model_that_was_replaced_in_its_folder_is_the_one_that_measures(
    judge: MeasuringJudge, tools: EmbeddingStore, tmp_path: Path
) -> None:
    folder = tmp_path / "model"
    ours = configured(JUDGE, {"model": str(folder)})
    response = judged(FROM_NEAR_TO_FAR[1], REFERENCE)
    save_model(folder)
    before = score_of(ours, tools, response)
    shutil.rmtree(folder)
    save_model(folder, dimensions=16)  # so few that words fall together
    assert score_of(ours, tools, response).value != pytest.approx(before.value, abs=1e-3)
