"""The chart of half-widths: a line a number of test cases, this study's in blue, the plan a dot."""

from core.rating.design import CampaignDesign
from core.rating.planning import precision_by_size
from core.studies.rubric import DEFAULT_RUBRIC
from tests.ui.charts.drawn import marks, rows, text_in_picture
from ui.studio.charts.precision import precision_chart


def test_every_number_of_test_cases_has_a_line_with_its_name() -> None:
    sizes = precision_by_size(
        CampaignDesign(), DEFAULT_RUBRIC, models=4, test_cases=12, samples=1, has_reference=True
    )
    chart = precision_chart(sizes, "points", planned=(10, 0.9))
    assert marks(chart) == ["line", "text", "point"]
    drawn = text_in_picture(chart)
    for cases in (5, 10, 12, 20, 50, 100):
        assert f"{cases} test cases" in drawn
    assert "± points" in drawn
    assert {"raters": 10, "half_width": 0.9} in rows(chart)


def test_without_sizes_the_chart_says_so() -> None:
    sizes = precision_by_size(
        CampaignDesign(), DEFAULT_RUBRIC, models=0, test_cases=0, samples=0, has_reference=False
    )
    assert "No data yet" in text_in_picture(precision_chart(sizes, "points"))
