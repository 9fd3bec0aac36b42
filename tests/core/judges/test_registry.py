"""Every module in the folder of methods is a judge, by its name."""

import subprocess
import sys

import pytest

from core.errors import NotFoundError
from core.judges.base import LLMJudge, SimilarityJudge
from core.judges.registry import judge_named, judges


def test_both_judges_are_found_in_the_order_of_their_labels() -> None:
    assert list(judges()) == ["gpt_scorer", "sem_bleu"]
    assert [judge.label for judge in judges().values()] == ["GPT-Scorer", "SEM-BLEU"]


def test_each_judge_is_of_one_kind() -> None:
    for judge in judges().values():
        assert isinstance(judge, LLMJudge) != isinstance(judge, SimilarityJudge)
        assert judge.scale.minimum < judge.scale.maximum


def test_a_judge_is_found_by_its_name() -> None:
    assert judge_named("sem_bleu").label == "SEM-BLEU"


def test_an_unknown_judge_is_refused_with_the_choice() -> None:
    with pytest.raises(NotFoundError) as raised:
        judge_named("nobody")
    assert str(raised.value) == "There is no judge 'nobody'; choose one of gpt_scorer, sem_bleu."


def test_finding_the_judges_loads_no_heavy_library() -> None:
    code = (
        "import sys; from core.judges.registry import judges; judges(); "
        "print([name for name in ('torch', 'sentence_transformers') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
