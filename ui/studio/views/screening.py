"""Screening: what raters' behaviour says, who is left out for it, and whether a panel can judge."""

from collections.abc import Mapping

import pandas as pd
import streamlit as st

from core.rating.campaigns import list_campaigns
from core.rating.exclusions import (
    BY_HAND,
    Decision,
    exclude,
    include_again,
    list_exclusions,
)
from core.rating.panel import Assay, Sight
from core.rating.screening.base import Parameter, Rule
from core.rating.screening.frames import (
    decisions_frame,
    items_frame,
    overview_frame,
)
from core.rating.screening.registry import rules
from core.rating.screening.service import ScreeningReport, apply_rule
from db.tables import Campaign, Exclusion, Subject
from ui.plain import plain
from ui.store import database
from ui.studio.acting import act, show_problem
from ui.studio.charts.screening import screening_chart
from ui.studio.downloads import offer_downloads
from ui.studio.progress import UNKNOWN
from ui.studio.results_view import rule_title
from ui.studio.screened import screened
from ui.studio.session import require_staff, study_or_stop

_PLACE = "screening"
_MOMENT = st.column_config.DatetimeColumn("decided (UTC)", format="YYYY-MM-DD HH:mm")


def page() -> None:
    """Draw the page."""
    actor = require_staff()
    study = study_or_stop()
    st.title("Screening of sessions")
    st.caption(
        "Rules look at how people answered, never at which model wrote what or whether others "
        "agree. Nothing is deleted: every exclusion is a decision that can be taken back."
    )
    campaigns = {one.campaign.id: one.campaign for one in list_campaigns(database(), study.id)}
    if not campaigns:
        st.info("No campaign yet. Open one on the page “Rating”, then share its link with raters.")
        return
    campaign_id = st.selectbox(
        "Campaign",
        list(campaigns),
        format_func=lambda one: _campaign_name(campaigns[one]),
        key=f"screening_campaign_{study.id}",
    )
    report, findings = screened(database(), campaign_id, _chosen(campaign_id))
    if not report.behaviours:
        st.info("Nobody has finished a session of this campaign yet.")
        return
    _panel(report)
    show_problem(_PLACE)
    _overview(report, findings)
    _rule(report, findings, actor)
    _session(report, actor)
    _decisions(list_exclusions(database(), campaign_id), report, actor)


def _campaign_name(campaign: Campaign) -> str:
    return f"{campaign.name} ({campaign.opened_at:%Y-%m-%d %H:%M} UTC)"


def _chosen(campaign_id: str) -> dict[str, dict[str, float]]:
    """The thresholds chosen for a campaign while this browser looks at it, by rule."""
    key = f"screening_thresholds_{campaign_id}"
    chosen: dict[str, dict[str, float]] = st.session_state.setdefault(key, {})
    return chosen


def _panel(report: ScreeningReport) -> None:
    st.subheader("Can this panel tell bad from good?")
    panel = report.panel
    show = {Sight.SEES: st.success, Sight.DOES_NOT_SEE: st.error, Sight.NOT_ENOUGH: st.info}
    show[panel.sight](plain(panel.sentence))
    if panel.raters:
        by_kind = {"all": panel, **report.panels}
        st.dataframe(
            pd.DataFrame([_assay_row(name, one) for name, one in by_kind.items()]),
            hide_index=True,
            column_config={"mean gap (points)": st.column_config.NumberColumn(format="%.2f")},
            placeholder=UNKNOWN,
        )
    st.caption(
        "Known-bad texts are the reference's own, broken off or taken from another test case. A "
        "panel that rates them like the reference cannot show that two models are equal either. "
        "Only sessions that count are looked at, and each rater once."
    )


