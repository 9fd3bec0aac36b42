"""Where the truth is known, good judges find the bad models, and it is said which do not."""

from pathlib import Path

import pytest

from core.analysis.calibration.standing import Standing
from db.engine import Database
from tests.building import Sandbox
from tests.known_truth import known_truth

GOOD, RANDOM = "openai/stand-in-judge-good", "openai/stand-in-judge-random"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_good_judge_finds_the_bad_models_and_a_random_one_is_said_not_to(
    database: Database, sandbox: Sandbox, tmp_path: Path
) -> None:
    truth = known_truth(database, sandbox, tmp_path, cases=6)
    truth.rate(raters=8)
    truth.judge("scorer", GOOD, RANDOM)
    truth.judge("multi_choice_selector", GOOD, both_orders=True)
    truth.judge("openai_embeddings", "openai/stand-in-embedding")
    truth.judge("bleu")
    found = truth.standings()["standing"].to_dict()
    assert found[f"Scorer by {GOOD}"] == Standing.FINDS_THE_BAD_MODELS
    assert found[f"Scorer by {RANDOM}"] == Standing.DOES_NOT
    assert len(found) == 5
