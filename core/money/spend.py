"""What was spent, as a tidy frame, and its sums by study, model, judge or day."""

from dataclasses import asdict

import pandas as pd

from core.money.paid import is_paid_model
from db.engine import Database
from db.repositories.spend import Spend

GENERATION = "none: generation"
"""What stands for the judge where a response was made, not judged."""
GROUPS = ("study", "model", "judge", "day")
_COUNTS = (
    "calls",
    "failed",
    "prompt_tokens",
    "completion_tokens",
    "unpriced",
    "in_doubt",
)
_MONEY = ("cost_usd", "in_doubt_usd")
COLUMNS = (*GROUPS, *_MONEY, *_COUNTS)


def load_spend(database: Database) -> pd.DataFrame:
    """Every attempt that was ever made, failed ones too, summed by `GROUPS`, with `COLUMNS`.

    ``unpriced`` are answered calls to paid models whose price is unknown; calls to models of our
    own machines cost nothing and are none. ``in_doubt_usd`` is what calls in doubt may have cost at
    most. Money is null where nothing is known of it. Days are UTC.
    """
    with database.read() as session:
        rows = [asdict(row) for row in Spend(session).rows()]
    for row in rows:
        without_cost = row.pop("without_cost")
        row["unpriced"] = without_cost if is_paid_model(row["model"]) else 0
        row["in_doubt"] = row["in_doubt"] if is_paid_model(row["model"]) else 0
        row["judge"] = row["judge"] or GENERATION
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    frame["day"] = pd.to_datetime(frame["day"])
    types = dict.fromkeys(_COUNTS, "Int64") | dict.fromkeys(_MONEY, "Float64")
    return frame.astype(types).sort_values(list(GROUPS), ignore_index=True)


def spend_by(spend: pd.DataFrame, group: str) -> pd.DataFrame:
    """The sums of `load_spend` by one of `GROUPS`, the dearest first (days in order).

    Money stays null where none of the rows knows any.
    """
    sums = spend.groupby(group, as_index=False, sort=True)[[*_MONEY, *_COUNTS]].sum(min_count=1)
    if group == "day":
        return sums
    order = ["cost_usd", "calls"]
    return sums.sort_values(order, ascending=False, na_position="last", ignore_index=True)
