"""Sentence BLEU by sacrebleu, against many references of which each is read once.

Papineni et al. 2002, https://aclanthology.org/P02-1040. It is what ``sentence_score`` of
``BLEU(effective_order=True, smooth_method="exp", tokenize="13a")`` gives for a text and one
reference, but n-grams are counted once a text, not once a pair.
"""

from collections import Counter
from collections.abc import Sequence
from functools import cache
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from core.judges.base import JudgedResponse

if TYPE_CHECKING:
    from sacrebleu.metrics.bleu import BLEU

MAX_ORDER = 4
SMOOTHING = "exp"
TOKENIZER = "13a"

NGrams = tuple["Counter[tuple[str, ...]]", int]
"""How often each n-gram of 1 to 4 tokens occurs, and how many tokens there are."""


def bleu_configuration() -> dict[str, Any]:
    """What can change a BLEU, with sacrebleu's signature."""
    return {"sacrebleu": version("sacrebleu"), "signature": bleu_signature()}


def bleu_signature() -> str:
    """What sacrebleu calls its signature; one reference a pair, each pair by itself."""
    return (
        f"nrefs:1|case:mixed|eff:yes|tok:{TOKENIZER}|smooth:{SMOOTHING}"
        f"|version:{version('sacrebleu')}"
    )


def reference_bleus(responses: Sequence[JudgedResponse]) -> list[list[float]]:
    """For each response, its BLEU against each of its references, 0 to 100."""
    references = {
        text: _ngrams(text) for one in responses for text in dict.fromkeys(one.references)
    }
    results = []
    for one in responses:
        ngrams = _ngrams(one.text)
        results.append([_sentence_bleu(ngrams, references[text]) for text in one.references])
    return results


def _ngrams(text: str) -> NGrams:
    from sacrebleu.metrics.helpers import extract_all_word_ngrams

    return extract_all_word_ngrams(_metric().tokenizer(text.rstrip()), 1, MAX_ORDER)


def _sentence_bleu(response: NGrams, reference: NGrams) -> float:
    counts, length = response
    reference_counts, reference_length = reference
    correct = [0] * MAX_ORDER
    for ngram in counts.keys() & reference_counts.keys():
        correct[len(ngram) - 1] += min(counts[ngram], reference_counts[ngram])
    return (
        _metric()
        .compute_bleu(
            correct=correct,
            total=[max(0, length - order) for order in range(MAX_ORDER)],
            sys_len=length,
            ref_len=reference_length,
            smooth_method=SMOOTHING,
            effective_order=True,
            max_ngram_order=MAX_ORDER,
        )
        .score
    )


@cache
def _metric() -> "BLEU":
    from sacrebleu.metrics.bleu import BLEU

    return BLEU(effective_order=True, smooth_method=SMOOTHING, tokenize=TOKENIZER)
