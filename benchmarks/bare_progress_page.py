"""The comparison of `progress_page`: the same widgets with constant values and no store."""

import pandas as pd
import streamlit as st

TITLES = [
    "Study", "Models", "Responses", "Rating", "Judges", "Prices", "Import", "Hosting",
    "Agreement", "Quality", "Spend",
]  # fmt: skip
RESPONSE = "You finished a good deal yesterday, and today's plans fit. " * 12
CAUSE = "The model answered with nothing."
FAILURES = [
    {"model or judge": f"ollama/model-{number}:7b", "calls": 17, "cause": CAUSE}
    for number in range(20)
]


def responses() -> None:
    """Draw the page in the state that the address names."""
    is_idle = st.query_params.get("state") == "idle"
    st.title("Responses")
    st.warning("The evaluation daemon does not answer, so nothing will be made until it runs.")
    draw = st.fragment(progress, run_every=None if is_idle else 1.0)
    draw(is_idle)
    st.subheader("What came")
    if is_idle:
        table()
    else:
        st.info("The table appears here when the run is over.")


def progress(is_idle: bool) -> None:
    """Draw how far the run is, and before that the estimate of what is open."""
    st.write("Of 10,000 responses, **9,000** are stored, **500** are open and **500** failed.")
    if is_idle:
        estimate()
        st.divider()
    st.progress(0.95, text="The run is going on: 9,500 of 10,000 calls")
    with st.container(horizontal=True):
        for label in ("Stored", "Failed", "Calls a minute", "Time left"):
            st.metric(label, "9,000")
    st.caption("Cost so far: $13.50 by list price; the budget is $100.00.")
    if not is_idle:
        st.button("Cancel this run", key="cancel")
    st.error("500 calls failed; the rest is stored. The causes:")
    st.table(FAILURES, hide_index=True)
    st.caption("The rarest 10 causes are left out here.")


def estimate() -> None:
    """Draw an estimate and the agreement to it."""
    st.checkbox("Retry what failed (500)", key="retry")
    st.radio("How the models are called", ["One by one", "As batches"], horizontal=True)
    with st.container(horizontal=True):
        for label in ("Calls", "Tokens, expected", "Cost, expected", "Cost, at most", "Time"):
            st.metric(label, "500")
    with st.expander("The estimate, model by model"):
        st.dataframe(
            [{"model": f"ollama/model-{number}:7b", "calls": 50} for number in range(10)],
            hide_index=True,
        )
        st.caption("At most: every answer as long as it may be.")
    st.number_input("Budget in US dollars (optional)", min_value=0.0, value=None)
    st.checkbox("I agree to 50 calls to paid models that may cost up to $1.00.")
    st.button("Generate 500 responses", type="primary", disabled=True)


def table() -> None:
    """Draw a page of the table and one response of it."""
    st.number_input("Page of 45 (9,000 responses)", 1, 45, 1)
    frame = pd.DataFrame(
        {
            "model": "ollama/model-0:7b", "test_case": "case 0", "sample_index": number,
            "text": RESPONSE, "finish_reason": "stop", "prompt_tokens": 150,
            "completion_tokens": 200, "reasoning_tokens": None, "cached_prompt_tokens": None,
            "time_to_first_token_ms": 200, "duration_ms": 2000, "load_ms": None,
            "model_digest": None, "cost_usd": None, "origin": "collected",
            "completed_at": pd.Timestamp("2026-01-01", tz="UTC"),
        }
        for number in range(200)
    )  # fmt: skip
    st.dataframe(frame, hide_index=True)
    row = st.container(horizontal=True)
    row.download_button("CSV", frame.to_csv, "a.csv", on_click="ignore")
    row.download_button("Parquet", frame.to_parquet, "a.parquet", on_click="ignore")
    labels = [f"ollama/model-0:7b, case 0, sample {number}" for number in range(200)]
    st.selectbox("Read one in full", range(200), format_func=labels.__getitem__)
    with st.container(border=True):
        st.text(RESPONSE)


st.set_page_config(page_title="Bare", layout="wide")
page = st.navigation(
    [
        st.Page(responses, title=title, url_path=title.lower(), default=title == "Responses")
        for title in TITLES
    ]
)
with st.sidebar:
    st.selectbox("Study", ["Benchmark", "New study…"])
    st.divider()
    st.caption("Signed in as admin")
    st.html('<a href="/sign-out">Sign out</a>')
page.run()
