"""The rubric in the study's form: several criteria, another scale, other answers."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from sqlmodel import col, select

from core.studies.rubric import DEFAULT_QUESTION, Criterion, Reason, Rubric, Scale, rubric_of
from db.tables import StudyVersion
from tests.ui.running import Slam
from tests.ui.walking import WAIT_MS, enter, fill, make_study, pick, picture

pytestmark = pytest.mark.browser


def stored_rubrics(slam: Slam) -> list[Rubric]:
    with slam.store() as session:
        rows = session.exec(select(StudyVersion).order_by(col(StudyVersion.number))).all()
        return [rubric_of(row.rubric) for row in rows]


def test_a_rubric_of_several_criteria_is_typed_and_read_back(
    slam: Slam, page: Page, pictures: Path | None
) -> None:
    enter(page, slam)
    page.goto(slam.studio_url)
    make_study(page, "Briefing with a rubric")
    sidebar = page.get_by_test_id("stSidebar")
    expect(sidebar.get_by_role("button", name="Save study")).to_have_count(1)
    assert stored_rubrics(slam) == [Rubric()]
    sidebar.get_by_text("Rubric", exact=True).click()
    fill(sidebar.get_by_role("spinbutton", name="Lowest score"), "9")
    fill(sidebar.get_by_role("spinbutton", name="Highest score"), "5")
    sidebar.get_by_role("button", name="Save study").click()
    refusal = page.get_by_text("A scale from 9 to 5 cannot be used; it must go up")
    expect(refusal).to_be_visible(timeout=WAIT_MS)

    fill(sidebar.get_by_role("spinbutton", name="Lowest score"), "1")
    fill(sidebar.get_by_role("textbox", name="The lowest score means"), "poor")
    sidebar.get_by_text("“both are bad” is an answer").click()
    more = sidebar.get_by_role("textbox", name="More questions, one a line")
    fill(more, "warmth: How warm is it?")
    pick(sidebar, "A comment", "must be given")
    picture(page, pictures, "study_rubric")
    sidebar.get_by_role("button", name="Save study").click()
    expect(page.get_by_text("Version 2 of “Briefing with a rubric” is saved")).to_be_visible(
        timeout=WAIT_MS
    )
    assert stored_rubrics(slam)[-1] == Rubric(
        criteria=(
            Criterion(key="quality", question=DEFAULT_QUESTION),
            Criterion(key="warmth", question="How warm is it?"),
        ),
        scale=Scale(minimum=1, maximum=5, minimum_label="poor"),
        allows_both_bad=True,
        reason=Reason.REQUIRED,
    )

    expect(sidebar.get_by_role("button", name="Save study")).to_have_count(1)
    expect(more).to_have_value("warmth: How warm is it?")
    sidebar.get_by_role("button", name="Save study").click()
    expect(page.get_by_text("Nothing has changed, so no version was made.")).to_be_visible(
        timeout=WAIT_MS
    )
    assert len(stored_rubrics(slam)) == 2
