"""A study's results, read once for everybody who looks at them."""

import streamlit as st

from core.results import Stamp, StudyResults, load_results, stamp_of_results
from db.engine import Database
from ui.store import database

_KEPT = 8


def results_of(
    study_id: str,
    version_number: int | None = None,
    *,
    ignoring_rules: frozenset[str] = frozenset(),
    with_gates: bool = True,
) -> StudyResults:
    """`core.results.load_results`, read anew when anything it is read from has changed.

    Pages share what they get and change none of it.

    Raises:
        NotFoundError: there is no such study.
    """
    stamp = stamp_of_results(database(), study_id)
    return _loaded(database(), study_id, version_number, ignoring_rules, with_gates, stamp)


# Shared, not copied at every press: tens of thousands of judgments take seconds to read.
@st.cache_resource(max_entries=_KEPT, show_spinner=False)
def _loaded(
    _database: Database,
    study_id: str,
    version_number: int | None,
    ignoring_rules: frozenset[str],
    with_gates: bool,
    stamp: Stamp,
) -> StudyResults:
    return load_results(
        _database,
        study_id,
        version_number,
        ignoring_rules=ignoring_rules,
        with_gates=with_gates,
    )
