"""BLEU agrees with its definition by hand, and with sacrebleu's own function."""

import math

import pytest
import sacrebleu
from hypothesis import given
from hypothesis import strategies as st

from core.embeddings import EmbeddingStore
from core.judges.methods.bleu import JUDGE
from core.judges.similarity.bleu import bleu_signature, reference_bleus
from tests.core.judges.measuring import judged, score_of

WORDS = st.lists(
    st.sampled_from(["the", "a", "cat", "dog,", "on.", "mat", "3.5", "&amp;", "The"]), max_size=12
)


def test_a_hand_made_example_is_exact(tools: EmbeddingStore) -> None:
    # 5 of 6 words, 3 of 5 pairs, 1 of 4 triples, none of 3 fours: half a match by smoothing.
    result = score_of(JUDGE, tools, judged("the cat is on the mat", "the cat sat on the mat"))
    assert result.value == pytest.approx((5 / 6 * 3 / 5 * 1 / 4 * 0.5 / 3) ** 0.25, abs=1e-12)
    assert result.raw == pytest.approx(100 * result.value, abs=1e-9)


def test_a_short_response_is_measured_by_what_it_can_have_and_pays_for_its_brevity(
    tools: EmbeddingStore,
) -> None:
    # Both words and the pair match; the reference is three times as long.
    result = score_of(JUDGE, tools, judged("the cat", "the cat sat on the mat"))
    assert result.value == pytest.approx(math.exp(1 - 6 / 2), abs=1e-12)


@given(WORDS, WORDS, st.text(max_size=40))
def test_it_is_what_sacrebleu_gives_for_a_sentence(
    response: list[str], reference: list[str], other: str
) -> None:
    text, references = " ".join(response), (" ".join(reference), other)
    [bleus] = reference_bleus([judged(text, *references)])
    expected = [sacrebleu.sentence_bleu(text, [one]).score for one in references]
    assert bleus == pytest.approx(expected, abs=1e-9)


def test_the_signature_is_sacrebleus(tools: EmbeddingStore) -> None:
    metric = sacrebleu.BLEU(effective_order=True)
    metric.corpus_score(["a text"], [["a text"]])
    assert bleu_signature() == str(metric.get_signature())
    assert JUDGE.configuration()["signature"] == bleu_signature()
    assert score_of(JUDGE, tools, judged("a", "b")).details["signature"] == bleu_signature()
