"""Which judges there are: every module in `core.judges.methods`, and entry points of packages.

Packages add their own under the entry point group ``slam.judges``.
"""

import pkgutil
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points

from core.errors import NotFoundError
from core.judges import methods
from core.judges.base import AnyJudge

ENTRY_POINT_GROUP = "slam.judges"


@cache
def judges() -> dict[str, AnyJudge]:
    """All judges by name, in the order of their labels."""
    found: list[AnyJudge] = [
        import_module(f"{methods.__name__}.{module.name}").JUDGE
        for module in pkgutil.iter_modules(methods.__path__)
    ]
    found += [entry_point.load() for entry_point in entry_points(group=ENTRY_POINT_GROUP)]
    return {judge.name: judge for judge in sorted(found, key=lambda judge: judge.label)}


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
