"""How patient writes are that must not be given up lightly."""

from collections.abc import Awaitable, Callable
from typing import ParamSpec, TypeVar

import stamina

from core.errors import StoreError

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")

_again = stamina.AsyncRetryingCaller(
    attempts=6, timeout=None, wait_initial=5.0, wait_max=60.0, wait_jitter=1.0
).on(StoreError)


async def patiently(
    do: Callable[Arguments, Awaitable[Result]],
    *arguments: Arguments.args,
    **options: Arguments.kwargs,
) -> Result:
    """Await what may have been paid, or hold up every call, through troubles of the store.

    A locked or lost store is tried again at once, and then for minutes.

    Raises:
        StoreError: it could not be reached in all that time.
    """
    try:
        # Nearly always it works, and the machinery of retries is a tenth of a call's CPU.
        return await do(*arguments, **options)
    except StoreError:
        return await _again(do, *arguments, **options)
