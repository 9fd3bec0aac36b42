"""Parameters of the study and of single candidates, typed in the form and read back from it."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from sqlmodel import select

from db.tables import Candidate
from tests.ui.running import Slam
from tests.ui.walking import WAIT_MS, enter, fill, make_study, picture

pytestmark = pytest.mark.browser

LINES = "\n".join(
    [
        r'ollama/stand-in-3b:q4 temperature=0.2 stop="\n\n"',
        "ollama/stand-in-7b:q4 temperature=unset",
    ]
)


def test_what_a_candidate_has_otherwise_is_typed_on_its_line_and_shown_there_again(
    slam: Slam, page: Page, pictures: Path | None
) -> None:
    enter(page, slam)
    page.goto(slam.studio_url)
    make_study(page, "Briefing with parameters")
    sidebar = page.get_by_test_id("stSidebar")
    # The form of the new study leaves a moment after the study's own has come.
    expect(sidebar.get_by_role("button", name="Save study")).to_have_count(1)
    candidates = sidebar.get_by_role("textbox", name="Candidates, one a line")
    fill(candidates, LINES.replace("temperature=0.2", "warmth=0.2"))
    sidebar.get_by_text("More parameters").click()
    fill(sidebar.get_by_role("spinbutton", name="Seed"), "7")
    fill(sidebar.get_by_role("textbox", name="Stop sequences"), r'END "\n#"')
    sidebar.get_by_text("Answers are JSON objects").click()
    sidebar.get_by_role("button", name="Save study").click()
    refusal = page.get_by_text("Line 1 of the candidates: 'warmth' is no parameter; known are")
    expect(refusal).to_be_visible(timeout=WAIT_MS)
    fill(candidates, LINES)
    sidebar.get_by_role("button", name="Save study").click()
    expect(page.get_by_text("Version 2 of “Briefing with parameters” is saved")).to_be_visible(
        timeout=WAIT_MS
    )
    picture(page, pictures, "study_parameters")
    expect(sidebar.get_by_role("textbox", name="Candidates, one a line")).to_have_value(LINES)
    sidebar.get_by_text("More parameters").click()
    expect(sidebar.get_by_role("textbox", name="Stop sequences")).to_have_value(r'END "\n#"')
    expect(sidebar.get_by_role("spinbutton", name="Seed")).to_have_value("7")

    with slam.store() as session:
        stored = [one.parameters for one in session.exec(select(Candidate)).all()]
    shared = {"seed": 7, "json_mode": True}
    both = ["END", "\n#"]
    assert {"temperature": 0.2, "stop": ["\n\n"], **shared} in stored
    assert {"stop": both, **shared} in stored
    assert {"temperature": 0.7, "stop": both, **shared} in stored
