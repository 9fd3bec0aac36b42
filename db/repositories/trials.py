"""Trials of judges that somebody is setting up."""

from sqlalchemy import Connection, select, update
from sqlmodel import Session, col
from sqlmodel import select as select_rows

from db.tables import Attempt, CallStatus, JudgeTrial
from db.types import utc_now


class Trials:
    """Queries over trials within one transaction."""

    def __init__(self, session: Session) -> None:
        self.session = session

    def trial(self, trial_id: str) -> JudgeTrial | None:
        """The trial of that id."""
        return self.session.get(JudgeTrial, trial_id)

    def waiting(self) -> list[str]:
        """The ids of the trials that nobody has begun, oldest first."""
        query = select_rows(JudgeTrial.id).where(
            JudgeTrial.status == CallStatus.PLANNED, col(JudgeTrial.started_at).is_(None)
        )
        return list(self.session.exec(query.order_by(col(JudgeTrial.requested_at))).all())


def give_up(connection: Connection, trial_id: str, kind: str, message: str) -> None:
    """Store that a trial failed, with the last reply that came, unless it has ended."""
    last_reply = (
        select(col(Attempt.raw_reply))
        .where(col(Attempt.judge_trial_id) == trial_id)
        .order_by(col(Attempt.number).desc())
        .limit(1)
        .scalar_subquery()
    )
    connection.execute(
        update(JudgeTrial)
        .where(col(JudgeTrial.id) == trial_id, col(JudgeTrial.status) == CallStatus.PLANNED)
        .values(
            status=CallStatus.FAILED,
            error_kind=kind,
            error_message=message,
            raw_reply=last_reply,
            completed_at=utc_now(),
        )
    )
