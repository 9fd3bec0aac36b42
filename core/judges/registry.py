"""Which judges there are: every module in `core.judges.methods`, and entry points of packages.

Packages add their own under the entry point group ``slam.judges``.
"""

from functools import cache

from core.errors import NotFoundError
from core.judges import methods
from core.judges.base import AnyJudge
from core.plugins import found

ENTRY_POINT_GROUP = "slam.judges"


@cache
def judges() -> dict[str, AnyJudge]:
    """All judges by name, in the order of their labels."""
    installed: list[AnyJudge] = found(methods, "JUDGE", ENTRY_POINT_GROUP)
    return {judge.name: judge for judge in sorted(installed, key=lambda judge: judge.label)}


def judge_named(name: str) -> AnyJudge:
    """The judge of that name.

    Raises:
        NotFoundError: there is none of that name.
    """
    try:
        return judges()[name]
    except KeyError:
        raise NotFoundError(
            f"There is no judge {name!r}; choose one of {', '.join(judges())}."
        ) from None
