"""How a campaign goes while people rate: figures for the live page, with the models as letters."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

import pandas as pd

from core.rating.attention import attention_failures
from core.rating.blind_names import blind_names
from core.rating.design import CampaignDesign, Protocol, design_of
from core.rating.disagreement import (
    Disagreement,
    disagreement_of_pairs,
    disagreement_of_scores,
)
from core.rating.getting import campaign_of, version_of_campaign
from core.rating.pace import WINDOW, Finish, estimated_finish, unknown_finish
from core.studies.rubric import rubric_of
from db.engine import Database
from db.repositories import attention
from db.repositories.monitoring import Monitoring
from db.repositories.studies import VersionContent
from db.tables import Campaign, CampaignStatus, SessionStatus, TestCase

ACTIVE_WITHIN = timedelta(minutes=5)
"""Who answered something so recently is taken to be at it."""
NEWEST_SESSIONS = 1000
"""Times, disagreement and attention are looked at in so many sessions, which is enough to see them
and quick enough to be asked again and again."""


@dataclass(frozen=True, slots=True)
class Flow:
    """Who came and what became of them.

    ``visits`` are openings of the link; ``excluded_by_rule`` counts complete sessions, each once a
    rule, ``excluded`` each once. ``cost`` is pay and fee of every finished session, in the design's
    currency, null without a pay. ``completions`` has a row an hour: ``hour``, ``complete``.
    """

    campaign: Campaign
    design: CampaignDesign
    visits: int
    statuses: Mapping[SessionStatus, int]
    active_now: int
    excluded: int
    excluded_by_rule: Mapping[str, int]
    sessions_needed: int
    finish: Finish
    cost: float | None
    completions: pd.DataFrame

    @property
    def complete(self) -> int:
        """Complete sessions that are not excluded."""
        return self.statuses.get(SessionStatus.COMPLETE, 0) - self.excluded


@dataclass(frozen=True, slots=True)
class Collected:
    """What was answered so far.

    ``cells`` has a row for each candidate (or pair) and test case: ``arm``, ``test_case``,
    ``rated`` (in sessions that count), ``reserved`` (under way too) and ``target``; ``arms`` is its
    sums. The rest is over the newest `NEWEST_SESSIONS`: ``median_active_ms`` of an item, null where
    no browser told; ``attention_failed`` of ``attention_answered`` attention items were failed.
    """

    protocol: Protocol
    cells: pd.DataFrame
    arms: pd.DataFrame
    disagreement: Disagreement
    median_active_ms: float | None
    attention_answered: int
    attention_failed: int


def load_flow(database: Database, campaign_id: str, now: datetime) -> Flow:
    """Who came to the campaign and what became of them; cheap enough for every few seconds.

    Raises:
        NotFoundError: there is no such campaign.
    """
    with database.read() as session:
        campaign = campaign_of(session, campaign_id)
        design = design_of(campaign.design)
        monitoring = Monitoring(session, campaign_id)
        statuses = monitoring.statuses()
        by_rule = _sessions_by_rule(monitoring)
        excluded = {one for sessions in by_rule.values() for one in sessions}
        needed = -(-monitoring.units() * design.overlap // design.items_per_session)
        counted = statuses.get(SessionStatus.COMPLETE, 0) - len(excluded)
        return Flow(
            campaign=campaign,
            design=design,
            visits=monitoring.visits(),
            statuses=statuses,
            active_now=monitoring.active_since(now - ACTIVE_WITHIN),
            excluded=len(excluded),
            excluded_by_rule={rule: len(sessions) for rule, sessions in by_rule.items()},
            sessions_needed=needed,
            finish=_finish(monitoring, campaign, excluded, needed - counted, now),
            cost=cost_of(design, monitoring.finished()),
            completions=_by_hour(monitoring.completions_by_hour()),
        )


def load_collected(database: Database, campaign_id: str) -> Collected:
    """What was answered in the campaign so far, candidates by their `blind_names`.

    Raises:
        NotFoundError: there is no such campaign.
    """
    with database.read() as session:
        campaign = campaign_of(session, campaign_id)
        design = design_of(campaign.design)
        monitoring = Monitoring(session, campaign_id)
        content = version_of_campaign(session, campaign)
        cells = _cells(monitoring, design, campaign, content)
        checks = attention.of_campaign(session.connection(), campaign_id, NEWEST_SESSIONS)
        active = monitoring.active_ms(NEWEST_SESSIONS)
        counts = ["rated", "reserved", "target"]
        return Collected(
            protocol=design.protocol,
            cells=cells,
            arms=cells.groupby("arm", as_index=False)[counts].sum(),
            disagreement=_disagreement(monitoring, design, content),
            median_active_ms=median(active) if active else None,
            attention_answered=len({one.item_id for one in checks}),
            attention_failed=attention_failures(checks).total(),
        )


def cost_of(design: CampaignDesign, finished_sessions: int) -> float | None:
    """Pay and fee of so many finished sessions; null without a pay."""
    if design.pay_per_session is None:
        return None
    return finished_sessions * design.pay_per_session * (1 + design.platform_fee_share)


def case_names(test_cases: tuple[TestCase, ...]) -> dict[str, str]:
    """``test case id -> its name``, numbered where two share one."""
    seen: Counter[str] = Counter()
    names = {}
    for case in test_cases:
        seen[case.name] += 1
        names[case.id] = case.name if seen[case.name] == 1 else f"{case.name} ({seen[case.name]})"
    return names


def _sessions_by_rule(monitoring: Monitoring) -> dict[str, set[str]]:
    """``rule -> the complete sessions that it excludes now``: the last decision of each holds."""
    holds = {(rule, one, about): out for rule, one, about, out in monitoring.exclusions()}
    found: dict[str, set[str]] = {}
    for (rule, session_id, _), is_out in holds.items():
        if is_out:
            found.setdefault(rule, set()).add(session_id)
    return found


def _finish(
    monitoring: Monitoring,
    campaign: Campaign,
    excluded: Collection[str],
    missing: int,
    now: datetime,
) -> Finish:
    """By the sessions that count alone, in what is there as in the pace."""
    if missing > 0 and campaign.status is not CampaignStatus.OPEN:
        return unknown_finish(f"the campaign is {campaign.status.value}")
    first = monitoring.first_start()
    if first is None:
        return unknown_finish("nobody has started yet")
    began_at = max(first, now - WINDOW)
    counted = sum(one not in excluded for one in monitoring.complete_since(began_at))
    return estimated_finish(counted, began_at, missing, now)


def _by_hour(completions: list[tuple[datetime, int]]) -> pd.DataFrame:
    """A row for every hour from the first to the last, empty ones too."""
    hours = pd.Series(dict(completions), dtype="int64")
    if completions:
        every = pd.date_range(completions[0][0], completions[-1][0], freq="h")
        hours = hours.reindex(every, fill_value=0)
    return pd.DataFrame({"hour": pd.to_datetime(hours.index, utc=True), "complete": hours.array})


def _cells(
    monitoring: Monitoring, design: CampaignDesign, campaign: Campaign, content: VersionContent
) -> pd.DataFrame:
    names = blind_names(campaign, content.candidates, content.reference_ids)
    cases = case_names(content.test_cases)
    rows = [
        (
            arm_name(names, one.candidate_id, one.second_candidate_id),
            cases[one.test_case_id],
            one.rated,
            one.reserved,
            one.units * design.overlap,
        )
        for one in monitoring.cells()
    ]
    frame = pd.DataFrame(rows, columns=["arm", "test_case", "rated", "reserved", "target"])
    return frame.sort_values(["arm", "test_case"], ignore_index=True)


def arm_name(names: Mapping[str, str], candidate_id: str, second_id: str | None) -> str:
    """What is compared, by the names that may be shown."""
    if second_id is None:
        return names[candidate_id]
    return " and ".join(sorted((names[candidate_id], names[second_id])))


def _disagreement(
    monitoring: Monitoring, design: CampaignDesign, content: VersionContent
) -> Disagreement:
    rubric = rubric_of(content.version.rubric)
    if design.protocol is Protocol.PAIR:
        return disagreement_of_pairs(monitoring.preference_counts(NEWEST_SESSIONS), rubric)
    return disagreement_of_scores(monitoring.value_sums(NEWEST_SESSIONS), rubric)