def _assay_row(name: str, assay: Assay) -> dict[str, object]:
    return {
        "known-bad texts": name.replace("_", " "),
        "raters": assay.raters,
        "comparisons": assay.comparisons,
        "see it": f"{assay.share:.0%}" if assay.share is not None else None,
        "95 % interval": _interval(assay.share_low, assay.share_high, ".0%"),
        "mean gap (points)": assay.gap,
        "95 % interval of the gap": _interval(assay.gap_low, assay.gap_high, ".2f"),
        "verdict": assay.sight.value.replace("_", " "),
    }


def _interval(low: float | None, high: float | None, form: str) -> str | None:
    return None if low is None or high is None else f"{low:{form}} to {high:{form}}"


def _overview(report: ScreeningReport, findings: pd.DataFrame) -> None:
    st.subheader("What the rules see")
    with st.container(horizontal=True):
        st.metric("Complete sessions", len(report.behaviours))
        st.metric("Left out now", len(report.left_out))
        st.metric("Count", len(report.behaviours) - len(report.left_out))
    st.dataframe(overview_frame(findings, rules()), hide_index=True, height="content")
    offer_downloads(findings, f"{report.campaign.name} screening")


def _rule(report: ScreeningReport, findings: pd.DataFrame, actor: str) -> None:
    name = st.selectbox("Rule", list(rules()), format_func=rule_title, key="screening_rule")
    rule = rules()[name]
    st.caption(rule.looks_at)
    _thresholds(report.campaign.id, rule)
    mine = findings[findings["rule"] == name]
    st.altair_chart(
        screening_chart(
            mine,
            title=rule.title,
            x_title=rule.figure_title,
            threshold=report.thresholds[name][rule.threshold],
        ),
        theme=None,
    )
    flagged = mine[mine["flagged"].fillna(False)]
    if flagged.empty:
        st.caption("This rule flags no session.")
        return
    st.dataframe(
        flagged[["rater", "value", "evidence", "excluded", "reason"]],
        hide_index=True,
        column_config={
            "value": st.column_config.NumberColumn(rule.figure_title, format="%.3g"),
            "evidence": st.column_config.TextColumn(width="large"),
            "excluded": st.column_config.CheckboxColumn("excluded now"),
        },
        placeholder=UNKNOWN,
    )
    new = sum(one.is_new for one in report.of_rule(name))
    if new:
        _exclude_form(report, rule, new, actor)


def _thresholds(campaign_id: str, rule: Rule) -> None:
    """The rule's thresholds; they are kept while another rule is looked at."""
    columns = st.columns(max(2, len(rule.parameters)))
    for column, one in zip(columns, rule.parameters, strict=False):
        key = f"threshold_{campaign_id}_{rule.name}_{one.name}"
        # A widget that is not drawn forgets its value.
        st.session_state.setdefault(
            key, float(_chosen(campaign_id).get(rule.name, {}).get(one.name, one.default))
        )
        column.number_input(
            one.title,
            min_value=float(one.minimum),
            max_value=float(one.maximum),
            step=float(one.step),
            format=_format(one),
            key=key,
            on_change=_choose,
            args=(campaign_id, rule.name, one.name, key),
        )


def _format(parameter: Parameter) -> str:
    decimals = len(f"{parameter.step:g}".partition(".")[2])
    return f"%.{decimals}f"


def _choose(campaign_id: str, rule: str, parameter: str, key: str) -> None:
    value = st.session_state.get(key)
    if value is not None:
        _chosen(campaign_id).setdefault(rule, {})[parameter] = float(value)


def _exclude_form(report: ScreeningReport, rule: Rule, new: int, actor: str) -> None:
    noun = "session" if new == 1 else "sessions"
    # Named after what is decided already, so that a reason does not stay for the next decision.
    key = f"reason_{report.campaign.id}_{rule.name}_{len(report.left_out)}_{new}"
    with st.form(f"form_{key}"):
        st.text_input("Reason for leaving them out", key=key)
        st.form_submit_button(
            f"Exclude these {new} {noun}" if new > 1 else "Exclude this session",
            key=f"exclude_{rule.name}",
            on_click=act,
            args=(_PLACE, _apply, report, rule, key, actor),
        )


