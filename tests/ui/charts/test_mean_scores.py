import altair as alt
import pandas as pd

from core.analysis.quality import judged_quality_by_model, quality_by_model
from tests.ui.charts import made
from tests.ui.charts.drawn import marks, rows, spec, text_in_picture
from ui.studio.charts.mean_scores import mean_scores_chart

SIMILARITY = judged_quality_by_model(made.judgments("sem-bleu", 1))
TITLE, X_TITLE = "SEM-BLEU by model", "Similarity to the reference (0 to 1)"


def similarity_chart(
    quality: pd.DataFrame = SIMILARITY,
    reference_model: str | None = None,
    even: float | None = None,
) -> alt.LayerChart:
    return mean_scores_chart(
        quality, title=TITLE, x_title=X_TITLE, reference_model=reference_model, even=even
    )


def test_models_come_best_first_on_the_whole_scale() -> None:
    chart = similarity_chart()
    dots = spec(chart)["layer"][1]["encoding"]
    assert dots["y"]["sort"] == SIMILARITY["model"].tolist()
    assert dots["x"]["scale"]["domain"] == [0, 1]


def test_title_axis_and_values_are_written() -> None:
    texts = text_in_picture(similarity_chart())
    assert {TITLE, X_TITLE} <= set(texts)
    assert {f"{mean:.2f}" for mean in SIMILARITY["mean"]} <= set(texts)


def test_an_unknown_interval_is_a_hollow_dot_with_its_reason() -> None:
    chart = mean_scores_chart(
        quality_by_model(made.ratings(), "quality", (0, 10)), title="Quality", x_title="Rating"
    )
    unknown = [row for row in rows(chart) if row.get("status") == "too few raters"]
    assert {row["interval"] for row in unknown} == {"none: too few raters"}
    assert any("Hollow dot" in text for text in text_in_picture(chart))


def test_the_reference_is_named() -> None:
    chart = similarity_chart(reference_model=made.REFERENCE)
    assert f"{made.REFERENCE} (reference)" in text_in_picture(chart)


def test_a_line_marks_what_is_even_only_if_asked_for() -> None:
    plain = similarity_chart()
    marked = similarity_chart(even=0.5)
    assert marks(marked).count("rule") == marks(plain).count("rule") + 1


def test_all_intervals_unknown_still_draws() -> None:
    unknown = SIMILARITY.copy()
    unknown[["lower", "upper"]] = pd.NA
    assert TITLE in text_in_picture(similarity_chart(unknown))


def test_a_frame_without_rows_gives_a_chart_that_says_so() -> None:
    assert "No data yet" in text_in_picture(similarity_chart(SIMILARITY[:0]))
