"""Nothing that a rater's browser receives tells which model wrote a response."""

import json
import re
from urllib.request import urlopen

import pytest
from playwright.sync_api import Page, Response, WebSocket
from sqlmodel import select

from core.rating.controls import GoldItem
from core.rating.design import Protocol
from core.studies.rubric import Rubric
from db.repositories.studies import VersionContent
from db.tables import Candidate, Item, Run, Study, StudyVersion, TestCase
from db.tables import Response as ResponseRow
from tests.ui.rating import CRITERIA, opened
from tests.ui.running import Slam
from tests.ui.walking import (
    completion_code,
    enter,
    generate,
    items_in_session,
    make_study,
    open_campaign,
    rate,
    save,
    start_rating,
)

pytestmark = pytest.mark.browser


def test_a_raters_browser_receives_nothing_that_names_sorts_or_groups_by_model(
    slam: Slam, page: Page, phone: Page
) -> None:
    enter(page, slam)
    page.goto(slam.studio_url)
    make_study(page, "Blind")
    generate(page)
    link = open_campaign(page)
    received = _listen(phone)
    start_rating(phone, link)
    for number in range(items_in_session(phone)):
        rate(phone, number % 11)
    completion_code(phone)
    _check_blind(slam, "\n".join(received))


@pytest.mark.parametrize(
    ("rubric", "protocol", "choice"),
    [
        (Rubric(allows_both_bad=True), Protocol.PAIR, "B is better"),
        (CRITERIA, Protocol.PAIR, "About the same"),
        (CRITERIA, Protocol.SCORE, "7 of 0 to 10"),
    ],
    ids=["pairs", "pairs by criteria", "scores by criteria"],
)
def test_pairs_and_criteria_tell_no_more_of_the_models(
    slam: Slam, phone: Page, rubric: Rubric, protocol: Protocol, choice: str
) -> None:
    campaign = opened(
        slam, rubric=rubric, protocol=protocol, items=4, gold=_gold,
        attention_items=1, gold_items=1, known_bad_items=2, attention_failures_allowed=50,
    )  # fmt: skip
    received = _listen(phone)
    start_rating(phone, campaign.link())
    phone.get_by_role("button", name="Read the instructions again").click()
    phone.get_by_role("button", name="Back to the item").click()
    for _ in range(items_in_session(phone)):
        for group in phone.get_by_role("radiogroup").all():
            group.get_by_role("radio", name=choice).check()
        save(phone)
    completion_code(phone)
    everything = "\n".join(received)
    _check_blind(slam, everything, campaign.item_ids())
    for word in (
        "known_bad",
        "control_id",
        "other_case",
        "truncated",
        "swapped",
        "second_response",
    ):
        assert word not in everything.lower(), word
    _check_items_look_alike(everything, len(campaign.item_ids()))


def _gold(content: VersionContent) -> list[GoldItem]:
    text, case = "Do nothing today.", content.test_cases[0].id
    return [GoldItem(case, text, minimum=0, maximum=2, better=False, feedback="Read both tasks.")]


def _check_items_look_alike(everything: str, items: int) -> None:
    """What is planted is sent like everything else, and but for its text nothing says so."""
    found = re.finditer(r'\{[^{}]*"view": ?"item"', everything)
    pages = [json.JSONDecoder().raw_decode(everything, one.start())[0] for one in found]
    assert len({page["item_id"] for page in pages}) == items
    assert len({tuple(page) for page in pages}) == 1, "all have the same fields in the same order"
    for page in pages:
        assert all(isinstance(text, str) for text in page.pop("responses"))
        page.pop("feedback")  # a gold item's, on the page after it
        for word in ("attention", "known_bad", "known-bad", "gold", "expected", "control"):
            assert word not in json.dumps(page).lower(), word


def _check_blind(slam: Slam, everything: str, items: set[str] | None = None) -> None:
    assert '"item_id"' in everything, "the test must have heard the page"
    for secret in _what_tells_models(slam):
        assert secret.lower() not in everything.lower()
    seen = set(re.findall(r"(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])", everything))
    assert (items or _items(slam)) <= seen, "the page names its items, by identifiers of their own"
    assert not seen & _rows_that_share_a_model(slam)


def _listen(page: Page) -> list[str]:
    """All that is sent to the page: frames, headers and bodies, but Streamlit's own files."""
    received: list[str] = []

    def frame(payload: str | bytes) -> None:
        text = payload if isinstance(payload, str) else payload.decode("utf-8", errors="replace")
        received.append(text)

    def socket(opened: WebSocket) -> None:
        received.append(opened.url)
        opened.on("framereceived", frame)

    def response(answer: Response) -> None:
        received.extend((answer.url, json.dumps(answer.headers)))
        if "/static/" not in answer.url and answer.ok:
            received.append(answer.body().decode("utf-8", errors="replace"))

    page.on("websocket", socket)
    page.on("response", response)
    page.on("console", lambda message: received.append(message.text))
    return received


def _what_tells_models(slam: Slam) -> set[str]:
    """Names, providers, identifiers and digests of everything that wrote or judged."""
    with urlopen(f"{slam.sandbox_url}/api/tags") as reply:  # noqa: S310  our own loopback server
        digests = {one["digest"] for one in json.load(reply)["models"]}
    with slam.store() as session:
        candidates = session.exec(select(Candidate)).all()
    names = {one.model for one in candidates}
    short = {name.split("/", 1)[1] for name in names}
    hashes = {one.parameters_hash for one in candidates}
    return names | short | digests | hashes | {"stand-in", "ollama", "openai", "gpt-4"}


def _items(slam: Slam) -> set[str]:
    with slam.store() as session:
        return set(session.exec(select(Item.id)).all())


def _rows_that_share_a_model(slam: Slam) -> set[str]:
    """Identifiers by which two items of one model, case or sample could be recognised."""
    with slam.store() as session:
        columns = (Candidate.id, TestCase.id, ResponseRow.id, Run.id, Study.id, StudyVersion.id)
        return {row_id for column in columns for row_id in session.exec(select(column)).all()}
