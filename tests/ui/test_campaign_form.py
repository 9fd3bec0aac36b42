"""The form of a new campaign, without a browser: every choice is drawn, tables become items."""

from collections.abc import Iterator
from typing import Any

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from core.errors import InvalidInputError
from core.rating.controls import GoldItem
from core.rating.design import PLATFORMS, Audience, CampaignDesign, PairsOf, Protocol, design_of
from db.engine import Database
from db.repositories.studies import VersionContent
from db.tables import Campaign
from tests.building import all_rows, make_study, rows_of, store_responses
from tests.ui.studio_pages import VIEWS, studio
from ui.studio.campaigns.checks_form import gold_item_of, question_of


@pytest.fixture(autouse=True)
def _signed_in(database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with studio(database, monkeypatch):
        yield


def form(content: VersionContent) -> AppTest:
    page = AppTest.from_file(str(VIEWS / "campaigns.py"), default_timeout=30)
    page.session_state["study_choice"] = content.study.name
    page.run()
    assert not page.exception
    return page


def ready(database: Database, **study: Any) -> VersionContent:
    content = make_study(database, cases=5, **study)
    store_responses(database, content)
    return content


def figures(page: AppTest) -> dict[str, str]:
    return {metric.label: str(metric.value) for metric in page.metric}


def said(page: AppTest) -> str:
    return "\n".join(one.value for one in (*page.markdown, *page.warning, *page.info, *page.error))


def test_every_choice_of_audience_platform_protocol_and_language_is_drawn(
    database: Database,
) -> None:
    content = ready(database)
    page, key = form(content), content.version.id
    for audience in Audience:
        page.radio(key=f"audience_{key}").set_value(audience).run()
        assert not page.exception
    page.radio(key=f"audience_{key}").set_value(Audience.CROWD).run()
    for platform in PLATFORMS:
        page.selectbox(key=f"platform_{key}").set_value(platform).run()
        assert not page.exception
    page.selectbox(key=f"language_{key}").set_value("de").run()
    assert "Bewerten Sie jede Antwort" in said(page)
    page.radio(key=f"protocol_{key}").set_value(Protocol.PAIR).run()
    assert "welche zuerst steht, ist Zufall" in said(page)
    for kind in ("attention", "gold_items", "known_bad"):
        page.number_input(key=f"{kind}_{key}").set_value(1).run()
        assert not page.exception


def test_pairs_with_the_reference_are_fewer_than_all_pairs(database: Database) -> None:
    content = ready(database)
    page, key = form(content), content.version.id
    assert figures(page)["Ratings needed"] == "45"
    page.radio(key=f"protocol_{key}").set_value(Protocol.PAIR).run()
    assert figures(page)["Ratings needed"] == "30"
    page.radio(key=f"pairs_{key}").set_value(PairsOf.ALL).run()
    assert figures(page)["Ratings needed"] == "45"


def test_one_test_case_has_no_expected_precision_and_the_page_says_why(database: Database) -> None:
    content = make_study(database, cases=1)
    store_responses(database, content)
    assert "one test case says nothing about other prompts" in said(form(content)).replace("\\", "")


def test_missing_responses_are_said_to_be_missing(database: Database) -> None:
    content = make_study(database, cases=2, samples=2)
    rows = store_responses(database, content)
    with database.write() as session:
        session.delete(session.get_one(type(rows[0]), rows[0].id))
    assert any("1 are missing" in caption.value for caption in form(content).caption)


def test_the_design_that_is_shown_is_the_one_that_is_opened(database: Database) -> None:
    content = ready(database)
    page, key = form(content), content.version.id
    page.number_input(key=f"overlap_{key}").set_value(4)
    page.number_input(key=f"known_bad_{key}").set_value(1)
    page.selectbox(key=f"language_{key}").set_value("de").run()
    page.button(key="open_campaign_button").click().run()
    assert not page.exception
    with database.read() as session:
        (campaign,) = rows_of(session, Campaign)
    design = design_of(campaign.design)
    assert (design.overlap, design.known_bad_items, design.language) == (4, 1, "de")
    assert campaign.link_token in page.code[0].value


def test_a_capacity_below_what_is_needed_is_warned_of(database: Database) -> None:
    content = ready(database)
    page = form(content)
    assert "are let in" not in said(page)
    page.number_input(key=f"capacity_{content.version.id}").set_value(1).run()
    assert "At most 1 sessions are let in and 4 are needed" in said(page)


def test_what_is_refused_is_one_sentence_on_the_page(database: Database) -> None:
    content = ready(database)
    page, key = form(content), content.version.id
    page.number_input(key=f"gold_items_{key}").set_value(2).run()
    page.button(key="open_campaign_button").click().run()
    assert not page.exception
    assert "2 gold items a session need as many texts" in page.error[0].value


def test_a_row_of_the_table_becomes_a_gold_item() -> None:
    row: dict[str, Any] = {
        "test case": "case 1", "text": " Good. ", "feedback": None, "least": 7, "most": 10,
    }  # fmt: skip
    assert gold_item_of(row, {"case 1": "id"}, Protocol.SCORE) == GoldItem(
        test_case_id="id", text="Good.", minimum=7, maximum=10
    )
    empty = row | {"least": pd.NA, "most": None, "test case": None}
    assert gold_item_of(empty, {}, Protocol.SCORE) == GoldItem(test_case_id="", text="Good.")
    pair = row | {"it is": "the worse one", "feedback": "It is cut short."}
    assert gold_item_of(pair, {"case 1": "id"}, Protocol.PAIR) == GoldItem(
        test_case_id="id", text="Good.", better=False, feedback="It is cut short."
    )


def test_a_row_of_the_table_becomes_a_question_without_its_empty_options() -> None:
    row: dict[str, Any] = {
        "question": " Which end is best? ", "option 1": "0", "option 2": None,
        "option 3": "10", "option 4": "", "right": "option 3",
    }  # fmt: skip
    found = question_of(row)
    assert (found.text, found.options, found.right) == ("Which end is best?", ("0", "10"), 1)
    without = question_of(row | {"right": "option 2"})
    with pytest.raises(InvalidInputError, match="needs 2 to 8 options, one of them right"):
        CampaignDesign(comprehension=(without,)).check()


def test_responses_that_name_a_model_are_said_before_and_after_a_campaign_opens(
    database: Database,
) -> None:
    content = make_study(database, cases=5)
    texts = {3: "I am stand-in-7b:q4, a model by Ollama."}
    store_responses(database, content, text=lambda number: texts.get(number, "Call the dentist."))
    page = form(content)
    assert "1 response names a model of this study" in said(page)
    page.button(key="open_campaign_button").click().run()
    assert all_rows(database, Campaign)
    assert "1 response names a model of this study" in said(form(content))
    assert "a model of this study" not in said(form(ready(database)))
