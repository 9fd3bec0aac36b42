"""Which providers there are: one module each in `core.providers.backends`, or an entry point.

The module's name is the provider's name, and it holds ``create(settings, clock) -> Provider``.
Packages add their own under the entry point group ``slam.providers``.
"""

import pkgutil
from collections.abc import Callable
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from typing import cast

from core.providers import backends
from core.providers.base import Clock, Provider
from core.settings import Settings

ENTRY_POINT_GROUP = "slam.providers"
Create = Callable[[Settings, Clock], Provider]


@cache
def provider_names() -> frozenset[str]:
    """The names of all installed providers; none of them is imported for that."""
    built_in = {module.name for module in pkgutil.iter_modules(backends.__path__)}
    return frozenset(built_in | entry_points(group=ENTRY_POINT_GROUP).names)


def create_provider(name: str, settings: Settings, clock: Clock) -> Provider:
    """Make the provider of that name.

    Raises:
        KeyError: there is none of that name (`core.providers.names.parse_model` checks it).
    """
    for entry_point in entry_points(group=ENTRY_POINT_GROUP, name=name):
        return cast(Create, entry_point.load())(settings, clock)
    if name not in provider_names():
        raise KeyError(name)
    module = import_module(f"{backends.__name__}.{name}")
    return cast(Create, module.create)(settings, clock)
