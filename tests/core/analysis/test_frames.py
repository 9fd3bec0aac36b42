import pandas as pd
import pytest

from core.analysis.frames import (
    JUDGMENTS,
    PREFERENCES,
    QUALITY_COLUMNS,
    RATINGS,
    FrameContract,
    typed_frame,
)
from core.errors import InvalidInputError
from tests.core.analysis import made


@pytest.mark.parametrize("contract", [RATINGS, PREFERENCES, JUDGMENTS], ids=lambda c: c.name)
def test_a_frame_without_rows_still_has_its_columns(contract: FrameContract) -> None:
    empty = contract.frame([])
    contract.require(empty)
    assert list(empty.columns) == list(contract.columns)


def test_a_missing_column_is_named() -> None:
    with pytest.raises(InvalidInputError, match="ratings lack the column 'value'"):
        RATINGS.require(made.ratings([("ann", "c1", 5)]).drop(columns="value"))


def test_a_rating_without_a_value_is_refused_rather_than_skipped() -> None:
    frame = made.ratings([("ann", "c1", 5), ("bob", "c1", float("nan"))])
    with pytest.raises(InvalidInputError, match="rows without a value"):
        RATINGS.require(frame)


def test_further_columns_are_allowed() -> None:
    RATINGS.require(made.ratings([("ann", "c1", 5)]).assign(comment="fine"))


def test_an_outgoing_frame_keeps_its_dtypes_when_it_is_empty() -> None:
    frame = typed_frame([], QUALITY_COLUMNS)
    assert list(frame.columns) == list(QUALITY_COLUMNS)
    assert frame["lower"].dtype == pd.Float64Dtype()
    assert frame["raters"].dtype == pd.Int64Dtype()
