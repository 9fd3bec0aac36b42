"""SEM-BLEU over 300 responses against 10 references each, beside the bare library calls.

The comparison does the least that the definition asks for: one batched ``encode`` of the distinct
texts, and one plain sacrebleu call for each of the 3,000 pairs. Measured is processor time; both
run in one process, twice in turn after a warm-up, on the same texts.
"""

import random
import time

from sacrebleu.metrics.bleu import BLEU

from core.judges.base import JudgedResponse
from core.judges.embedding import BATCH_SIZE, _model, embed
from core.judges.methods.sem_bleu import SemBleu

RESPONSES, REFERENCES, TEST_CASES, WORDS = 300, 10, 10, 120
ROUNDS = 2
_TEXT = (
    "today you plan meeting report finish goal week morning good work review task team draft send "
    "call read write run rest focus great start keep moving forward with your the a to and of for "
    "budget speech train talk bug change release version exam chapter dentist garden rent health"
)
_WORDS = tuple(_TEXT.split())


def main() -> None:
    """Print both times and their ratio."""
    responses = _responses(random.Random(7))  # noqa: S311  repeatable texts, no secrets
    embed(["warm up"])
    ours: list[float] = []
    bare: list[float] = []
    for _ in range(ROUNDS):
        bare.append(_cpu_seconds(lambda: _bare(responses)))
        ours.append(_cpu_seconds(lambda: SemBleu().score(responses)))
    print(f"SEM-BLEU: ours {min(ours):.2f} s of CPU, bare library calls {min(bare):.2f} s")
    print(f"SEM-BLEU: ratio {min(ours) / min(bare):.2f} (at most 1.2 is wanted)")


def _cpu_seconds(work: object) -> float:
    assert callable(work)
    began = time.process_time()
    work()
    return time.process_time() - began


def _bare(responses: list[JudgedResponse]) -> float:
    distinct = list({text for one in responses for text in (one.text, *one.references)})
    _model().encode(distinct, batch_size=BATCH_SIZE, show_progress_bar=False)
    bleu = BLEU(effective_order=True)
    return sum(
        bleu.sentence_score(one.text, [reference]).score
        for one in responses
        for reference in one.references
    )


def _responses(rng: random.Random) -> list[JudgedResponse]:
    def text() -> str:
        return " ".join(rng.choices(_WORDS, k=WORDS))

    references = [tuple(text() for _ in range(REFERENCES)) for _ in range(TEST_CASES)]
    return [
        JudgedResponse(
            response_id=str(number),
            prompt="",
            text=text(),
            rubric_question="",
            references=references[number % TEST_CASES],
        )
        for number in range(RESPONSES)
    ]


if __name__ == "__main__":
    main()
