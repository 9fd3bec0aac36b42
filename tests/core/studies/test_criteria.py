"""Criteria go into the form as lines and come back from it the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InvalidInputError
from core.studies.criteria import read_criteria, write_criteria
from core.studies.rubric import Criterion

criteria = st.builds(
    Criterion,
    key=st.from_regex(r"[a-z][a-z0-9_]{0,20}", fullmatch=True),
    question=st.text(min_size=1).map(str.strip).filter(bool),
)


@given(st.lists(criteria).map(tuple))
def test_what_is_written_reads_back_the_same(written: tuple[Criterion, ...]) -> None:
    text = write_criteria(written)
    assert read_criteria(text) == written
    assert len(text.split("\n")) == max(len(written), 1)


def test_lines_have_a_name_a_colon_and_a_question() -> None:
    assert read_criteria(" warmth : How warm: hot or cold?\n\n") == (
        Criterion(key="warmth", question="How warm: hot or cold?"),
    )


def test_a_line_without_a_name_is_refused() -> None:
    with pytest.raises(InvalidInputError, match=r"How warm is it.*has no name; write it as"):
        read_criteria("How warm is it?")
