"""What the parts of the page share: the study, who looks at it, and which judge is open."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

import ui.studio
from core.judges.base import AnyJudge, asks_model
from core.judging.overview import (
    Coverage,
    JudgeState,
    count_usable,
    coverages,
    judge_states,
)
from core.judging.setups import Setup
from core.rating.campaigns import list_campaigns, names_are_locked
from core.studies.service import StudySummary, newest_version
from db.repositories.studies import VersionContent
from ui.store import database

CARD = Path(ui.studio.__file__).parent / "views" / "results" / "judge_card.py"
_OPEN = "open_judge"
_STALE_AFTER_S = 300


@dataclass(frozen=True, slots=True)
class Place:
    """A study's judges as one person looks at them.

    ``states`` hold a sentence for a judge that cannot be used. ``coverages`` are of judges that
    had a run, and of the one that is open: to count for others what nobody asked for yet would
    take seconds. ``is_locked`` says that what people gave is not to be shown.
    """

    study: StudySummary
    content: VersionContent
    actor: str
    responses: int
    states: Mapping[str, JudgeState | str]
    coverages: Mapping[str, tuple[Coverage, ...]]
    is_locked: bool

    def setup(self, judge_name: str) -> Setup | None:
        """How the judge is set up; none where it cannot be used."""
        state = self.states[judge_name]
        return None if isinstance(state, str) else state.setup

    def models(self, judge_name: str) -> Mapping[str, str | None]:
        """``stored judge's id -> its model`` of those that had a run as it is set up."""
        state = self.states[judge_name]
        return {} if isinstance(state, str) else state.models

    def active_ids(self, judge_name: str) -> tuple[str, ...]:
        """The stored judges whose run goes on."""
        state = self.states[judge_name]
        return () if isinstance(state, str) else state.active_ids

    def is_running(self, judge_name: str) -> bool:
        """Whether a run of the judge as it is set up goes on."""
        return bool(self.active_ids(judge_name))

    def stamp(self, judge_name: str) -> str:
        """Something that is another whenever other judgments may be missing."""
        state = self.states[judge_name]
        return state if isinstance(state, str) else state.stamp


def place_of(study: StudySummary, actor: str) -> Place:
    """The judges of a study as they stand."""
    states = judge_states(database(), study.id)
    content = newest_version(database(), study.id)
    return Place(
        study=study,
        content=content,
        actor=actor,
        responses=count_usable(database(), study.id),
        states=states,
        coverages=_coverages(study.id, states),
        is_locked=is_locked(study.id),
    )


def is_locked(study_id: str) -> bool:
    """Whether people still rate, so that nobody of the staff is to see what they gave."""
    return any(names_are_locked(one.campaign) for one in list_campaigns(database(), study_id))


@dataclass(frozen=True, slots=True)
class _Kept:
    stamp: str
    found: tuple[Coverage, ...]
    kept_at: float


@st.cache_resource
def _kept() -> dict[tuple[str, str], _Kept]:
    """``(study id, judge) -> how it stood``, for all who look: small, and dear to count."""
    return {}


def _coverages(
    study_id: str, states: Mapping[str, JudgeState | str]
) -> dict[str, tuple[Coverage, ...]]:
    """Those of judges that changed are counted anew, all in one go."""
    kept, now = _kept(), time.monotonic()
    wanted = {
        name: state
        for name, state in states.items()
        if isinstance(state, JudgeState) and (state.models or name == open_judge())
    }
    stale = [
        (name, state)
        for name, state in wanted.items()
        if not _is_fresh(kept.get((study_id, name)), state, now)
    ]
    if stale:
        with st.spinner("Counting what is judged…"):
            counted = coverages(database(), study_id, [state.setup for _, state in stale])
        for name, state in stale:
            kept[study_id, name] = _Kept(state.stamp, counted[name], now)
    return {name: kept[study_id, name].found for name in wanted}


def _is_fresh(kept: _Kept | None, state: JudgeState, now: float) -> bool:
    if kept is None:
        return False
    # While a run goes on, its own progress is shown; a call of a cancelled run may still come in.
    is_same = kept.stamp == state.stamp and now - kept.kept_at < _STALE_AFTER_S
    return is_same or bool(state.active_ids)


def is_free(judge: AnyJudge) -> bool:
    """Whether the judge asks no model, so that nobody has to agree to anything."""
    return not asks_model(judge)


def open_judge() -> str | None:
    """The judge whose set-up is looked at; it stays open after a reload."""
    if _OPEN not in st.session_state:
        st.session_state[_OPEN] = st.query_params.get("open")
    chosen: str | None = st.session_state[_OPEN]
    return chosen


def look_into(judge_name: str | None) -> None:
    """Open a judge, or none."""
    st.session_state[_OPEN] = judge_name
    if judge_name is None:
        st.query_params.pop("open", None)
    else:
        st.query_params["open"] = judge_name


def summary_of(judge: AnyJudge) -> str:
    """The first sentence of what the judge says of itself."""
    text = (getattr(judge, "__doc__", None) or "").strip()
    return text.splitlines()[0] if text else ""
