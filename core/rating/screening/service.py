"""Screen a campaign: what each rule sees in each complete session, and what was decided on it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session

from core.rating.design import Protocol, design_of
from core.rating.exclusions import exclude
from core.rating.getting import campaign_of, version_of_campaign
from core.rating.panel import Assay, assay
from core.rating.screening.base import (
    Behaviour,
    Context,
    Evidence,
    Person,
    Thresholds,
    plain_comment,
)
from core.rating.screening.reading import behaviours_of
from core.rating.screening.registry import rule_named, rules
from core.studies.rubric import rubric_of
from db.engine import Database
from db.repositories import behaviour as stored
from db.repositories import exclusions
from db.repositories.studies import VersionContent
from db.tables import Campaign, Exclusion, Rater, RatingSession, Subject

AllThresholds = Mapping[str, Thresholds]
"""The thresholds that the researcher chose, by rule; the others keep their defaults."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule sees in a session, and the rule's decision about it that holds, if any."""

    session_id: str
    pseudonym: str
    rule: str
    evidence: Evidence
    decision: Exclusion | None

    @property
    def is_excluded(self) -> bool:
        """Whether this rule excludes the session now."""
        return self.decision is not None and self.decision.excluded

    @property
    def is_new(self) -> bool:
        """Whether the rule flags the session and does not exclude it yet."""
        return self.evidence.flagged is True and not self.is_excluded


@dataclass(frozen=True, slots=True)
class ScreeningReport:
    """A campaign's complete sessions as the rules see them.

    ``pseudonyms`` are by session id, ``left_out`` the sessions that any rule excludes now,
    ``thresholds`` those that were used. The assays are over the sessions that count: ``panel`` of
    all known-bad texts, ``panels`` by how the texts were spoilt.
    """

    campaign: Campaign
    findings: tuple[Finding, ...]
    behaviours: Mapping[str, Behaviour]
    pseudonyms: Mapping[str, str]
    left_out: frozenset[str]
    thresholds: Mapping[str, Thresholds]
    panel: Assay
    panels: Mapping[str, Assay]

    @property
    def names(self) -> dict[str, str]:
        """Pseudonyms by what a decision can be about: the session or its rater."""
        raters = {one.rater_id: self.pseudonyms[one.session_id] for one in self.behaviours.values()}
        return {**raters, **self.pseudonyms}

    def of_rule(self, rule: str) -> tuple[Finding, ...]:
        """What one rule sees."""
        return tuple(one for one in self.findings if one.rule == rule)


def screen(
    database: Database, campaign_id: str, thresholds: AllThresholds | None = None
) -> ScreeningReport:
    """Let every rule look at every complete session of a campaign.

    Raises:
        InvalidInputError: a threshold cannot be taken.
        NotFoundError: there is no such campaign.
    """
    chosen = thresholds or {}
    used = {name: rule.thresholds(chosen.get(name)) for name, rule in rules().items()}
    with database.read() as session:
        campaign = campaign_of(session, campaign_id)
        content = version_of_campaign(session, campaign)
        answers = stored.answers_of(session, campaign_id)
        context = _context(session, content)
        ids = [row.id for row, _ in answers.sessions]
        decisions = exclusions.standing(exclusions.decisions_about(session, Subject.SESSION, ids))
        raters_out = exclusions.excluded_ids(session, Subject.RATER)
        sessions_out = exclusions.excluded_ids(session, Subject.SESSION)
    behaviours = behaviours_of(answers, _reference_ids(content))
    pseudonyms = {row.id: rater.pseudonym for row, rater in answers.sessions}
    left_out = frozenset(
        row.id
        for row, _ in answers.sessions
        if row.id in sessions_out or row.rater_id in raters_out
    )
    counted = [one for one in behaviours if one.session_id not in left_out]
    protocol = _protocol(campaign, behaviours)
    return ScreeningReport(
        campaign=campaign,
        findings=tuple(
            Finding(
                one.session_id,
                pseudonyms[one.session_id],
                name,
                rule.evidence(one, context, used[name]),
                decisions.get((Subject.SESSION, one.session_id, name)),
            )
            for name, rule in rules().items()
            for one in behaviours
        ),
        behaviours={one.session_id: one for one in behaviours},
        pseudonyms=pseudonyms,
        left_out=left_out,
        thresholds=used,
        panel=assay(counted, protocol),
        panels={
            made_by: assay(counted, protocol, made_by)
            for made_by in sorted({each.made_by for one in counted for each in one.known_bad})
        },
    )


def apply_rule(
    database: Database,
    campaign_id: str,
    rule: str,
    thresholds: Thresholds | None,
    reason: str,
    actor: str,
) -> int:
    """Exclude every session that the rule flags and does not exclude yet; says how many.

    The evidence that is stored with each decision holds the figures and the thresholds.

    Raises:
        InvalidInputError: there is no reason, or a threshold cannot be taken.
        NotFoundError: there is no such campaign or rule.
    """
    used = rule_named(rule).thresholds(thresholds)
    report = screen(database, campaign_id, {rule: used})
    evidence = {
        one.session_id: _document(one.evidence, used) for one in report.of_rule(rule) if one.is_new
    }
    return exclude(database, Subject.SESSION, list(evidence), rule, reason, evidence, actor)


def _document(evidence: Evidence, thresholds: Thresholds) -> dict[str, Any]:
    return {
        "figures": dict(evidence.figures),
        "thresholds": dict(thresholds),
        "sentence": evidence.sentence,
    }


def _reference_ids(content: VersionContent) -> frozenset[str]:
    """The reference; or the only model there is, whose texts are spoilt then."""
    if content.reference_ids or len(content.candidates) != 1:
        return content.reference_ids
    return frozenset(one.id for one in content.candidates)


def _protocol(campaign: Campaign, behaviours: Sequence[Behaviour]) -> Protocol:
    """What was asked: an imported campaign's design does not say, its answers do."""
    if any(item.preferences for one in behaviours for item in one.items):
        return Protocol.PAIR
    return design_of(campaign.design).protocol


def _context(session: Session, content: VersionContent) -> Context:
    study_id = content.study.id
    comments: dict[str, set[str]] = {}
    for session_id, comment in stored.comments_of_study(session, study_id):
        comments.setdefault(session_id, set()).add(plain_comment(comment))
    people = stored.people_of_study(session, study_id)
    scale = rubric_of(content.version.rubric).scale
    return Context(
        people={
            row.id: Person(
                session_id=row.id,
                rater_id=rater.id,
                order=order,
                identities=_identities(row, rater, campaign),
                comments=frozenset(comments.get(row.id, ())),
            )
            for order, (row, rater, campaign) in enumerate(people)
        },
        scale_range=scale.maximum - scale.minimum,
    )


def _identities(row: RatingSession, rater: Rater, campaign: Campaign) -> frozenset[str]:
    """What is the person's own: our id, the platform's id, and the submission's as it arrived."""
    parameter = design_of(campaign.design).platform.session_parameter
    submission = row.arrival.get(parameter) if parameter else None
    found = {f"rater {rater.id}"}
    if rater.external_id:
        found.add(f"person {rater.external_id}")
    if isinstance(submission, str) and submission:
        found.add(f"submission {submission}")
    return frozenset(found)
