"""The page “Rating”: a campaign is planned, opened, and looked after."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect

from core.rating.design import Audience, Protocol, design_of
from core.rating.invites import list_invites
from core.studies.service import create_study
from db.engine import Database
from db.repositories.studies import VersionContent
from db.tables import Campaign, CampaignStatus, RatingSession
from tests.building import ACTOR, definition, rows_of
from tests.core.rating.raters import completed, opened
from tests.ui.looking import look_at, study_with_responses
from tests.ui.running import Slam
from tests.ui.walking import WAIT_MS, fill, metric, pick, pictures_of, settled

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def store(slam: Slam) -> Iterator[Database]:
    database = Database(slam.store_url)
    yield database
    database.close()


def more(page: Page, part: str) -> None:
    """Choose what else of a campaign is shown."""
    page.get_by_role("radio", name=part).click()


def campaign_of(database: Database, content: VersionContent) -> Campaign:
    with database.read() as session:
        rows: list[Campaign] = rows_of(session, Campaign)
    (found,) = [one for one in rows if one.study_version_id == content.version.id]
    return found


def test_the_design_is_shown_as_it_changes_and_opened_as_it_was_shown(
    slam: Slam, page: Page, store: Database, pictures: Path | None
) -> None:
    content = study_with_responses(store)
    look_at(page, slam, content, "Rating")
    expect(metric(page, "Ratings needed")).to_have_text("45", timeout=WAIT_MS)
    settled(page)
    fill(page.get_by_label("People who rate each response"), "6")
    expect(metric(page, "Ratings needed")).to_have_text("90", timeout=WAIT_MS)
    pick(page, "Platform", "Prolific")
    expect(
        page.get_by_text("No pay is planned; Prolific does not take unpaid studies")
    ).to_be_visible(timeout=WAIT_MS)
    settled(page)
    fill(page.get_by_label("Pay a session (optional)"), "2")
    expect(metric(page, "Cost in all")).to_be_visible(timeout=WAIT_MS)
    settled(page)
    fill(page.get_by_label("Complete", exact=True), "C1AB")
    settled(page)
    expect(page.get_by_text("Expected precision: the mean difference")).to_be_visible()
    pictures_of(page, pictures, "campaign_form")
    page.get_by_role("button", name="Open campaign").click()
    code = page.get_by_test_id("stCode").first
    expect(code).to_contain_text("PROLIFIC_PID={{%PROLIFIC_PID%}}", timeout=WAIT_MS)
    design = design_of(campaign_of(store, content).design)
    assert (design.overlap, design.pay_per_session, design.platform.name) == (6, 2.0, "prolific")
    assert set(design.platform.codes.values()) == {"C1AB"}
    link = urlsplit(code.inner_text().strip())
    assert set(parse_qs(link.query)) == {"campaign", "PROLIFIC_PID", "STUDY_ID", "SESSION_ID"}
    pictures_of(page, pictures, "campaign_open")


def test_a_refused_campaign_keeps_what_was_typed_and_says_why(
    slam: Slam, page: Page, store: Database
) -> None:
    content = study_with_responses(store, cases=2)
    look_at(page, slam, content, "Rating")
    instructions = page.get_by_label("Instructions (Markdown)")
    expect(instructions).to_be_visible(timeout=WAIT_MS)
    fill(instructions, "Is it as good as stand-in-gpt-4?")
    page.get_by_role("button", name="Open campaign").click()
    expect(page.get_by_text("contains the model name 'stand-in-gpt-4'")).to_be_visible(
        timeout=WAIT_MS
    )
    expect(instructions).to_have_value("Is it as good as stand-in-gpt-4?")
    fill(instructions, "Choose the better one.")
    page.get_by_text("The better of two responses").click()
    expect(page.get_by_text("the share of comparisons that a model wins")).to_be_visible(
        timeout=WAIT_MS
    )
    page.get_by_role("button", name="Open campaign").click()
    expect(page.get_by_test_id("stCode").first).to_contain_text("?campaign=", timeout=WAIT_MS)
    campaign = campaign_of(store, content)
    assert design_of(campaign.design).protocol is Protocol.PAIR
    assert "the better one" not in campaign.instructions, "the other protocol has its own text"


def test_a_campaign_is_paused_resumed_changed_and_closed(
    slam: Slam, page: Page, store: Database
) -> None:
    content = study_with_responses(store)
    opened(store, content)
    look_at(page, slam, content, "Rating")
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("button", name="Resume")).to_be_visible(timeout=WAIT_MS)
    assert campaign_of(store, content).status is CampaignStatus.PAUSED
    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_role("button", name="Pause")).to_be_visible(timeout=WAIT_MS)
    more(page, "Schedule")
    most = page.get_by_role("spinbutton", name="Most sessions (optional)")
    fill(most.filter(visible=True), "7")
    page.get_by_role("button", name="Save schedule and capacity").click()
    expect(page.get_by_text("at most 7 sessions")).to_be_visible(timeout=WAIT_MS)
    page.get_by_role("button", name="Close this campaign").click()
    expect(page.get_by_role("button", name="Close this campaign")).to_have_count(0, timeout=WAIT_MS)
    assert campaign_of(store, content).status is CampaignStatus.CLOSED


def test_codes_and_the_proof_of_balance_are_shown_with_letters_for_models(
    slam: Slam, page: Page, store: Database, pictures: Path | None
) -> None:
    content = study_with_responses(store)
    campaign = opened(store, content, items=6)
    sessions = [completed(store, campaign) for _ in range(5)]
    with store.read() as session:
        code = session.get_one(RatingSession, sessions[0]).completion_code
    look_at(page, slam, content, "Rating")
    more(page, "Codes")
    expect(page.get_by_test_id("stDataFrame").filter(visible=True)).to_be_visible(timeout=WAIT_MS)
    fill(page.get_by_label("Check codes: paste those that people handed in"), f"NOCODE {code}")
    expect(
        page.get_by_text("Codes: 2, of which unknown: 1, pasted more than once: 0. Pay is due for")
    ).to_be_visible(timeout=WAIT_MS)
    pictures_of(page, pictures, "campaign_codes")
    more(page, "Proof of balance")
    expect(page.get_by_text(f"30 items in {len(sessions)} sessions.")).to_be_visible(
        timeout=WAIT_MS
    )
    expect(page.get_by_text("agree with the items themselves")).to_be_visible()
    main = page.get_by_test_id("stMain")
    expect(main.get_by_text("Candidate A").first).to_be_attached(timeout=WAIT_MS)
    assert not any(one.model.split("/")[1] in main.inner_text() for one in content.candidates)
    pictures_of(page, pictures, "campaign_balance")


def test_experts_are_invited_by_links_of_their_own(
    slam: Slam, page: Page, store: Database, pictures: Path | None
) -> None:
    content = study_with_responses(store)
    campaign = opened(store, content, audience=Audience.EXPERTS)
    look_at(page, slam, content, "Rating")
    more(page, "Invitations")
    expect(page.get_by_text("Nobody is invited yet.")).to_be_visible(timeout=WAIT_MS)
    page.get_by_role("textbox", name="Names, one a line").fill("Ada\n-")
    page.get_by_role("button", name="Make links").click()
    expect(page.get_by_role("button", name="Renew this link")).to_be_visible(timeout=WAIT_MS)
    assert [row.invite.name for row in list_invites(store, campaign.id)] == ["Ada", None]
    page.get_by_role("button", name="Withdraw it").click()
    expect(page.get_by_label("Invitation", exact=True)).to_be_visible(timeout=WAIT_MS)
    pictures_of(page, pictures, "campaign_invites")
    first, second = list_invites(store, campaign.id)
    assert first.invite.revoked_at is not None
    assert second.invite.revoked_at is None


def test_without_a_response_there_is_nothing_to_open(
    slam: Slam, page: Page, store: Database
) -> None:
    content = create_study(store, definition(), ACTOR)
    look_at(page, slam, content, "Rating")
    expect(page.get_by_text("There is no response to rate yet")).to_be_visible(timeout=WAIT_MS)
    expect(page.get_by_role("button", name="Open campaign")).to_have_count(0)
