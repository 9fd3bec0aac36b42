"""Finds judges of one's own: in a folder of files, and as entry points of installed packages.

A file that cannot be loaded is no reason to stop anything: it gets one sentence, and the rest goes
on.
"""

import sys
from collections.abc import Iterator
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType

from core.judges.base import AnyJudge
from core.judges.plugin import checked, judge_of

ENTRY_POINT_GROUP = "slam.judges"
Found = tuple[str, AnyJudge | str]
"""Where it is from, and the judge, or why there is none as the end of a sentence."""


def judges_in_folder(folder: Path) -> Iterator[Found]:
    """The judges of every ``*.py`` in the folder, in the order of the files' names."""
    for file in sorted(folder.glob("*.py")):
        try:
            yield from _judges_in(str(file), _module(file))
        except (Exception, SystemExit) as error:
            yield str(file), _told(error)


def judges_of_packages() -> Iterator[Found]:
    """The judges that packages' entry points name: a judge, what ``@judge`` stands on, a module."""
    for entry_point in entry_points(group=ENTRY_POINT_GROUP):
        place = _place(entry_point)
        try:
            yield from _judges_in(place, entry_point.load())
        except (Exception, SystemExit) as error:
            yield place, _told(error)


def _judges_in(place: str, found: object) -> Iterator[Found]:
    if isinstance(found, ModuleType):
        # What a file only imports is another's.
        own = [one for one in vars(found).values() if _is_of(found, one)]
    else:
        own = [found]
    judges = [one for one in map(judge_of, own) if one is not None]
    if not judges:
        yield place, "it holds no @judge"
    for one in {id(one): one for one in judges}.values():
        yield place, checked(one)


def _is_of(module: ModuleType, one: object) -> bool:
    home = getattr(one, "__module__", None)
    return home == module.__name__


def _module(file: Path) -> ModuleType:
    """Run the file as a module; never from a cache, which could be of what it was before."""
    name = f"slam_judges_folder_{file.stem}"
    module = ModuleType(name)
    module.__file__ = str(file)
    # Dataclasses look for the module of their class.
    sys.modules[name] = module
    try:
        code = compile(file.read_bytes(), str(file), "exec")
        exec(code, vars(module))  # noqa: S102 - running the person's own file is the purpose
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _place(entry_point: EntryPoint) -> str:
    package = entry_point.dist.name if entry_point.dist else "a package"
    return f"{entry_point.name} of {package}"


def _told(error: BaseException) -> str:
    line = f", line {error.lineno}" if isinstance(error, SyntaxError) else ""
    message = error.msg if isinstance(error, SyntaxError) else str(error)
    plain = " ".join(message.split()).rstrip(".")[:300]
    return f"{type(error).__name__}: {plain}{line}" if plain else type(error).__name__
