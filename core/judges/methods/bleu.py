"""BLEU: the words and phrases that a response shares with a reference.

Papineni et al. 2002, https://aclanthology.org/P02-1040; sentence BLEU by sacrebleu with effective
order, exponential smoothing, tokenizer 13a, cased. The raw value is sacrebleu's, 0 to 100.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from core.judges.base import JudgedResponse, Score, Tools, Unscored
from core.judges.similarity.bleu import bleu_configuration, bleu_signature, reference_bleus
from core.judges.similarity.references import SimilarityJudge, nearness


@dataclass(frozen=True)
class Bleu(SimilarityJudge):
    """How many words and phrases a response shares with the reference's responses."""

    name = "bleu"
    label = "BLEU"

    def method(self) -> dict[str, Any]:
        """See `SimilarityJudge.method`."""
        return bleu_configuration()

    def measure(self, responses: Sequence[JudgedResponse], tools: Tools) -> list[Score | Unscored]:
        """See `SimilarityJudge.measure`."""
        details = {"signature": bleu_signature()}
        return [
            nearness([one / 100 for one in bleus], bleus, self.options.aggregation, details)
            for bleus in reference_bleus(responses)
        ]


JUDGE = Bleu()
