"""What calls will take, shown before they are made, and the agreement to what they may cost."""

from collections.abc import Sequence
from datetime import timedelta

import pandas as pd
import streamlit as st

from core.bench.estimate import Estimate, MoneyStatus, Tokens
from core.money.confirmation import Confirmation, confirmation_of
from db.tables import CallMode
from ui.plain import plain
from ui.studio.progress import UNKNOWN, dollars, in_words

_MODES = {
    CallMode.DIRECT: "One by one",
    CallMode.BACKGROUND: "In the background",
    CallMode.BATCH: "As batches",
}
_NOT_TIMED = {
    CallMode.BACKGROUND: "The paid models' answers are not timed: the provider keeps each one "
    "until it is fetched, so that a crash cannot make it be paid twice.",
    CallMode.BATCH: "The paid models' answers are not timed: they are made in bulk within a day, "
    "for less where the price list says so.",
}
_DOLLARS = st.column_config.NumberColumn(format="dollar")
_WHOLE = st.column_config.NumberColumn(format="localized")


def confirm_estimate(
    estimate: Estimate, modes: Sequence[CallMode], actor: str, key: str
) -> tuple[CallMode, Confirmation | None]:
    """Draw an estimate, let the way of calling be chosen, ask for agreement if anything is paid.

    Args:
        estimate: of direct calls.
        modes: the ways of calling that the providers offer, the usual one first.
        actor: who looks at it.
        key: a name of this place that no other has.

    Returns:
        The way that was chosen, and what was agreed to: ``None`` until it is, or when nothing is
        paid (`Estimate.paid_calls` tells the two apart).
    """
    mode = _choose_mode(modes, key)
    if mode is CallMode.BATCH:
        estimate = estimate.batched()
    _show(estimate)
    if not estimate.calls:
        return mode, None
    if not estimate.paid_calls:
        st.caption("None of these calls costs money.")
        return mode, None
    return mode, _ask(estimate, actor, f"{key}_{mode}")


def _choose_mode(modes: Sequence[CallMode], key: str) -> CallMode:
    if len(modes) == 1:
        return modes[0]
    chosen = st.radio(
        "How the models are called",
        modes,
        format_func=_MODES.__getitem__,
        horizontal=True,
        key=f"mode_{key}",
    )
    mode = chosen or modes[0]
    if mode in _NOT_TIMED:
        st.caption(_NOT_TIMED[mode])
    return mode


def _show(estimate: Estimate) -> None:
    with st.container(horizontal=True):
        st.metric("Calls", f"{estimate.calls:,}")
        st.metric("Tokens, expected", f"{estimate.expected_tokens:,.0f}")
        if estimate.paid_calls:
            st.metric("Cost, expected", dollars(estimate.expected_usd))
            st.metric("Cost, at most", dollars(estimate.most_usd))
        st.metric("Time", _time(estimate))
    if estimate.problem:
        st.warning(plain(estimate.problem))
    if estimate.models:
        with st.expander("The estimate, model by model"):
            st.dataframe(
                _by_model(estimate),
                hide_index=True,
                placeholder=UNKNOWN,
                column_config={
                    "expected": _DOLLARS,
                    "at most": _DOLLARS,
                    "calls": _WHOLE,
                    "prompt tokens": _WHOLE,
                    "answer tokens": _WHOLE,
                    "answer tokens, at most": _WHOLE,
                },
            )
            st.caption(
                "At most: every answer as long as it may be, and a token for each byte of a prompt "
                "that was not counted yet. A call that must be repeated is paid again; a budget "
                "holds that too."
            )


def _time(estimate: Estimate) -> str:
    if estimate.is_batched:
        return "within a day"
    if estimate.seconds is None:
        return "not known yet"
    return in_words(timedelta(seconds=estimate.seconds))


def _by_model(estimate: Estimate) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "model": one.model,
            "calls": one.calls,
            "expected": one.expected_usd,
            "at most": one.most_usd,
            "money": _MONEY[one.status],
            "hours": None if one.seconds is None else round(one.seconds / 3600, 2),
            "prompt tokens": round(one.prompt_tokens.expected),
            "answer tokens": round(one.completion_tokens.expected),
            "answer tokens, at most": one.completion_tokens.most,
            "prompt tokens are": _sources(one.prompt_tokens),
            "answer tokens are": _sources(one.completion_tokens),
        }
        for one in estimate.models
    )


_MONEY = {
    MoneyStatus.OK: "by price list",
    MoneyStatus.NOT_PAID: "not paid",
    MoneyStatus.PRICE_MISSING: "price missing",
}


def _sources(tokens: Tokens) -> str:
    if len(tokens.sources) == 1:
        return tokens.sources[0][0].value
    return "; ".join(f"{calls} calls: {source.value}" for source, calls in tokens.sources)


def _ask(estimate: Estimate, actor: str, key: str) -> Confirmation | None:
    budget = st.number_input(
        "Budget in US dollars (optional)",
        min_value=0.0,
        value=None,
        step=1.0,
        format="%.2f",
        placeholder="no budget",
        key=f"budget_{key}",
        disabled=bool(estimate.unpriced),
        help="The run is stopped before it could be passed. Without a price it cannot be held.",
    )
    # Another sum is another question: what was ticked for an earlier one does not count for it.
    question = f"confirm_{key}_{estimate.calls}_{estimate.priced_most_usd}_{estimate.unpriced}"
    agreed = st.checkbox(plain(_agreement(estimate, budget)), key=question)
    return confirmation_of(estimate, budget, actor) if agreed else None


def _agreement(estimate: Estimate, budget: float | None) -> str:
    calls = f"{estimate.paid_calls:,} calls to paid models"
    if estimate.unpriced:
        known = estimate.priced_most_usd
        rest = f", besides up to {dollars(known)} for the others" if known is not None else ""
        names = ", ".join(estimate.unpriced)
        return f"I agree to {calls}, though nobody knows what those to {names} cost{rest}."
    stop = "" if budget is None else f", and no more than {dollars(budget)}"
    return f"I agree to {calls} that may cost up to {dollars(estimate.most_usd)}{stop}."
