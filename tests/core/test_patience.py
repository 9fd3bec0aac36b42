"""What may have been paid is written once the store answers again."""

import asyncio
from collections.abc import Iterator

import pytest
import stamina

from core.errors import StoreError
from core.patience import patiently


@pytest.fixture(autouse=True)
def no_waits() -> Iterator[None]:
    with stamina.set_testing(True, attempts=6):
        yield


def counting(failures: list[Exception]) -> list[int]:
    """Call once more for each failure; gives the arguments of the calls."""
    calls: list[int] = []

    async def write(number: int, *, twice: bool = False) -> int:
        calls.append(number)
        if failures:
            raise failures.pop(0)
        return number * 2 if twice else number

    assert asyncio.run(patiently(write, 3, twice=True)) == 6
    return calls


def test_what_works_is_done_once() -> None:
    assert counting([]) == [3]


def test_a_store_that_does_not_answer_is_tried_again_with_the_same() -> None:
    assert counting([StoreError("Busy."), StoreError("Busy.")]) == [3, 3, 3]


def test_patience_ends() -> None:
    with pytest.raises(StoreError, match="Busy"):
        counting([StoreError("Busy.")] * 20)


def test_what_is_no_trouble_of_the_store_is_raised_at_once() -> None:
    with pytest.raises(ValueError, match="mine"):
        counting([ValueError("mine"), StoreError("Busy.")])
