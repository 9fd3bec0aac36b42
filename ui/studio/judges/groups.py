"""The judges by kind, one row each: what it is, how it stands, and what can be done with it."""

from collections.abc import Sequence

import streamlit as st

from core.judges.base import AnyJudge, JudgeKind
from core.judges.registry import judges
from core.judging.overview import Coverage, compares_with_reference, stored_judges
from core.judging.setups import Setup
from core.providers.base import FailureKind
from core.runs import cancel_run, newest_progress
from db.tables import RunKind
from ui.plain import plain
from ui.store import database
from ui.studio.acting import act, guarded, show_problem
from ui.studio.judges.form import Form, is_in_force
from ui.studio.judges.place import CARD, Place, is_free, look_into, open_judge, summary_of
from ui.studio.judges.preview import show_preview
from ui.studio.judges.running import retry, run_all, show_running
from ui.studio.progress import in_words

_TITLES = {
    JudgeKind.LLM: "LLM judges",
    JudgeKind.SIMILARITY: "Similarity to the reference",
    JudgeKind.CHECK: "Checks",
}
_SENTENCES = {
    JudgeKind.LLM: "A model reads the responses. Set one up, agree to what it may cost, run it.",
    JudgeKind.SIMILARITY: "How near a response is to the reference's. What asks no paid model "
    "costs nothing and is run in one press.",
    JudgeKind.CHECK: "Rules that need no model and cost nothing. Some are gates: what fails one "
    "of them cannot rank above a real answer.",
}
_IN_WORDS = {
    FailureKind.INTERNAL.value: "by an error",
    FailureKind.UNPARSABLE.value: "with a reply that could not be read",
    FailureKind.INPUTS_CHANGED.value: "changed meanwhile",
}
"""Kinds of failures that their names do not tell."""
Typed = tuple[Form, Setup | str] | None
"""The form of the judge that is open, and what it says."""


def show_groups(place: Place, typed: Typed) -> None:
    """Draw every group with its judges."""
    for kind, title in _TITLES.items():
        members = [judge for judge in judges().values() if judge.kind is kind]
        if members:
            st.subheader(title)
            st.caption(_SENTENCES[kind])
            _run_all(place, kind, members)
            for judge in members:
                _row(place, judge, typed)


def _run_all(place: Place, kind: JudgeKind, members: Sequence[AnyJudge]) -> None:
    """One press for all that costs nothing and is not made yet."""
    if not place.responses or not any(is_free(judge) for judge in members):
        return
    names = [judge.name for judge in members if _can_run(place, judge)]
    count = "1 judge" if len(names) == 1 else f"{len(names)} judges"
    if st.button(
        f"Run all that is missing ({count})" if names else "Nothing to run",
        key=f"all_{kind.value}",
        type="primary" if names else "secondary",
        disabled=not names,
    ):
        act(f"all_{kind.value}", run_all, place, names, st.progress(0.0))
        st.rerun()
    show_problem(f"all_{kind.value}")


def _can_run(place: Place, judge: AnyJudge) -> bool:
    found = place.coverages.get(judge.name, ())
    return (
        is_free(judge)
        and place.responses > 0
        and place.setup(judge.name) is not None
        and not place.is_running(judge.name)
        and not _lacks_reference(place, judge)
        and (not found or any(one.open for one in found))
    )


def _row(place: Place, judge: AnyJudge, typed: Typed) -> None:
    state, is_open = place.states[judge.name], open_judge() == judge.name
    with st.container(border=True, key=f"judge_{judge.name}_row"):
        left, right = st.columns([3, 2], vertical_alignment="center")
        with left:
            st.markdown(f"**{plain(judge.label)}**")
            st.caption(plain(summary_of(judge)))
        with (
            right,
            st.container(
                horizontal=True, horizontal_alignment="right", vertical_alignment="center"
            ),
        ):
            if not is_open and is_free(judge):
                _quick_run(place, judge)
            _links(place, judge, is_open)
        if isinstance(state, str):
            st.warning(plain(state))
        elif not is_open:
            _coverage(place, judge)
        show_problem(f"row_{judge.name}")
        if is_open and typed is not None:
            _details(place, judge, typed)


def _links(place: Place, judge: AnyJudge, is_open: bool) -> None:
    ids = place.models(judge.name)
    for number, judge_id in enumerate(ids, start=1):
        _card(place, judge_id, "Card" if len(ids) == 1 else f"Card {number}")
    st.button(
        "Close" if is_open else "Open",
        key=f"open_{judge.name}",
        on_click=look_into,
        args=(None if is_open else judge.name,),
    )


