"""Which screening rules there are: every module in `core.rating.screening.rules`.

Packages add their own under the entry point group ``slam.screening``.
"""

from functools import cache

from core.errors import NotFoundError
from core.plugins import found
from core.rating.screening import rules as files
from core.rating.screening.base import Rule

ENTRY_POINT_GROUP = "slam.screening"


@cache
def rules() -> dict[str, Rule]:
    """All rules by name, in the order of their titles."""
    installed: list[Rule] = found(files, "RULE", ENTRY_POINT_GROUP)
    return {rule.name: rule for rule in sorted(installed, key=lambda rule: rule.title)}


def rule_named(name: str) -> Rule:
    """The rule of that name.

    Raises:
        NotFoundError: there is none of that name.
    """
    try:
        return rules()[name]
    except KeyError:
        raise NotFoundError(
            f"There is no screening rule {name!r}; choose one of {', '.join(rules())}."
        ) from None
