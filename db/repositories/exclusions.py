"""What does not count, and by which rule: decisions, appended and never changed."""

from collections.abc import Iterable, Sequence

from sqlalchemy import and_, or_
from sqlmodel import Session, col, select

from db.tables import CampaignResponse, Exclusion, Rating, RatingSession, Subject

_CHUNK = 500


def excluded_ids(
    session: Session,
    subject: Subject,
    ignoring: frozenset[str] = frozenset(),
    *,
    of_campaign: str | None = None,
) -> frozenset[str]:
    """What is excluded now: the last decision of each rule holds, and one rule is enough.

    Args:
        session: a transaction.
        subject: the kind of thing asked about.
        ignoring: rules that are looked away from, as if they had decided nothing.
        of_campaign: of responses, only those that this campaign shows.
    """
    # Columns, not rows as objects: every page of results asks for this.
    query = select(Exclusion.subject_id, Exclusion.rule, Exclusion.excluded).where(
        Exclusion.subject == subject
    )
    if of_campaign is not None:
        shown = select(CampaignResponse.response_id).where(
            CampaignResponse.campaign_id == of_campaign
        )
        query = query.where(col(Exclusion.subject_id).in_(shown))
    decisions = session.exec(query.order_by(col(Exclusion.created_at), col(Exclusion.id))).all()
    last = {(subject_id, rule): excluded for subject_id, rule, excluded in decisions}
    return frozenset(
        subject_id
        for (subject_id, rule), excluded in last.items()
        if excluded and rule not in ignoring
    )


def is_left_out(session: Session, row: RatingSession) -> bool:
    """Whether any rule excludes that session, or its rater."""
    decisions = decisions_about(session, Subject.SESSION, [row.id])
    decisions += decisions_about(session, Subject.RATER, [row.rater_id])
    return any(one.excluded for one in standing(decisions).values())


def decisions_about(
    session: Session, subject: Subject, subject_ids: Iterable[str]
) -> list[Exclusion]:
    """Every decision about those things, oldest first."""
    wanted = sorted(set(subject_ids))
    found: list[Exclusion] = []
    for start in range(0, len(wanted), _CHUNK):
        query = select(Exclusion).where(
            Exclusion.subject == subject,
            col(Exclusion.subject_id).in_(wanted[start : start + _CHUNK]),
        )
        found += session.exec(query).all()
    return sorted(found, key=lambda one: (one.created_at, one.id))


def standing(decisions: Iterable[Exclusion]) -> dict[tuple[Subject, str, str], Exclusion]:
    """``(subject, its id, rule) -> the decision that holds``, of decisions in order."""
    return {(one.subject, one.subject_id, one.rule): one for one in decisions}


def sessions_of_raters(session: Session, rater_ids: Sequence[str]) -> Sequence[RatingSession]:
    """Every session of those raters."""
    query = select(RatingSession).where(col(RatingSession.rater_id).in_(rater_ids))
    return session.exec(query).all()


def sessions_by_ids(session: Session, session_ids: Sequence[str]) -> Sequence[RatingSession]:
    """The sessions of those ids."""
    query = select(RatingSession).where(col(RatingSession.id).in_(session_ids))
    return session.exec(query).all()


def decisions_in_campaigns(session: Session, campaign_ids: Sequence[str]) -> Sequence[Exclusion]:
    """Every decision about the campaigns' sessions, raters, ratings and responses, oldest first."""
    sessions = col(RatingSession.campaign_id).in_(campaign_ids)
    subjects = {
        Subject.SESSION: select(RatingSession.id).where(sessions),
        Subject.RATER: select(RatingSession.rater_id).where(sessions),
        Subject.RATING: select(Rating.id)
        .join(RatingSession, col(RatingSession.id) == col(Rating.session_id))
        .where(sessions),
        Subject.RESPONSE: select(CampaignResponse.response_id).where(
            col(CampaignResponse.campaign_id).in_(campaign_ids)
        ),
    }
    query = select(Exclusion).where(
        or_(
            *(
                and_(col(Exclusion.subject) == subject, col(Exclusion.subject_id).in_(ids))
                for subject, ids in subjects.items()
            )
        )
    )
    return session.exec(query.order_by(col(Exclusion.created_at), col(Exclusion.id))).all()
