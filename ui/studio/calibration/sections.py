"""The parts of a judge's card: beside people, what sways it, what it leaves unscored."""

from typing import Any

import pandas as pd
import streamlit as st

from core.analysis.calibration.card import Calibration
from core.analysis.calibration.choices import position_shares, swapped
from core.analysis.calibration.frames import Role, Statistic
from core.analysis.calibration.injections import injection_success
from core.analysis.calibration.repeats import drift_of
from core.analysis.calibration.standing import Standing
from core.analysis.calibration.unscored import failures_by_cause, lost_calls, unscored_by_model
from core.judges.base import Shape
from core.judges.registry import judges
from core.judging.overview import WORTH_A_RETRY
from core.results import StudyResults
from db.tables import Judge
from ui.plain import plain
from ui.studio.calibration.computed import responses_of
from ui.studio.calibration.words import (
    drift_sentence,
    injection_sentence,
    order_sentence,
    pairs_sentence,
    weaknesses,
)
from ui.studio.charts.calibration import bias_curve_chart, calibration_chart, positions_chart
from ui.studio.charts.heat_map import heat_map
from ui.studio.downloads import offer_downloads
from ui.studio.progress import UNKNOWN, dollars

CHOOSING = (Shape.PAIR, Shape.SET)
"""What a judge is shown that chooses, and gives no scores."""

_SHOW = {
    Standing.FINDS_THE_BAD_MODELS: st.success,
    Standing.DOES_NOT: st.error,
    Standing.NOT_ENOUGH_DATA: st.info,
}
_ON_THE_SCALE = (
    Statistic.WEIGHTED_KAPPA.value,
    Statistic.ALPHA_ORDINAL.value,
    Statistic.ALPHA_INTERVAL.value,
)
_NUMBER = st.column_config.NumberColumn(format="%.3f")


def show_standing(card: Calibration) -> None:
    """The standing with its reasons, before any figure."""
    _SHOW[card.standing.standing](plain(card.standing.sentence))


def show_counts_of(judged: pd.DataFrame, calls: pd.DataFrame) -> None:
    """How much was scored, gated, lost and paid, and how long it took."""
    can_be_retried = lost_calls(calls)["error_kind"].isin(WORTH_A_RETRY)
    done = calls[calls["status"] == "ok"]
    paid = calls["cost_usd"].dropna()
    seconds = done["duration_ns"].dropna() / 1e9
    with st.container(horizontal=True):
        st.metric("Responses scored", f"{judged['response_id'].nunique():,}")
        st.metric("Questions failed", f"{can_be_retried.sum():,}")
        st.metric("Nothing to say", f"{(~can_be_retried).sum():,}")
        st.metric("Put last by a check", f"{(judged['gate'] != '').sum():,}")
        st.metric("Cost", dollars(None if paid.empty else float(paid.sum())))
        st.metric("Median time", f"{seconds.median():.2f} s" if len(seconds) else UNKNOWN)


def show_beside_people(card: Calibration, name: str, *, chooses: bool) -> None:
    """The judge between ceilings and floors, and every figure."""
    st.subheader("Beside people")
    # What chooses gives no scores that could be near people's or far from them.
    is_drawn = ~(card.statistics["statistic"].isin(_ON_THE_SCALE) & chooses)
    st.altair_chart(calibration_chart(card.statistics[is_drawn]), theme=None)
    st.caption(
        "Ranks are Spearman's correlations. Those over models tell who finds the bad models; those "
        "within models whether single scores can be trusted, since over responses, knowing which "
        "model is good looks like telling good responses from bad. The "
        "ceiling is what half of the people agree on with the other half, and one person with one "
        "other, on the same responses; half of the people is noisier than all of them, so a judge "
        "can lie above it. The floor is a score by length alone. "
        f"{len(card.items)} responses were scored by both."
    )
    with st.expander("Every figure"):
        st.dataframe(
            card.statistics,
            hide_index=True,
            placeholder=UNKNOWN,
            column_config=dict.fromkeys(("value", "lower", "upper"), _NUMBER),
        )
        offer_downloads(card.statistics, f"{name} statistics")


def show_errors(card: Calibration, scale: tuple[float, float], name: str, *, chooses: bool) -> None:
    """Bias along the scale, unless it chooses and so has no scale, and pairs of responses."""
    st.subheader("Where it errs")
    if not chooses:
        _show_bias(card, scale, name)
    cells = card.confusion.assign(
        row="People: " + card.confusion["people"],
        column=card.confusion["judge"],
        count=card.confusion["pairs"],
        target=max(1, int(card.confusion["pairs"].max())),
    )
    st.altair_chart(
        heat_map(cells, "Two responses to one test case", column="The judge prefers"), theme=None
    )
    agreed = _of_judge(card, Statistic.PAIRS_AGREED)
    if agreed is not None:
        st.caption(pairs_sentence(card.confusion, agreed))


def _of_judge(card: Calibration, statistic: Statistic) -> float | None:
    """One figure of the judge itself."""
    known = card.statistics.set_index(["role", "statistic"])["value"]
    value = known.get((Role.JUDGE.value, statistic.value))
    return None if pd.isna(value) else float(value)


