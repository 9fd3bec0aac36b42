"""Every module in the folder of methods is a judge, by its name."""

import subprocess
import sys

import pytest

from core.errors import NotFoundError
from core.judges.base import LLMJudge, MeasuringJudge
from core.judges.registry import judge_named, judges

OF_THE_PAPER = {
    "scorer": "Scorer",
    "comparer": "Comparer",
    "comparer_nr": "Comparer-NR",
    "multi_choice_selector": "Multi-choice selector",
    "tf_idf": "TF-IDF",
    "sbert": "SBERT",
    "use_qa": "USE-QA",
    "openai_embeddings": "OpenAI embeddings",
    "sem_bleu": "SEM-BLEU",
}


def test_the_papers_nine_methods_are_found() -> None:
    assert {name: judges()[name].label for name in OF_THE_PAPER} == OF_THE_PAPER


def test_judges_come_by_their_names_in_the_order_of_their_labels() -> None:
    labels = [judge.label for judge in judges().values()]
    assert labels == sorted(labels, key=str.casefold)
    assert all(judge.name == name for name, judge in judges().items())


def test_each_judge_is_of_one_kind_and_says_what_it_is() -> None:
    for judge in judges().values():
        assert isinstance(judge, LLMJudge) != isinstance(judge, MeasuringJudge)
        assert judge.scale.minimum < judge.scale.maximum
        assert (type(judge).__doc__ or "").strip()


def test_every_option_of_every_judge_has_a_title_and_a_description() -> None:
    for judge in judges().values():
        for name, field in type(judge.options).model_fields.items():
            assert field.title, f"{judge.name}.{name}"
            assert field.description, f"{judge.name}.{name}"


def test_a_judge_is_found_by_its_name() -> None:
    assert judge_named("sem_bleu").label == "SEM-BLEU"


def test_an_unknown_judge_is_refused_with_the_choice() -> None:
    with pytest.raises(NotFoundError) as raised:
        judge_named("nobody")
    assert str(raised.value) == (
        f"There is no judge 'nobody'; choose one of {', '.join(judges())}."
    )


def test_finding_the_judges_loads_no_heavy_library() -> None:
    code = (
        "import sys; from core.judges.registry import judges; judges(); "
        "print([name for name in ('torch', 'sentence_transformers', 'tensorflow') "
        "if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
