"""Signs of life of the daemons."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func
from sqlmodel import Session, col, select

from db.tables import Heartbeat
from db.types import utc_now


def beat(session: Session, executor_id: str, version: str) -> None:
    """Note that this daemon is alive now."""
    row = session.get(Heartbeat, executor_id) or Heartbeat(executor_id=executor_id, version=version)
    row.beat_at = utc_now()
    row.version = version
    session.add(row)


def last_beat(session: Session) -> datetime | None:
    """When any daemon was last alive."""
    return session.exec(select(func.max(Heartbeat.beat_at))).first()


def silent_since(session: Session, moment: datetime) -> Sequence[str]:
    """The daemons that have not beaten since ``moment``."""
    query = select(Heartbeat.executor_id).where(col(Heartbeat.beat_at) < moment)
    return session.exec(query).all()


def forget(session: Session, executor_id: str) -> None:
    """Drop a daemon whose work was taken over."""
    row = session.get(Heartbeat, executor_id)
    if row is not None:
        session.delete(row)
