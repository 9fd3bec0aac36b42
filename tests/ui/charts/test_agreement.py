from tests.ui.charts import made
from tests.ui.charts.drawn import rows, spec, text_in_picture
from ui.studio.charts.agreement import agreement_chart


def test_judges_come_by_agreement_and_those_without_values_last() -> None:
    assert spec(agreement_chart(made.agreement()))["layer"][0]["encoding"]["y"]["sort"] == [
        "equal",
        "tied",
        "partial",
    ]


def test_every_value_is_written_beside_its_bar() -> None:
    texts = text_in_picture(agreement_chart(made.agreement()))
    equal = made.agreement().set_index("judge").loc["equal"]
    assert texts.count("1.00") == 2
    assert equal["jaccard"] == equal["rank_biased_overlap"] == 1


def test_a_judge_without_values_keeps_its_row_and_says_why() -> None:
    texts = text_in_picture(agreement_chart(made.agreement()))
    assert "partial" in texts
    assert "not enough models" in texts


def test_both_measures_and_the_level_by_chance_are_in_the_data_from_zero_to_one() -> None:
    chart = agreement_chart(made.agreement())
    bars = [row for row in rows(chart) if "by_chance" in row]
    assert {row["measure"] for row in bars} == {"Jaccard index", "Rank-biased overlap"}
    assert all(0 < row["by_chance"] < 1 for row in bars)
    assert spec(chart)["layer"][0]["encoding"]["x"]["scale"]["domain"] == [0, 1]


def test_only_ties_have_a_range() -> None:
    ties = {
        row["judge"]: row["ties"]
        for row in rows(agreement_chart(made.agreement()))
        if "ties" in row
    }
    assert ties["equal"] == "no ties"
    assert " to " in ties["tied"]


def test_judges_without_any_values_still_draw() -> None:
    partial = made.agreement().query("judge == 'partial'")
    assert "not enough models" in text_in_picture(agreement_chart(partial))


def test_a_frame_without_rows_gives_a_chart_that_says_so() -> None:
    assert "No data yet" in text_in_picture(agreement_chart(made.agreement()[:0]))
