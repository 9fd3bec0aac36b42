"""A campaign with planted items, and a rater who reads."""

from typing import Any

from core.rating.controls import GoldItem
from core.rating.views import ItemView
from db.engine import Database
from db.tables import Campaign
from tests.building import make_study, store_responses
from tests.core.rating.raters import opened

WORDS = "Good morning and well done with number {}: three tasks are done, five are left over"


def planted_campaign(database: Database, **design: Any) -> Campaign:
    """A campaign with every kind of planted item, whose texts are long enough to spoil."""
    content = make_study(database, cases=4)
    store_responses(database, content, text=lambda number: WORDS.format(number))
    gold = (GoldItem(content.test_cases[0].id, "Rude.", 0, 3, better=False, feedback="It is."),)
    return opened(
        database, content, gold=gold, attention_items=1, gold_items=1, known_bad_items=3,
        **({"items": 12} | design),
    )  # fmt: skip


def careful(item: ItemView) -> int:
    """Does what attention items say, sees what is rude or broken off, varies otherwise."""
    text = item.responses[0]
    for value in range(1, 10):
        if f"choose {value}" in text.lower():
            return value
    if text == "Rude.":
        return 1
    return 7 + item.number % 3 if text.endswith("over") else 2
