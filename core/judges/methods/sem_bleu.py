"""SEM-BLEU: the arithmetic mean of SBERT cosine and BLEU.

The paper's combined similarity (section IV-B3). For each reference response
``(max(0, cosine) + BLEU) / 2`` with both parts as the judges SBERT and BLEU have them, then the
mean of that over the references or the greatest.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from core.judges.base import JudgedResponse, Score, Tools, Unscored
from core.judges.similarity.bleu import bleu_configuration, bleu_signature, reference_bleus
from core.judges.similarity.cosines import distinct_texts, reference_cosines
from core.judges.similarity.references import SimilarityJudge, aggregated, nearness
from core.judges.similarity.sentences import SentenceEmbedder, SentenceOptions, are_cut


@dataclass(frozen=True)
class SemBleu(SimilarityJudge):
    """How near a response is to the reference's, in meaning and in words together."""

    name = "sem_bleu"
    label = "SEM-BLEU"
    options: SentenceOptions = field(default_factory=SentenceOptions)

    def method(self) -> dict[str, Any]:
        """See `SimilarityJudge.method`."""
        return {
            "embedding": SentenceEmbedder(self.options.model).configuration(),
            "bleu": bleu_configuration(),
        }

    def measure(self, responses: Sequence[JudgedResponse], tools: Tools) -> list[Score | Unscored]:
        """See `SimilarityJudge.measure`."""
        model, aggregation = self.options.model, self.options.aggregation
        cosines = reference_cosines(responses, partial(tools.vectors, SentenceEmbedder(model)))
        cut = are_cut(model, distinct_texts(responses))
        results: list[Score | Unscored] = []
        for response, of_one, bleus in zip(
            responses, cosines, reference_bleus(responses), strict=True
        ):
            meanings = [max(0.0, float(cosine)) for cosine in of_one]
            means = [
                (meaning + bleu / 100) / 2 for meaning, bleu in zip(meanings, bleus, strict=True)
            ]
            details = {
                "sbert": aggregated(meanings, aggregation),
                "bleu": aggregated(bleus, aggregation),
                "signature": bleu_signature(),
                "cut": any(cut[text] for text in (response.text, *response.references)),
            }
            results.append(nearness(means, means, aggregation, details))
        return results


JUDGE = SemBleu()
