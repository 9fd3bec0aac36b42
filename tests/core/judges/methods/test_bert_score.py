"""BERTScore agrees with its authors' package on the same weights."""

import pytest

from core.embeddings import EmbeddingStore
from core.errors import InvalidInputError
from core.judges.base import configured
from core.judges.methods.bert_score import JUDGE
from core.judges.similarity.models import MINILM, folder
from tests.core.judges.measuring import FROM_NEAR_TO_FAR, REFERENCE, UNRELATED, judged, score_of

pytestmark = pytest.mark.similarity


@pytest.mark.parametrize("layer", [6, 3])
def test_precision_recall_and_f1_are_those_of_the_authors_package(
    tools: EmbeddingStore, layer: int
) -> None:
    import bert_score

    texts = [*FROM_NEAR_TO_FAR, "Yes", "word " * 600, "\U0001f600"]
    judge = configured(JUDGE, {"layer": layer})
    for text in texts:
        # One at a time: the package's padding would stand in for a match below 0.
        figures = bert_score.score(
            [text], [REFERENCE], model_type=str(folder(MINILM)), num_layers=layer, device="cpu"
        )
        result = score_of(judge, tools, judged(text, REFERENCE))
        found = (result.details["precision"], result.details["recall"], result.raw)
        assert found == pytest.approx([float(one[0]) for one in figures], abs=1e-6)


def test_an_empty_text_matches_nothing(tools: EmbeddingStore) -> None:
    assert score_of(JUDGE, tools, judged("", REFERENCE)).value == 0
    assert score_of(JUDGE, tools, judged(" ", REFERENCE)).value == 0


def test_what_is_longer_than_512_tokens_is_cut_and_flagged(tools: EmbeddingStore) -> None:
    assert score_of(JUDGE, tools, judged("word " * 510, REFERENCE)).details["cut"] is False
    assert score_of(JUDGE, tools, judged("word " * 511, REFERENCE)).details["cut"] is True


def test_a_layer_that_the_model_does_not_have_is_one_sentence(tools: EmbeddingStore) -> None:
    with pytest.raises(InvalidInputError) as raised:
        configured(JUDGE, {"layer": 7}).score([judged(REFERENCE, UNRELATED)], tools)
    assert str(raised.value) == (
        "The model 'all-MiniLM-L6-v2' has no layer 7; name one from 1 to 6."
    )


def test_layer_and_model_are_part_of_the_configuration() -> None:
    assert JUDGE.configuration()["layer"] == 6
    assert JUDGE.configuration()["model"] == MINILM
    assert configured(JUDGE, {"layer": 5}).configuration() != JUDGE.configuration()