def _show_bias(card: Calibration, scale: tuple[float, float], name: str) -> None:
    st.altair_chart(bias_curve_chart(card.bias, scale), theme=None)
    error = _of_judge(card, Statistic.MEAN_ABSOLUTE_ERROR)
    bias = _of_judge(card, Statistic.MEAN_BIAS)
    said = ""
    if error is not None and bias is not None:
        side = "above" if bias >= 0 else "below"
        said = f"It is {error:.2f} points away from people on average, and its mean is "
        said += f"{abs(bias):.2f} points {side} theirs. "
    st.caption(
        f"{said}A mean of few people is uncertain itself, so even a judge without bias seems to "
        "overrate the lowest and to underrate the highest a little; one that always gives the same "
        "score draws a falling line."
    )
    if not card.bias.empty:
        offer_downloads(card.bias, f"{name} bias")


def show_weaknesses(
    card: Calibration | None, calls: pd.DataFrame, stored: Judge | None, shape: Shape | None
) -> None:
    """Length, kin, order, repeats and injected orders, each in a sentence.

    ``stored`` is None for a panel, ``shape`` for what asks no model or is not installed.
    """
    st.subheader("What sways it")
    if card is not None:
        said = weaknesses(card, (stored and stored.model) or "", is_panel=stored is None)
        for heading, sentence in said:
            st.markdown(f"**{heading}.** {plain(sentence)}")
    if stored is None:
        st.caption("Of a panel, order, repeats and injected orders are on its members' cards.")
    elif stored.name not in judges():
        st.caption("This judge is not installed any more, so how it asked is not known.")
    elif shape is None:
        st.markdown(
            "**Order, repeats and orders to the judge.** "
            + plain("It measures, and does not read: the same response always gets the same score.")
        )
    else:
        _show_answers(calls, stored, chooses=shape in CHOOSING)


def _show_answers(calls: pd.DataFrame, stored: Judge, *, chooses: bool) -> None:
    """What the answers of a judge that reads show of itself."""
    if chooses:
        st.markdown(f"**Order.** {plain(order_sentence(swapped(calls)))}")
        positions = position_shares(calls)
        if not positions.empty:
            st.altair_chart(positions_chart(positions), theme=None)
    drift = drift_of(calls, chooses=chooses)
    st.markdown(f"**Repeats.** {plain(drift_sentence(drift))}")
    scale = (stored.scale_min, stored.scale_max)
    found = injection_success(calls, scale, chooses=chooses)
    st.markdown(f"**Orders to the judge.** {plain(injection_sentence(found))}")


def show_unscored(
    results: StudyResults,
    judged: pd.DataFrame,
    calls: pd.DataFrame,
    shape: Shape | None,
    name: str,
) -> None:
    """What is missing, by model, and why."""
    st.subheader("What it left unscored")
    by_model = unscored_by_model(
        judged,
        calls,
        responses_of(results),
        worth_a_retry=WORTH_A_RETRY,
        judges_all_shown=shape is Shape.SET,
    )
    causes = failures_by_cause(calls)
    if causes.empty and not by_model["not_judged"].sum() and not by_model["gated"].sum():
        st.caption("Nothing: it scored every response, and no check put one of them last.")
        return
    st.caption(
        "What is missing is rarely missing by chance: a model whose responses a judge cannot score "
        "is judged by the rest of them only. What it cannot say anything about, for want of a "
        "reference or of something to check, did not fail. Shares have 95 % intervals."
    )
    shares = {
        one: st.column_config.NumberColumn(one.replace("_", " "), format="percent")
        for one in ("failed_share", "lower", "upper")
    }
    st.dataframe(by_model, hide_index=True, column_config=shares, placeholder=UNKNOWN)
    offer_downloads(by_model, f"{name} unscored")
    if not causes.empty:
        st.dataframe(causes, hide_index=True)


def show_configuration(stored: Judge) -> None:
    """Everything that makes it this judge and no other."""
    with st.expander("Configuration"):
        st.caption(
            plain(f"Made {stored.created_at:%Y-%m-%d %H:%M} UTC. Identity {stored.identity[:12]}…")
            + " Another prompt, option or model makes another judge; its judgments stay."
        )
        options = stored.options or {}
        examples = len(options.get("examples", ()))
        if examples:
            counted = "1 response" if examples == 1 else f"{examples} responses"
            st.caption(
                f"It was shown {counted} with what people gave. They are left out here, since "
                "people may still be rating."
            )
        # The configuration of a judge that asks a model holds its options once more.
        of_model = stored.configuration.get("options")
        configuration = dict(stored.configuration)
        if isinstance(of_model, dict):
            configuration["options"] = _without_examples(of_model)
        st.json(
            {
                "name": stored.name,
                "model": stored.model,
                "scale": [stored.scale_min, stored.scale_max],
                "options": _without_examples(options),
                "configuration": configuration,
            }
        )


def _without_examples(options: dict[str, Any]) -> dict[str, Any]:
    """The options without the people's scores that go with examples."""
    return {name: value for name, value in options.items() if name != "examples"}
