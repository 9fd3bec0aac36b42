"""The rubric in the study's form: the question by itself, everything else folded away."""

import streamlit as st

from core.studies.criteria import write_criteria
from core.studies.rubric import Criterion, Reason, Rubric, Scale

_REASONS = {
    Reason.NONE: "not asked for",
    Reason.OPTIONAL: "may be given",
    Reason.REQUIRED: "must be given",
}
_NAME_HELP = "Small letters, digits and underscores: what tables and exports call it."


def rubric_input(known: Rubric, key: str) -> tuple[Rubric, str]:
    """Draw the fields inside the caller's form, filled with ``known``.

    Gives the rubric of the first question, unchecked, and the lines of the others, whose text is
    read when the study is saved.
    """
    first, *others = known.criteria
    question = st.text_area("Question to raters and judges", first.question, key=f"question_{key}")
    with st.expander("Rubric"):
        name = st.text_input("Name of this question", first.key, key=f"criterion_{key}",
                             help=_NAME_HELP)  # fmt: skip
        more = st.text_area(
            "More questions, one a line", write_criteria(others), key=f"criteria_{key}",
            help="As `name: question`; each is answered, and reported, by itself.",
        )  # fmt: skip
        scale = _scale(known.scale, key)
        allows_tie = st.checkbox("Pairs: “about the same” is an answer", known.allows_tie,
                                 key=f"tie_{key}")  # fmt: skip
        allows_both_bad = st.checkbox("Pairs: “both are bad” is an answer", known.allows_both_bad,
                                      key=f"both_bad_{key}")  # fmt: skip
        allows_cannot_judge = st.checkbox("“I cannot judge this” is an answer",
                                          known.allows_cannot_judge,
                                          key=f"cannot_judge_{key}")  # fmt: skip
        reason = st.selectbox("A comment", list(Reason), list(Reason).index(known.reason),
                              format_func=_REASONS.__getitem__, key=f"reason_{key}")  # fmt: skip
    rubric = Rubric(
        criteria=(Criterion(key=name, question=question),),
        scale=scale,
        allows_tie=allows_tie,
        allows_both_bad=allows_both_bad,
        allows_cannot_judge=allows_cannot_judge,
        reason=reason,
    )
    return rubric, more


def _scale(known: Scale, key: str) -> Scale:
    minimum = st.number_input(
        "Lowest score", None, None, known.minimum, step=1, key=f"minimum_{key}"
    )
    maximum = st.number_input(
        "Highest score", None, None, known.maximum, step=1, key=f"maximum_{key}"
    )
    minimum_label = st.text_input("The lowest score means", known.minimum_label,
                                  key=f"minimum_label_{key}")  # fmt: skip
    maximum_label = st.text_input("The highest score means", known.maximum_label,
                                  key=f"maximum_label_{key}")  # fmt: skip
    return Scale(
        minimum=int(minimum),
        maximum=int(maximum),
        minimum_label=minimum_label.strip(),
        maximum_label=maximum_label.strip(),
    )
