"""SBERT: the cosine between sentence embeddings of a response and of the reference's.

Reimers and Gurevych 2019, https://arxiv.org/abs/1908.10084. A negative cosine scores 0; the raw
value is the cosine.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from core.judges.base import JudgedResponse, Score, Tools, Unscored
from core.judges.similarity.cosines import distinct_texts, reference_cosines
from core.judges.similarity.references import SimilarityJudge, cosine_score
from core.judges.similarity.sentences import SentenceEmbedder, SentenceOptions, are_cut


@dataclass(frozen=True)
class Sbert(SimilarityJudge):
    """How near in meaning a response is to the reference's, by sentence embeddings."""

    name = "sbert"
    label = "SBERT"
    options: SentenceOptions = field(default_factory=SentenceOptions)

    def method(self) -> dict[str, Any]:
        """See `SimilarityJudge.method`."""
        return {
            "embedding": SentenceEmbedder(self.options.model).configuration(),
        }

    def measure(self, responses: Sequence[JudgedResponse], tools: Tools) -> list[Score | Unscored]:
        """See `SimilarityJudge.measure`."""
        model = self.options.model
        cosines = reference_cosines(responses, partial(tools.vectors, SentenceEmbedder(model)))
        cut = are_cut(model, distinct_texts(responses))
        return [
            cosine_score(
                of_one,
                self.options.aggregation,
                {"cut": any(cut[text] for text in (response.text, *response.references))},
            )
            for response, of_one in zip(responses, cosines, strict=True)
        ]


JUDGE = Sbert()
