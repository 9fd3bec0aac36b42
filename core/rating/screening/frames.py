"""What screening found, as tables for pages and downloads. None of them names a model."""

from collections.abc import Mapping, Sequence
from typing import Final

import pandas as pd

from core.rating.exclusions import Decision
from core.rating.screening.base import Behaviour, ItemBehaviour, Rule
from core.rating.screening.service import ScreeningReport

__all__ = ["decisions_frame", "findings_frame", "items_frame", "overview_frame"]

FINDING_COLUMNS: Final = (
    "rater", "session_id", "rule", "flagged", "figure", "value", "evidence", "excluded", "reason",
    "decided_by", "decided_at",
)  # fmt: skip
DECISION_COLUMNS: Final = (
    "decided_at", "decided_by", "subject", "rater", "subject_id", "rule", "excluded", "stands",
    "reason", "evidence",
)  # fmt: skip
ITEM_COLUMNS: Final = (
    "item", "planted", "right", "active_s", "server_s", "words", "answer", "comment",
)  # fmt: skip


def findings_frame(report: ScreeningReport, rules: Mapping[str, Rule]) -> pd.DataFrame:
    """One row for each session and rule.

    ``flagged`` is missing where there is too little to say; ``value`` is the figure that is named
    in ``figure``; ``excluded`` is whether this rule leaves the session out now, by the decision
    whose reason, person and moment (UTC) follow.
    """
    rows = [
        {
            "rater": one.pseudonym,
            "session_id": one.session_id,
            "rule": one.rule,
            "flagged": one.evidence.flagged,
            "figure": rules[one.rule].figure,
            "value": one.evidence.figures.get(rules[one.rule].figure),
            "evidence": one.evidence.sentence,
            "excluded": one.is_excluded,
            "reason": one.decision.reason if one.decision else None,
            "decided_by": one.decision.created_by if one.decision else None,
            "decided_at": one.decision.created_at if one.decision else None,
        }
        for one in report.findings
    ]
    frame = pd.DataFrame(rows, columns=list(FINDING_COLUMNS))
    return frame.astype({"flagged": "boolean", "value": "Float64", "excluded": bool})


def overview_frame(findings: pd.DataFrame, rules: Mapping[str, Rule]) -> pd.DataFrame:
    """One row a rule: how many sessions it flags, cannot speak of, and excludes now."""
    rows = []
    for name, rule in rules.items():
        mine = findings[findings["rule"] == name]
        rows.append(
            {
                "rule": rule.title,
                "flagged": int(mine["flagged"].fillna(False).sum()),
                "not flagged": int((~mine["flagged"].fillna(True)).sum()),
                "not enough to say": int(mine["flagged"].isna().sum()),
                "excluded now": int(mine["excluded"].sum()),
            }
        )
    return pd.DataFrame(rows)


def decisions_frame(decisions: Sequence[Decision], pseudonyms: Mapping[str, str]) -> pd.DataFrame:
    """One row a decision, as they are given; moments are UTC."""
    rows = [
        {
            "decided_at": one.row.created_at,
            "decided_by": one.row.created_by,
            "subject": one.row.subject.value,
            "rater": pseudonyms.get(one.row.subject_id),
            "subject_id": one.row.subject_id,
            "rule": one.row.rule,
            "excluded": one.row.excluded,
            "stands": one.stands,
            "reason": one.row.reason,
            "evidence": (one.row.evidence or {}).get("sentence"),
        }
        for one in decisions
    ]
    return pd.DataFrame(rows, columns=list(DECISION_COLUMNS))


def items_frame(behaviour: Behaviour) -> pd.DataFrame:
    """One row an item, in the order they were shown; times in seconds."""
    rows = [
        {
            "item": item.position + 1,
            "planted": item.control.value.replace("_", "-") if item.control else None,
            "right": item.is_right,
            "active_s": _seconds(item.active_ms),
            "server_s": _seconds(item.server_ms),
            "words": item.words_shown,
            "answer": _answer(item),
            "comment": item.comment or None,
        }
        for item in behaviour.items
    ]
    frame = pd.DataFrame(rows, columns=list(ITEM_COLUMNS))
    return frame.astype({"right": "boolean", "active_s": "Float64", "server_s": "Float64"})


def _answer(item: ItemBehaviour) -> str:
    """The answer in words, with its criteria where there are several."""
    if item.cannot_judge:
        return "cannot judge"
    answers = {name: str(value) for name, value in item.scores.items()} | {
        name: value.value.replace("_", " ") for name, value in item.preferences.items()
    }
    if len(answers) == 1:
        return next(iter(answers.values()))
    return ", ".join(f"{name}: {value}" for name, value in answers.items())


def _seconds(milliseconds: int | None) -> float | None:
    return None if milliseconds is None else milliseconds / 1000
