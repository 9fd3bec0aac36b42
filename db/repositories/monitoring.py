"""How a campaign goes: counts and sums that are cheap enough to be asked every few seconds."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, type_coerce
from sqlalchemy import select as select_columns
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from db.repositories.exclusions import excluded_ids
from db.tables import (
    CampaignUnit,
    Exclusion,
    Item,
    Preference,
    Rating,
    RatingSession,
    Response,
    SessionStatus,
    Subject,
    Visit,
)
from db.types import UtcDateTime


@dataclass(frozen=True, slots=True)
class CellRow:
    """One candidate, or pair of candidates, at one test case.

    ``rated`` counts items of complete sessions that are not excluded, ``reserved`` also those of
    sessions under way.
    """

    candidate_id: str
    second_candidate_id: str | None
    test_case_id: str
    units: int
    rated: int
    reserved: int


@dataclass(frozen=True, slots=True)
class ValueSum:
    """The scores of one unit for one criterion: how many, their sum, the sum of their squares."""

    ratings: int
    total: int
    total_of_squares: int


@dataclass(frozen=True, slots=True)
class PreferenceCount:
    """How often one answer was given for one pair and criterion.

    ``is_swapped``: the pair's second response was shown first.
    """

    unit_id: str
    criterion: str
    preference: Preference
    is_swapped: bool
    ratings: int


class Monitoring:
    """Counts over one campaign within one transaction."""

    def __init__(self, session: Session, campaign_id: str) -> None:
        self.session = session
        self.campaign_id = campaign_id

    def visits(self) -> int:
        """How often the link was opened."""
        query = select(func.count()).select_from(Visit)
        return self.session.exec(query.where(Visit.campaign_id == self.campaign_id)).one()

    def units(self) -> int:
        """How many responses, or pairs of them, the campaign asks about; no excluded ones."""
        query = select(func.count()).select_from(CampaignUnit)
        return self.session.exec(query.where(self._is_asked_about())).one()

    def statuses(self) -> dict[SessionStatus, int]:
        """``status -> how many sessions``."""
        status = col(RatingSession.status)
        query = select_columns(status, func.count()).where(self._ours()).group_by(status)
        rows = self.session.connection().execute(query)
        return {one: sessions for one, sessions in rows}  # noqa: C416  rows are typed as tuples

    def active_since(self, moment: datetime) -> int:
        """How many unfinished sessions were started, or answered something, since then."""
        answered = (
            select(Rating.id)
            .where(
                col(Rating.session_id) == col(RatingSession.id),
                col(Rating.submitted_at) >= moment,
            )
            .exists()
        )
        query = select(func.count()).where(
            self._ours(),
            RatingSession.status == SessionStatus.STARTED,
            or_(col(RatingSession.started_at) >= moment, answered),
        )
        return self.session.exec(query).one()

    def finished(self) -> int:
        """How many sessions were finished, those withdrawn afterwards too: they are to be paid."""
        query = select(func.count()).where(
            self._ours(), col(RatingSession.completed_at).is_not(None)
        )
        return self.session.exec(query).one()

    def first_start(self) -> datetime | None:
        """When the first session was started."""
        return self.session.exec(
            select(func.min(RatingSession.started_at)).where(self._ours())
        ).one()

    def complete_since(self, moment: datetime) -> Sequence[str]:
        """The sessions that were completed since then, by id."""
        query = select(RatingSession.id).where(
            self._complete(), col(RatingSession.completed_at) >= moment
        )
        return self.session.exec(query).all()

    def completions_by_hour(self) -> list[tuple[datetime, int]]:
        """``(beginning of an hour, sessions completed in it)``, in order, without empty hours."""
        hour = self._hour(col(RatingSession.completed_at))
        query = select_columns(hour.label("hour"), func.count()).where(self._complete())
        rows = self.session.connection().execute(query.group_by(hour).order_by(hour))
        return [(moment, count) for moment, count in rows]

    def exclusions(self) -> list[tuple[str, str, Subject, bool]]:
        """``(rule, session id, what was decided about, excluded)`` of complete sessions' decisions.

        Oldest first.
        """
        about = or_(
            and_(
                col(Exclusion.subject) == Subject.SESSION,
                col(Exclusion.subject_id) == col(RatingSession.id),
            ),
            and_(
                col(Exclusion.subject) == Subject.RATER,
                col(Exclusion.subject_id) == col(RatingSession.rater_id),
            ),
        )
        query = (
            select(Exclusion.rule, RatingSession.id, Exclusion.subject, Exclusion.excluded)
            .join(RatingSession, about)
            .where(self._complete())
            .order_by(col(Exclusion.created_at), col(Exclusion.id))
        )
        rows = self.session.exec(query).all()
        return [(rule, one, Subject(about), is_out) for rule, one, about, is_out in rows]

    def cells(self) -> list[CellRow]:
        """What was rated and reserved, by candidate (or pair of candidates) and test case.

        Without units of which a response is excluded.
        """
        first, second = aliased(Response), aliased(Response)
        case_id, rated = col(CampaignUnit.test_case_id), self._rated_units()
        groups: list[Any] = [col(first.candidate_id), col(second.candidate_id), case_id]
        counts = [func.count(), func.sum(rated.c.times), func.sum(col(CampaignUnit.reserved))]
        query = (
            select_columns(*groups, *counts)
            .select_from(CampaignUnit)
            .join(first, col(first.id) == col(CampaignUnit.response_id))
            .outerjoin(second, col(second.id) == col(CampaignUnit.second_response_id))
            .outerjoin(rated, rated.c.unit_id == col(CampaignUnit.id))
            .where(self._is_asked_about())
            .group_by(*groups)
        )
        return [
            CellRow(one, two, case, units, int(times or 0), int(reserved))
            for one, two, case, units, times, reserved in self.session.connection().execute(query)
        ]

    def value_sums(self, newest: int) -> list[ValueSum]:
        """The scores of each response and criterion, summed, in the newest sessions that count."""
        value = col(Rating.value)
        query = (
            self._answers(newest, func.count(), func.sum(value), func.sum(value * value))
            .where(value.is_not(None))
            .group_by(col(Item.unit_id), col(Rating.criterion))
        )
        return [ValueSum(*map(int, row)) for row in self.session.connection().execute(query)]

    def preference_counts(self, newest: int) -> list[PreferenceCount]:
        """The answers to each pair and criterion, counted, in the newest sessions that count."""
        is_swapped = case((col(Item.response_id) == col(CampaignUnit.response_id), 0), else_=1)
        groups = (col(Item.unit_id), col(Rating.criterion), col(Rating.preference), is_swapped)
        query = (
            self._answers(newest, *groups, func.count())
            .join(CampaignUnit, col(CampaignUnit.id) == col(Item.unit_id))
            .where(col(Rating.preference).is_not(None))
            .group_by(*groups)
        )
        rows = self.session.connection().execute(query)
        return [
            PreferenceCount(unit_id, criterion, preference, bool(swapped), count)
            for unit_id, criterion, preference, swapped, count in rows
        ]

    def active_ms(self, newest: int) -> list[int]:
        """The active time of each item of the newest sessions that count, where it is known."""
        # Every criterion of an item carries the same time.
        query = (
            self._answers(newest, func.max(col(Rating.active_ms)))
            .where(col(Rating.active_ms).is_not(None))
            .group_by(col(Item.id))
        )
        return list(self.session.connection().execute(query).scalars())

    def _ours(self) -> ColumnElement[bool]:
        return col(RatingSession.campaign_id) == self.campaign_id

    def _complete(self) -> ColumnElement[bool]:
        return and_(self._ours(), col(RatingSession.status) == SessionStatus.COMPLETE)

    def _counted(self) -> ColumnElement[bool]:
        """Complete, and not excluded: the items of those that are went back to the pool."""
        return and_(self._complete(), col(RatingSession.released_at).is_(None))

    def _is_asked_about(self) -> ColumnElement[bool]:
        """A unit of the campaign that can be reserved: none of its responses is excluded."""
        excluded = excluded_ids(self.session, Subject.RESPONSE, of_campaign=self.campaign_id)
        return and_(
            col(CampaignUnit.campaign_id) == self.campaign_id,
            col(CampaignUnit.response_id).not_in(excluded),
            func.coalesce(col(CampaignUnit.second_response_id), "").not_in(excluded),
        )

    def _rated_units(self) -> Any:
        """A complete session's items are all answered, so that no rating needs to be looked at."""
        return (
            select_columns(col(Item.unit_id), func.count().label("times"))
            .join(RatingSession, col(RatingSession.id) == col(Item.session_id))
            .where(self._counted(), col(Item.unit_id).is_not(None))
            .group_by(col(Item.unit_id))
            .subquery()
        )

    def _answers(self, newest: int, *columns: Any) -> Select[Any]:
        """What was answered about units in so many of the newest sessions that count."""
        sessions = (
            select(RatingSession.id)
            .where(self._counted())
            .order_by(col(RatingSession.completed_at).desc())
            .limit(newest)
        )
        return (
            select_columns(*columns)
            .select_from(Item)
            .join(Rating, col(Rating.item_id) == col(Item.id))
            .where(col(Item.session_id).in_(sessions), col(Item.unit_id).is_not(None))
        )

    def _hour(self, moment: Any) -> Any:
        """The beginning of the moment's hour in UTC, whatever the zone of the connection."""
        if self.session.connection().dialect.name == "sqlite":
            beginning = func.strftime("%Y-%m-%d %H:00:00.000000", moment)
        else:
            utc = func.timezone("UTC", moment)
            beginning = func.timezone("UTC", func.date_trunc("hour", utc))
        return type_coerce(beginning, UtcDateTime())
