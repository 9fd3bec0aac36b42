"""Storing imported submissions: one closed campaign a study, its raters, sessions and answers."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from core.exchange.content import ImportedItem, ImportedSession
from core.exchange.report import Tally
from core.rating.design import CampaignDesign, Protocol
from db.repositories.imports import Imports
from db.tables import (
    AnswerStatus,
    Campaign,
    CampaignResponse,
    CampaignStatus,
    Item,
    Origin,
    Rater,
    Rating,
    RatingSession,
    SessionStatus,
    StudyVersion,
)
from db.types import new_id, utc_now


def add_campaign(
    imports: Imports,
    version: StudyVersion,
    *,
    name: str,
    instructions: str,
    items_per_session: int,
    response_ids: list[str],
    actor: str,
) -> Campaign:
    """Store the campaign of a study's imported ratings; it is closed from the start."""
    now = utc_now()
    design = CampaignDesign(protocol=Protocol.PAIR, items_per_session=items_per_session)
    campaign = Campaign(
        study_version_id=version.id,
        name=name,
        link_token=new_id(),
        status=CampaignStatus.CLOSED,
        origin=Origin.IMPORTED,
        instructions=instructions,
        consent="",
        items_per_session=items_per_session,
        design=design.document(),
        opened_at=now,
        opened_by=actor,
        closed_at=now,
    )
    imports.add(campaign)
    rows = [{"campaign_id": campaign.id, "response_id": one} for one in response_ids]
    imports.add_many(CampaignResponse, rows)
    return campaign


def add_sessions(
    imports: Imports,
    campaign: Campaign,
    sessions: Iterable[ImportedSession],
    response_ids: Mapping[str, str],
    tally: Tally,
) -> None:
    """Store submissions with their items and ratings; a known rater gets another session.

    Where a file does not say when a session started, the moment of the import stands in.
    """
    rows = _Rows(campaign.id, imports.rater_ids(campaign.id), response_ids, utc_now())
    for session in sessions:
        rows.add(session)
    imports.add_many(Rater, rows.raters)
    imports.add_many(RatingSession, rows.sessions)
    imports.add_many(Item, rows.items)
    imports.add_many(Rating, rows.ratings)
    tally.taken.update(
        sessions=len(rows.sessions), items=len(rows.items), ratings=len(rows.ratings)
    )


class _Rows:
    """The rows of many submissions, for storing each table at once."""

    def __init__(
        self,
        campaign_id: str,
        rater_ids: Mapping[str, str],
        response_ids: Mapping[str, str],
        now: datetime,
    ) -> None:
        self.raters: list[dict[str, Any]] = []
        self.sessions: list[dict[str, Any]] = []
        self.items: list[dict[str, Any]] = []
        self.ratings: list[dict[str, Any]] = []
        self._campaign_id = campaign_id
        self._rater_ids = dict(rater_ids)
        self._response_ids = response_ids
        self._now = now

    def add(self, session: ImportedSession) -> None:
        """Append the rows of one submission."""
        row_id = new_id()
        status = SessionStatus.COMPLETE if session.complete else SessionStatus.STARTED
        self.sessions.append(
            {
                "id": row_id,
                "campaign_id": self._campaign_id,
                "rater_id": self._rater(session.rater),
                "start_nonce": new_id(),
                "status": status,
                "origin": Origin.IMPORTED,
                "completion_code": new_id(),
                "arrival": {},
                "external_id": session.external_id,
                "started_at": session.started_at or self._now,
                "completed_at": session.completed_at,
                "item_count": len(session.items),
                "understood_at": session.started_at,
                "ended_at": session.completed_at,
            }
        )
        for item in session.items:
            self._add_item(row_id, item)

    def _rater(self, name: str) -> str:
        if name not in self._rater_ids:
            self._rater_ids[name] = new_id()
            self.raters.append(
                {
                    "id": self._rater_ids[name],
                    "campaign_id": self._campaign_id,
                    "pseudonym": name,
                    "external_id": name,
                    "created_at": self._now,
                }
            )
        return self._rater_ids[name]

    def _add_item(self, session_id: str, item: ImportedItem) -> None:
        item_id = new_id()
        self.items.append(
            {
                "id": item_id,
                "session_id": session_id,
                "position": item.position,
                "response_id": self._response_ids[item.first],
                "second_response_id": self._response_ids[item.second],
            }
        )
        for answer in item.answers:
            self.ratings.append(
                {
                    "id": new_id(),
                    "item_id": item_id,
                    "session_id": session_id,
                    "criterion": answer.criterion,
                    "preference": answer.preference,
                    "status": AnswerStatus.ANSWERED,
                    "comment": answer.comment,
                    "submitted_at": item.answered_at,
                    "reported_ms": item.reported_ms,
                }
            )
