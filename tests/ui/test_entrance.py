"""The entrance by itself, without a browser: who counts as present, and what is asked."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

import ui.rate
from core.rating.campaigns import pause_campaign
from core.rating.design import Audience
from core.rating.invites import create_invites
from db.engine import Database
from tests.building import ACTOR
from tests.core.rating.raters import opened
from tests.ui.studio_pages import studio
from ui.rate.presence import Presence

PAGE = Path(ui.rate.__file__).parent / "page.py"


@pytest.fixture(autouse=True)
def _on_that_store(database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with studio(database, monkeypatch):
        yield


@pytest.fixture
def present(monkeypatch: pytest.MonkeyPatch) -> Presence:
    """Whom the pages of one test see."""
    presence = Presence()
    for module in ("entrance", "session"):
        monkeypatch.setattr(f"ui.rate.{module}.presence", presence)
    return presence


def entered(**query: str) -> AppTest:
    page = AppTest.from_file(str(PAGE), default_timeout=30)
    for name, value in query.items():
        page.query_params[name] = value
    page.run()
    assert not page.exception
    return page


@pytest.mark.parametrize("parameter", ["campaign", "invite", "session"])
def test_a_link_that_leads_nowhere_takes_no_place(present: Presence, parameter: str) -> None:
    for number in range(3):
        assert entered(**{parameter: f"made-up-{number}"}).info
    assert present.count() == 0


def test_a_campaign_that_lets_nobody_in_takes_no_place(
    database: Database, present: Presence
) -> None:
    campaign = opened(database)
    pause_campaign(database, campaign.id, ACTOR)
    entered(campaign=campaign.link_token)
    assert present.count() == 0


def test_whoever_comes_by_a_link_that_is_known_takes_one(
    database: Database, present: Presence
) -> None:
    page = entered(campaign=opened(database).link_token)
    page.run()
    assert present.count() == 1
    invited = opened(database, audience=Audience.EXPERTS)
    (invite,) = create_invites(database, invited.id, "nurse", [None], ACTOR)
    entered(invite=invite.token)
    assert present.count() == 2


@pytest.mark.parametrize("language", ["en", "de"])
def test_the_proof_of_humanity_is_one_field_in_the_pages_language(
    database: Database, language: str
) -> None:
    campaign = opened(database, audience=Audience.OPEN, language=language)
    (field,) = entered(campaign=campaign.link_token).text_input
    assert field.label == {"en": "Your answer", "de": "Ihre Antwort"}[language]
