"""What is found by being there: every module of a package, and entry points of other packages."""

import pkgutil
from importlib import import_module
from importlib.metadata import entry_points
from types import ModuleType
from typing import Any


def found(package: ModuleType, attribute: str, group: str) -> list[Any]:
    """The attribute of every module in the package, then what the group's entry points name."""
    return [*own(package, attribute), *(one.load() for one in entry_points(group=group))]


def own(package: ModuleType, attribute: str) -> list[Any]:
    """The attribute of every module in the package."""
    return [
        getattr(import_module(f"{package.__name__}.{module.name}"), attribute)
        for module in pkgutil.iter_modules(package.__path__)
    ]