def _coverage(place: Place, judge: AnyJudge) -> None:
    """How a judge that is not open stands, or how its run goes."""
    if _lacks_reference(place, judge):
        st.caption("It compares with the reference, and this study names none.")
    elif active := place.active_ids(judge.name):
        draw = st.fragment(guarded(_going_on), run_every=1.0)
        draw(place.study.id, active, place.actor)
    elif place.responses:
        found = place.coverages.get(judge.name, ())
        st.write(_sentence(found))
        for one in found:
            if one.cause:
                by = f" by {one.model}" if one.model else ""
                st.warning(plain(f"Most of what failed{by}: {one.cause}"))


def _quick_run(place: Place, judge: AnyJudge) -> None:
    if place.is_running(judge.name):
        return
    failed = sum(one.failed for one in place.coverages.get(judge.name, ()))
    if _can_run(place, judge):
        st.button(
            "Run", key=f"run_{judge.name}",
            on_click=act, args=(f"row_{judge.name}", run_all, place, [judge.name]),
        )  # fmt: skip
    if failed:
        st.button(
            f"Retry what failed ({failed:,})", key=f"again_{judge.name}",
            on_click=act, args=(f"row_{judge.name}", retry, place, judge.name),
        )  # fmt: skip


def _going_on(study_id: str, judge_ids: Sequence[str], actor: str) -> None:
    """The bars of the runs that go on, with a button that cancels each."""
    is_active = False
    for judge_id in judge_ids:
        progress = newest_progress(database(), study_id, RunKind.JUDGING, judge_id=judge_id)
        if progress is None or not progress.is_active:
            continue
        is_active = True
        total = progress.done + progress.counts.planned
        left = f", {in_words(progress.time_left)} left" if progress.time_left else ""
        failed = f", {progress.counts.failed:,} failed" if progress.counts.failed else ""
        st.progress(
            progress.done / total if total else 0.0,
            text=f"{progress.done:,} of {total:,}{failed}{left}",
        )
        if progress.run.cancel_requested_at is None:
            st.button(
                "Cancel", key=f"stop_{progress.run.id}",
                on_click=act, args=(f"stop_{judge_id}", cancel_run, database(), progress.run.id,
                                    actor),
            )  # fmt: skip
        show_problem(f"stop_{judge_id}")
    if not is_active:
        st.rerun(scope="app")


def _details(place: Place, judge: AnyJudge, typed: tuple[Form, Setup | str]) -> None:
    """All of the judge that is open: how it stands, its runs, and what it would be asked."""
    form, as_typed = typed
    in_force = place.setup(judge.name)
    if in_force is not None:
        if place.responses:
            for one in place.coverages[judge.name]:
                model = f"{plain(one.model)}: " if one.model else ""
                st.markdown(f"{model}{_sentence([one])}")
        if _lacks_reference(place, judge):
            st.info("It compares with the reference, and this study names none; add one first.")
        elif place.responses:
            if not is_in_force(place, as_typed):
                st.info("A run judges with what is saved, not with what is typed beside.")
            show_running(place, in_force)
    _earlier(place, judge)
    show_preview(place, form, as_typed)


def _earlier(place: Place, judge: AnyJudge) -> None:
    """Judges that earlier set-ups made; what they found stays."""
    present = place.models(judge.name)
    earlier = [
        (one, made)
        for one, made in stored_judges(database(), place.study.id, judge.name)
        if one.id not in present
    ]
    if not earlier:
        return
    with st.expander(f"As it was set up before ({len(earlier)})"):
        for one, made in earlier:
            by = f" by {one.model}" if one.model else ""
            st.write(
                plain(f"{one.label}{by}, from {one.created_at:%Y-%m-%d %H:%M} UTC: {made:,} made")
            )
            _card(place, one.id, "Card")


def _card(place: Place, judge_id: str, label: str) -> None:
    """A link to all that is known of a stored judge."""
    st.page_link(
        CARD, label=label, icon=":material/id_card:",
        query_params={"study": place.study.name, "judge": judge_id},
    )  # fmt: skip


def _lacks_reference(place: Place, judge: AnyJudge) -> bool:
    return place.content.reference is None and compares_with_reference(judge)


def _sentence(found: Sequence[Coverage]) -> str:
    total, ok = sum(one.total for one in found), sum(one.ok for one in found)
    if not any(one.has_run for one in found):
        return "Has not run yet."
    parts = [f"**{ok:,}** of {total:,} judgments are made"]
    for count, words in (
        (sum(one.open for one in found), "still to be made"),
        (sum(one.failed for one in found), "failed"),
        (sum(one.cannot for one in found), "cannot be judged"),
    ):
        if count:
            parts.append(f"**{count:,}** {words}")
    return ", ".join(parts) + _causes(found) + "."


def _causes(found: Sequence[Coverage]) -> str:
    causes: dict[str, int] = {}
    for one in found:
        for kind, count in one.causes.items():
            causes[kind] = causes.get(kind, 0) + count
    named = (
        f"{count:,} {plain(_IN_WORDS.get(kind, kind.replace('_', ' ')))}"
        for kind, count in causes.items()
    )
    return f" ({', '.join(named)})" if causes else ""
