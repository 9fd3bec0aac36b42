import pandas as pd
import pytest

from core.analysis.quality import judged_quality_by_model
from core.errors import InvalidInputError
from tests.ui.charts import made
from tests.ui.charts.drawn import marks, rows, spec, text_in_picture
from ui.studio.charts.score_distribution import score_distribution_chart


def in_order(texts: list[str], models: tuple[str, ...]) -> list[str]:
    return [text.split(" (")[0] for text in texts if text.split(" (")[0] in models]


@pytest.mark.parametrize("narrow", [False, True])
def test_models_come_best_first_by_the_people_with_their_full_names(narrow: bool) -> None:
    chart = score_distribution_chart(made.distribution(), made.quality(), narrow=narrow)
    people = made.quality().query("source == 'people'").sort_values("mean", ascending=False)
    order = spec(chart)["layer"][0]["encoding"]["y"]["sort"]
    assert order == people["model"].tolist()
    assert set(in_order(text_in_picture(chart), made.MODELS)) == set(made.MODELS)


def test_the_reference_is_named_and_has_a_line_at_its_mean() -> None:
    with_it = score_distribution_chart(
        made.distribution(), made.quality(), reference_model=made.REFERENCE
    )
    without = score_distribution_chart(made.distribution(), made.quality())
    assert f"{made.REFERENCE} (reference)" in text_in_picture(with_it)
    assert marks(with_it).count("rule") == marks(without).count("rule") + 1


def test_people_come_first_and_the_judge_beside_them() -> None:
    chart = score_distribution_chart(made.distribution(), made.quality())
    cells = spec(chart)["layer"][1]["encoding"]
    assert cells["color"]["scale"]["domain"] == ["people", "gpt-scorer"]
    assert cells["yOffset"]["scale"]["domain"] == ["people", "gpt-scorer"]


def test_an_unknown_interval_is_said_in_words_and_never_drawn_at_zero() -> None:
    chart = score_distribution_chart(made.distribution(), made.quality())
    unknown = [row for row in rows(chart) if row.get("status") == "too few raters"]
    assert {row["interval"] for row in unknown} == {"none: too few raters"}
    assert {row["lower"] for row in unknown} == {None}
    assert any("Hollow dot" in line for line in text_in_picture(chart))


def test_a_tooltip_gives_the_interval_in_numbers() -> None:
    quality = made.quality().query("model == @made.REFERENCE and source == 'people'")
    chart = score_distribution_chart(made.distribution(), quality)
    intervals = {row["interval"] for row in rows(chart) if "interval" in row}
    assert intervals == {f"{quality['lower'].iloc[0]:.2f} to {quality['upper'].iloc[0]:.2f}"}


def test_sources_on_different_scales_are_refused() -> None:
    similarity = judged_quality_by_model(made.judgments("sem-bleu", 1))
    mixed = pd.concat([made.quality(), similarity])
    with pytest.raises(InvalidInputError, match="different scales"):
        score_distribution_chart(made.distribution(), mixed)


def test_a_source_without_quality_is_left_out() -> None:
    people = made.quality().query("source == 'people'")
    chart = score_distribution_chart(made.distribution(), people)
    assert {row["source"] for row in rows(chart)} == {"people"}


def test_frames_without_rows_give_a_chart_that_says_so() -> None:
    chart = score_distribution_chart(made.distribution()[:0], made.quality()[:0])
    assert "No data yet" in text_in_picture(chart)
