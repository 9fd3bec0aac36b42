"""Batches: calls handed over in bulk, and the attempts that went with them."""

from collections.abc import Sequence

from sqlalchemy import or_
from sqlmodel import Session, col, select

from db.tables import Attempt, AttemptStatus, Batch, BatchStatus

OPEN = (BatchStatus.PREPARING, BatchStatus.SUBMITTED)


class Batches:
    """Queries over batches within one transaction."""

    def __init__(self, session: Session) -> None:
        self.session = session

    def get(self, batch_id: str) -> Batch:
        """The batch of that id."""
        return self.session.get_one(Batch, batch_id)

    def open_of_run(self, run_id: str) -> Sequence[Batch]:
        """The run's batches that are not over, oldest first."""
        query = select(Batch).where(Batch.run_id == run_id, col(Batch.status).in_(OPEN))
        return self.session.exec(query.order_by(col(Batch.created_at))).all()

    def holding(self, row_ids: Sequence[str]) -> Batch | None:
        """The batch that is not over and that holds calls for any of these rows."""
        for start in range(0, len(row_ids), 500):
            some = row_ids[start : start + 500]
            query = (
                select(Batch)
                .join(Attempt, col(Attempt.batch_id) == Batch.id)
                .where(
                    col(Batch.status).in_(OPEN),
                    or_(col(Attempt.response_id).in_(some), col(Attempt.judgment_id).in_(some)),
                )
            )
            found = self.session.exec(query.limit(1)).first()
            if found is not None:
                return found
        return None

    def unanswered(self, batch_id: str) -> Sequence[Attempt]:
        """The batch's attempts that have no answer yet."""
        waiting = (AttemptStatus.SENT, AttemptStatus.IN_DOUBT)
        query = select(Attempt).where(
            Attempt.batch_id == batch_id, col(Attempt.status).in_(waiting)
        )
        return self.session.exec(query).all()
