"""Which judges there are: ours, those of a folder, and those of installed packages.

Ours are the modules in `core.judges.methods` and `core.judges.checks`. The folder is named once by
each entry point (`use_folder`); packages add their own under the entry point group ``slam.judges``.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from core.errors import NotFoundError
from core.judges import checks, methods
from core.judges.base import AnyJudge, MeasuringJudge
from core.judges.installed import Found, judges_in_folder, judges_of_packages
from core.plugins import own

_used: list[Path] = []


@dataclass(frozen=True, slots=True)
class _Registry:
    judges: dict[str, AnyJudge]
    gates: tuple[MeasuringJudge, ...]
    problems: tuple[str, ...]


def use_folder(folder: Path, *, must_exist: bool = False) -> None:
    """Find judges in this folder from now on, and in no other.

    Args:
        folder: every ``*.py`` in it is run.
        must_exist: whether it is one of the `problems` when there is none.
    """
    wanted = [folder.resolve()] if must_exist or folder.is_dir() else []
    if wanted != _used:
        _used[:] = wanted
        _registry.cache_clear()


def judges() -> dict[str, AnyJudge]:
    """All judges by name, in the order of their labels."""
    return _registry().judges


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


def gate_checks() -> tuple[MeasuringJudge, ...]:
    """The judges that a response must pass to be ranked among real answers."""
    return _registry().gates


def problems() -> tuple[str, ...]:
    """Why judges of one's own could not be taken, one sentence each."""
    return _registry().problems


@cache
def _registry() -> _Registry:
    found: dict[str, AnyJudge] = {
        judge.name: judge for judge in [*own(methods, "JUDGE"), *own(checks, "JUDGE")]
    }
    told: list[str] = []
    for place, judge in _added():
        if isinstance(judge, str):
            told.append(f"No judge could be taken from {place}: {judge}.")
        elif judge.name in found:
            told.append(
                f"The judge {judge.name!r} of {place} was left out, since another has that name; "
                "rename it."
            )
        else:
            found[judge.name] = judge
    in_order = sorted(found.values(), key=lambda judge: judge.label.casefold())
    gates = tuple(one for one in in_order if isinstance(one, MeasuringJudge) and one.is_gate)
    return _Registry({judge.name: judge for judge in in_order}, gates, tuple(told))


def _added() -> Iterator[Found]:
    for folder in _used:
        if folder.is_dir():
            yield from judges_in_folder(folder)
        else:
            yield str(folder), "there is no such folder"
    yield from judges_of_packages()
