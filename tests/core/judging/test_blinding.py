"""A response that tells who wrote it is found, and one that only speaks of the world is not."""

from time import process_time

import pytest
from sqlmodel import select

from core.judging.blinding import named_models, responses_that_name_models
from db.engine import Database
from db.tables import Response
from tests.building import make_study, store_responses


@pytest.mark.parametrize(
    ("text", "model", "names"),
    [
        ("As Mistral, I can tell you this.", "ollama/mistral:7b-instruct", ("Mistral",)),
        ("I am ChatGPT by OpenAI.", "openai/gpt-4", ("ChatGPT", "OpenAI")),
        ("I'm Claude, an AI made by Anthropic.", "x/claude-3", ("Anthropic", "Claude")),
        ("I am an AI model developed by Google, so I cannot.", "ollama/gemma:7b", ("Google",)),
        ("I am a language model trained by Microsoft.", "ollama/phi", ("Microsoft",)),
        ("I am Vicuna.", "ollama/orca:7b", ("Vicuna",)),
        ("This was written with llama2.", "ollama/llama2:7b-chat", ("llama2",)),
        ("Ask ChatGPT, then chatgpt again.", "ollama/phi", ("ChatGPT",)),
    ],
)
def test_a_name_is_found(text: str, model: str, names: tuple[str, ...]) -> None:
    assert named_models(text, model) == names


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Good morning, Sam!",
        "Call Claude about the Google ads report, and feed the llama.",
        "As a dolphin swims, so do you.",
        "The meeting with Microsoft is at three; I think that it was made by phone.",
        "I am meta about it.",
    ],
)
def test_other_texts_name_nobody(text: str) -> None:
    assert named_models(text, "ollama/mistral:7b") == ()


@pytest.mark.parametrize("piece", ["I am as ", "model ", "GPT", "word "])
def test_an_enormous_text_is_read_at_once(piece: str) -> None:
    began_s = process_time()
    named_models(piece * 50_000, "ollama/mistral:7b")
    assert process_time() - began_s < 3


def test_the_responses_of_a_study_that_name_a_model_are_listed(database: Database) -> None:
    content = make_study(database)
    store_responses(database, content)
    assert responses_that_name_models(database, content.study.id) == []
    with database.write() as session:
        named = session.exec(
            select(Response).where(Response.candidate_id == content.candidates[0].id)
        ).first()
        assert named is not None
        named.text = "As ChatGPT, I greet you."
        session.add(named)
        response_id = named.id
    [found] = responses_that_name_models(database, content.study.id)
    assert found.response_id == response_id
    assert found.names == ("ChatGPT",)
    assert found.model == content.candidates[0].model
