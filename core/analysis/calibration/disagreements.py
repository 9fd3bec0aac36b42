"""The responses on which a judge and people are furthest apart: what to read first."""

import pandas as pd

from core.analysis.calibration.frames import DISAGREEMENT_COLUMNS

__all__ = ["disagreements"]


def disagreements(shared: pd.DataFrame, most: int | None = None) -> pd.DataFrame:
    """Return the shared items by distance of judge and people: `DISAGREEMENT_COLUMNS`.

    ``shared`` has `ITEM_COLUMNS`. The largest come first, those that more people rated first among
    equals; at most ``most`` rows.
    """
    rows = shared.assign(difference=shared["judged"] - shared["people"])
    rows = rows.assign(distance=rows["difference"].abs().round(9))
    ordered = rows.sort_values(
        ["distance", "raters", "response_id"], ascending=[False, False, True], ignore_index=True
    )
    chosen = ordered if most is None else ordered.head(most)
    return chosen[list(DISAGREEMENT_COLUMNS)].astype(dict(DISAGREEMENT_COLUMNS))
