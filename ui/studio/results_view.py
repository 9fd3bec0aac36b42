"""What the pages of results share."""

from dataclasses import replace

import pandas as pd
import streamlit as st

from core.rating.exclusions import rules_of_study
from core.rating.screening.registry import rules
from core.results import StudyResults
from core.studies.service import StudySummary
from ui.plain import plain
from ui.store import database
from ui.studio.loaded import results_of
from ui.studio.session import choose_version


def chosen_results(study: StudySummary) -> StudyResults:
    """The results of the version and with the rules that the reader chose.

    Where rules leave something out, each can be turned off, to see what it changes.
    """
    version = choose_version(study)
    return _of_judges_in_force(_by_rules(study, version), study)


def _of_judges_in_force(results: StudyResults, study: StudySummary) -> StudyResults:
    """Without the judges that another set-up has replaced, unless they are wanted too."""
    judgments = results.judgments
    replacing = judgments.loc[judgments["in_force"], "method"]
    replaced = ~judgments["in_force"] & judgments["method"].isin(replacing)
    earlier = judgments.loc[replaced, "judge"].nunique()
    if not earlier:
        return results
    wanted = st.toggle(
        f"Also judges of earlier set-ups ({earlier})",
        key=f"earlier_judges_{study.id}",
        help="A judge with another prompt, option or model is another judge; what it found stays.",
    )
    return results if wanted else replace(results, judgments=judgments[~replaced])


def _by_rules(study: StudySummary, version: int | None) -> StudyResults:
    in_force = list(rules_of_study(database(), study.id))
    if not in_force:
        return results_of(study.id, version)
    # Named after the rules, so that a rule that is new begins turned on.
    kept = st.pills(
        "Leave out by rule",
        in_force,
        selection_mode="multi",
        default=in_force,
        format_func=rule_title,
        key=f"kept_rules_{study.id}_{'_'.join(in_force)}",
        help="Every decision stays stored; turn a rule off to see the figures without it.",
    )
    ignored = frozenset(in_force) - frozenset(kept)
    results = results_of(study.id, version, ignoring_rules=ignored)
    if ignored:
        _show_changes(results, results_of(study.id, version), ignored)
    return results


def rule_title(name: str) -> str:
    """A rule's title; of one that is not installed, or a decision by hand, its name in words."""
    found = rules().get(name)
    return found.title if found else name.replace("_", " ").capitalize()


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _show_changes(results: StudyResults, usual: StudyResults, ignored: frozenset[str]) -> None:
    sessions = results.sessions.counted - usual.sessions.counted
    answers = sum(
        len(now) - len(then)
        for now, then in (
            (results.ratings, usual.ratings),
            (results.preferences, usual.preferences),
        )
    )
    titles = ", ".join(f"“{rule_title(name)}”" for name in sorted(ignored))
    st.warning(
        plain(
            f"Without the rule {titles}, these figures hold more: {_counted(sessions, 'session')} "
            f"and {_counted(answers, 'answer')}."
        )
    )


def show_counts(results: StudyResults) -> None:
    """Which sessions count, said before any figure."""
    sessions = results.sessions
    st.caption(f"Version {results.content.version.number} of “{results.content.study.name}”")
    columns = st.columns(3)
    columns[0].metric("Sessions that count", sessions.counted)
    columns[1].metric("Left out: not complete", sessions.incomplete)
    columns[2].metric("Left out: excluded", sessions.excluded)
    if sessions.other_question:
        st.caption(
            f"{sessions.other_question} sessions answered another question and are not mixed in."
        )
    if results.cannot_judge:
        st.caption(
            f"{results.cannot_judge} items were answered with “I cannot judge this”; they are in "
            "no mean and no share."
        )


def choose_criterion(results: StudyResults, key: str) -> str | None:
    """The criterion to show, chosen where people answered several; none where they answered none.

    The page says which one it is: answers to different questions are never averaged.
    """
    answered = {*results.ratings["criterion"], *results.preferences["criterion"]}
    known = [one for one in results.rubric.keys if one in answered]
    criteria = [*known, *sorted(answered.difference(known))]
    if not criteria:
        return None
    chosen: str = criteria[0]
    if len(criteria) > 1:
        chosen = st.selectbox("Criterion of the people", criteria, key=key) or chosen
        question = {one.key: one.question for one in results.rubric.criteria}.get(chosen)
        st.caption(
            plain(
                f"People were asked {len(criteria)} things; this is “{chosen}” alone"
                + (f": {question} " if question else ". ")
                + "A judge gives one score to all of them together, unless it is set up to judge "
                "by criterion: then it gives each its own, and its name ends with the criterion."
            )
        )
    return chosen


def show_cautions(quality: pd.DataFrame) -> None:
    """What a reader must know beside the intervals: too few raters, only these prompts, …"""
    unsure = quality[(quality["status"] != "ok") | (quality["note"] != "")]
    cautions: dict[str, set[str]] = {}
    for row in unsure.to_dict("records"):
        caution = row["status"] if row["status"] != "ok" else row["note"]
        cautions.setdefault(str(row["source"]), set()).update(str(caution).split("; "))
    for source, said in sorted(cautions.items()):
        st.caption(plain(f"Mind ({source}): {'; '.join(sorted(said))}."))
