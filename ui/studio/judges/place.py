"""What the parts of the page share: the study, who looks at it, and which judge is open."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

import ui.studio
from core.judges.base import AnyJudge, asks_model
from core.judging.overview import (
    Standing,
    active_judges,
    judging_stamp,
    setups_of_study,
    standings,
)
from core.judging.setups import Setup
from core.studies.service import StudySummary, newest_version
from db.repositories.studies import VersionContent
from ui.store import database

CARD = Path(ui.studio.__file__).parent / "views" / "results" / "judge_card.py"
_OPEN = "open_judge"
_STALE_AFTER_S = 10


@dataclass(frozen=True, slots=True)
class Place:
    """A study's judges as one person looks at them.

    ``setups`` hold a sentence for a judge that cannot be used; ``standings`` only those that can.
    """

    study: StudySummary
    content: VersionContent
    actor: str
    setups: Mapping[str, Setup | str]
    standings: Mapping[str, tuple[Standing, ...]]
    active: frozenset[str]
    stamp: str

    def is_running(self, judge_name: str) -> bool:
        """Whether a run of the judge as it is set up goes on."""
        return any(one.judge_id in self.active for one in self.standings.get(judge_name, ()))

    def open_judgments(self, judge_name: str) -> int:
        """How many judgments the judge still has to make."""
        return sum(one.open for one in self.standings.get(judge_name, ()))

    @property
    def responses(self) -> int:
        """The most that a judge looks at: nothing where there is no response."""
        return max((one.total for found in self.standings.values() for one in found), default=0)


def place_of(study: StudySummary, actor: str) -> Place:
    """The judges of a study as they stand; they are counted anew whenever the stamp changes."""
    setups = setups_of_study(database(), study.id)
    stamp = judging_stamp(database(), study.id)
    usable = [one for one in setups.values() if isinstance(one, Setup)]
    return Place(
        study=study,
        content=newest_version(database(), study.id),
        actor=actor,
        setups=setups,
        standings=_standings(study.id, stamp, usable),
        active=active_judges(database(), study.id),
        stamp=stamp,
    )


@st.cache_data(ttl=_STALE_AFTER_S, max_entries=20, show_spinner="Counting what is judged…")
def _standings(study_id: str, stamp: str, _setups: list[Setup]) -> dict[str, tuple[Standing, ...]]:
    """Of thousands of responses and twenty judges this takes a second, so it is kept a while."""
    return standings(database(), study_id, _setups)


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
