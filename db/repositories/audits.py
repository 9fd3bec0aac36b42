"""The audit trail: appended, never changed."""

from typing import Any

from sqlmodel import Session

from db.tables import Audit


def record(
    session: Session,
    *,
    actor: str,
    action: str,
    subject: str,
    subject_id: str,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    """Append who did what to which thing, inside the transaction that does it."""
    session.add(
        Audit(
            actor=actor,
            action=action,
            subject=subject,
            subject_id=subject_id,
            before=before,
            after=after,
        )
    )
