"""What the component of an item is given."""

from typing import Any

from core.rating.design import Protocol
from core.rating.views import ItemView
from core.studies.rubric import Rubric, single_question
from ui.rate.item import data_of
from ui.rate.texts import texts


def shown_question(language: str, protocol: Protocol, rubric: Rubric | None = None) -> Any:
    item = ItemView(
        item_id="a" * 32,
        number=1,
        total=2,
        protocol=protocol,
        rubric=rubric or Rubric(),
        task="Write.",
        responses=("One.", "Two."),
        minutes_left=1,
    )
    return data_of(item, texts(language))["rubric"]["criteria"][0]["question"]


def test_a_question_that_nobody_wrote_is_asked_in_the_pages_language_and_protocol() -> None:
    assert shown_question("en", Protocol.SCORE).startswith("How good is this response?")
    assert shown_question("en", Protocol.PAIR).startswith("Which response is better")
    assert shown_question("de", Protocol.SCORE).startswith("Wie gut ist diese Antwort?")
    assert shown_question("de", Protocol.PAIR).startswith("Welche Antwort ist besser")


def test_a_question_that_somebody_wrote_is_asked_as_it_is() -> None:
    own = single_question("Is it kind?")
    assert shown_question("de", Protocol.PAIR, own) == "Is it kind?"
