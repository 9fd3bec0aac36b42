"""SEM-BLEU: the arithmetic mean of SBERT cosine and BLEU against the reference's responses, 0 to 1.

The paper's combined similarity (section IV). For each reference response
``(max(0, cosine) + BLEU) / 2``; the score is the mean of that over the references. BLEU is
sacrebleu's sentence BLEU with effective order and exponential smoothing, tokenizer 13a, cased,
divided by 100. A response that is itself the reference's is measured against the others.
"""

from collections.abc import Sequence
from functools import cache
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from core.judges.base import JudgedResponse, Scale, Score, Unscored
from core.judges.embedding import Vectors, embed, embedding_configuration, is_cut

if TYPE_CHECKING:
    from sacrebleu.metrics.bleu import BLEU


class SemBleu:
    """Nearness to the reference in meaning and in words, 0 to 1."""

    name = "sem_bleu"
    label = "SEM-BLEU"
    scale = Scale(0, 1)

    def configuration(self) -> dict[str, Any]:
        """See `core.judges.base.SimilarityJudge.configuration`."""
        return {
            "embedding": embedding_configuration(),
            "bleu": {
                "sacrebleu": version("sacrebleu"),
                "tokenizer": "13a",
                "smoothing": "exp",
                "effective_order": True,
                "case": "mixed",
            },
            "references": "mean over references, the judged response left out",
        }

    def score(self, responses: Sequence[JudgedResponse]) -> list[Score | Unscored]:
        """See `core.judges.base.SimilarityJudge.score`."""
        comparable = [one for one in responses if one.references]
        texts = [text for one in comparable for text in (one.text, *one.references)]
        vectors = embed(texts) if texts else {}
        cut = dict(zip(texts, is_cut(texts), strict=True)) if texts else {}
        return [_score(one, vectors, cut) for one in responses]


def _score(
    response: JudgedResponse, vectors: dict[str, Vectors], cut: dict[str, bool]
) -> Score | Unscored:
    if not response.references:
        return Unscored(
            "no_reference",
            "There is no other response of the reference to compare with; generate more samples.",
        )
    cosines = [_cosine(vectors[response.text], vectors[other]) for other in response.references]
    bleus = [_bleu_of(response.text, other) for other in response.references]
    count = len(response.references)
    cosine, bleu = sum(cosines) / count, sum(bleus) / count
    return Score(
        value=(cosine + bleu) / 2,
        details={
            "sbert_cosine": cosine,
            "bleu": bleu,
            "references": count,
            "cut": any(cut[text] for text in (response.text, *response.references)),
        },
    )


def _cosine(one: Vectors, other: Vectors) -> float:
    return min(1.0, max(0.0, float(one @ other)))


def _bleu_of(text: str, reference: str) -> float:
    # Rounding can lift an identical text a hair above 100.
    return min(1.0, _bleu().sentence_score(text, [reference]).score / 100)


@cache
def _bleu() -> "BLEU":
    from sacrebleu.metrics.bleu import BLEU

    return BLEU(effective_order=True, smooth_method="exp", tokenize="13a")


JUDGE = SemBleu()
