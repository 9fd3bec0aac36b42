"""The rows that a run still has to make, as calls."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.generation.making import planned_responses
from core.judging.making import planned_judgments
from core.money.prices import costs_of, load_price_book, today
from core.recording import CallContext, PlannedCall
from db.engine import Database
from db.repositories.work import Work
from db.tables import CallMode, Run, RunKind


@dataclass(frozen=True, slots=True)
class OpenRows:
    """Rows of one run that are to be made by one model, and what their calls have in common."""

    run: Run
    model: str
    call: CallContext
    planned: tuple[PlannedCall, ...]


def open_rows(
    database: Database,
    run_id: str,
    row_ids: Sequence[str],
    mode: CallMode,
    *,
    of_any_run: bool = False,
) -> OpenRows | None:
    """Those of the rows that are still the run's to make; nothing when there are none.

    Args:
        database: the store.
        run_id: the run that wants the rows.
        row_ids: responses, or judgments of one judge, that are for one model.
        mode: how the calls are made, which can change their price.
        of_any_run: also those that another run has asked for since.
    """
    with database.read() as session:
        run = Work(session).run(run_id)
    if run is None:
        return None
    plan = planned_responses if run.kind is RunKind.GENERATION else planned_judgments
    planned = plan(database, run_id, row_ids, of_any_run=of_any_run)
    if not planned:
        return None
    model = planned[0].model
    costs = costs_of(load_price_book(database), model, mode, today())
    return OpenRows(run, model, CallContext(run_id, costs=costs, mode=mode), tuple(planned))
