"""What a study has to be rated."""

import pytest

from core.errors import NotFoundError
from core.rating.design import CampaignDesign, Protocol
from core.rating.material import CHARACTERS_PER_WORD, count_naming_a_model, material_of
from core.studies.template import render
from db.engine import Database
from db.tables import CallStatus, Subject
from tests.building import decide, keys_of, make_study, store_responses


def test_only_finished_responses_that_are_not_excluded_are_material(database: Database) -> None:
    content = make_study(database, cases=3, samples=2)
    keys = keys_of(content)
    rows = store_responses(database, content, keys[:-2], text=lambda number: "x" * 60)
    store_responses(database, content, keys[-2:], status=CallStatus.FAILED)
    decide(database, Subject.RESPONSE, rows[0].id)
    found = material_of(database, content.study.id)
    assert (found.models, found.test_cases, found.samples) == (3, 3, 2)
    assert (found.responses, found.missing) == (15, 3)
    assert found.has_reference
    assert found.words_of_response == pytest.approx(60 / CHARACTERS_PER_WORD)


def test_a_pair_has_two_responses_to_read_and_one_task(database: Database) -> None:
    content = make_study(database, cases=1)
    store_responses(database, content, text=lambda number: "x" * 120)
    found = material_of(database, content.study.id)
    task = len(render(content.template.text, content.test_cases[0].values)) / CHARACTERS_PER_WORD
    score, pair = (
        found.words_per_item(CampaignDesign(protocol=one))
        for one in (Protocol.SCORE, Protocol.PAIR)
    )
    assert score == pytest.approx(task + 20)
    assert pair == pytest.approx(task + 40)


def test_responses_that_name_a_model_of_the_study_are_counted(database: Database) -> None:
    texts = ("I am stand-in-7b:q4, a model by Ollama.", "As STAND_IN_3B said.", "I am gpt-9.")
    content = make_study(database)
    rows = store_responses(
        database, content, text=lambda number: texts[number % 3] if number < 4 else "Call."
    )
    assert count_naming_a_model(database, content) == 3
    decide(database, Subject.RESPONSE, rows[0].id)
    assert count_naming_a_model(database, content) == 2


def test_a_study_without_responses_has_no_words(database: Database) -> None:
    content = make_study(database, reference=None)
    found = material_of(database, content.study.id)
    assert (found.models, found.test_cases, found.samples, found.responses) == (0, 0, 0, 0)
    assert not found.has_reference
    assert found.words_per_item(CampaignDesign()) is None
    with pytest.raises(NotFoundError, match="no study"):
        material_of(database, "nowhere")