def _apply(report: ScreeningReport, rule: Rule, reason_key: str, actor: str) -> None:
    apply_rule(
        database(),
        report.campaign.id,
        rule.name,
        report.thresholds[rule.name],
        st.session_state.get(reason_key, ""),
        actor,
    )


def _session(report: ScreeningReport, actor: str) -> None:
    with st.expander("One session, item by item"):
        session_id = st.selectbox(
            "Rater",
            list(report.behaviours),
            format_func=lambda one: _rater(report, one),
            key=f"screening_session_{report.campaign.id}",
        )
        behaviour = report.behaviours[session_id]
        st.dataframe(
            items_frame(behaviour),
            hide_index=True,
            column_config={
                "active_s": st.column_config.NumberColumn("active time (s)", format="%.1f"),
                "server_s": st.column_config.NumberColumn("server time (s)", format="%.1f"),
            },
            placeholder=UNKNOWN,
        )
        for finding in report.findings:
            if finding.session_id == session_id and finding.evidence.flagged is not None:
                mark = ":material/flag:" if finding.evidence.flagged else ":material/check:"
                st.markdown(
                    f"{mark} {plain(rule_title(finding.rule))}: {plain(finding.evidence.sentence)}"
                )
        offer_downloads(items_frame(behaviour), f"{report.pseudonyms[session_id]} items")
        key = f"reason_by_hand_{session_id}_{len(report.left_out)}"
        with st.form(f"form_{key}"):
            st.text_input("Reason for leaving this session out by hand", key=key)
            st.form_submit_button(
                "Exclude this session by hand",
                key="exclude_by_hand",
                on_click=act,
                args=(_PLACE, _exclude_by_hand, session_id, key, actor),
            )


def _rater(report: ScreeningReport, session_id: str) -> str:
    left_out = ", left out" if session_id in report.left_out else ""
    return f"{report.pseudonyms[session_id]} ({session_id[:6]}){left_out}"


def _exclude_by_hand(session_id: str, reason_key: str, actor: str) -> None:
    reason = st.session_state.get(reason_key, "")
    exclude(database(), Subject.SESSION, [session_id], BY_HAND, reason, {}, actor)


def _decisions(decisions: list[Decision], report: ScreeningReport, actor: str) -> None:
    st.subheader("Decisions")
    if not decisions:
        st.caption("Nothing is left out of this campaign.")
        return
    frame = decisions_frame(decisions, report.names)
    st.dataframe(
        frame.drop(columns="subject_id").assign(rule=frame["rule"].map(rule_title)),
        hide_index=True,
        column_config={"decided_at": _MOMENT, "decided_by": "by"},
        placeholder=UNKNOWN,
    )
    offer_downloads(frame, f"{report.campaign.name} decisions")
    standing = [one for one in decisions if one.stands and one.row.excluded]
    if standing:
        _reversal_form(standing, report, actor)


def _reversal_form(standing: list[Decision], report: ScreeningReport, actor: str) -> None:
    rows = {one.row.id: one.row for one in standing}
    key = f"reversal_{report.campaign.id}_{len(rows)}"
    with st.form(f"form_{key}"):
        st.selectbox(
            "Decision to take back",
            list(rows),
            format_func=lambda one: _decision_name(rows[one], report),
            key=f"{key}_decision",
        )
        st.text_input("Reason for counting it again", key=f"{key}_reason")
        st.form_submit_button(
            "Let it count again",
            key="include_again",
            on_click=act,
            args=(_PLACE, _take_back, rows, key, actor),
        )


def _decision_name(row: Exclusion, report: ScreeningReport) -> str:
    return f"{report.names.get(row.subject_id, row.subject_id)}: {rule_title(row.rule)}"


def _take_back(rows: Mapping[str, Exclusion], key: str, actor: str) -> None:
    row = rows[st.session_state[f"{key}_decision"]]
    reason = st.session_state.get(f"{key}_reason", "")
    include_again(database(), row.subject, row.subject_id, row.rule, reason, actor)


page()
