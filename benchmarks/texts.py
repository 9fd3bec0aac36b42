"""Responses of the length of a pep talk, the same in every run."""

import random

from core.judges.base import JudgedResponse

MODELS, TEST_CASES, SAMPLES, REFERENCES = 29, 10, 10, 10
WORDS = 70
_TEXT = (
    "today you plan meeting report finish goal week morning good work review task team draft send "
    "call read write run rest focus great start keep moving forward with your the a to and of for "
    "budget speech train talk bug change release version exam chapter dentist garden rent health"
)
_WORDS = tuple(_TEXT.split())


def study(models: int = MODELS) -> list[JudgedResponse]:
    """Every model's samples for every test case, each beside the references of its case."""
    rng = random.Random(7)  # noqa: S311  repeatable texts, no secrets

    def text() -> str:
        return " ".join(rng.choices(_WORDS, k=rng.randint(WORDS - 25, WORDS + 25)))

    responses = []
    for case in range(TEST_CASES):
        references = tuple(text() for _ in range(REFERENCES))
        texts = [text() for _ in range(models * SAMPLES)]
        corpus = (*texts, *references)
        responses += [
            JudgedResponse(f"{case}-{place}", "", one, references, corpus)
            for place, one in enumerate(texts)
        ]
    return responses
