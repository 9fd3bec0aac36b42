"""Nothing paid is called unless somebody confirmed what it may cost."""

from dataclasses import dataclass
from math import isfinite

from core.bench.estimate import Estimate
from core.errors import InvalidInputError

_ROUNDING = 1e-9
"""Sums of the same figures in another order differ by less than this share."""


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What a person agreed to before paid models are called.

    ``most_usd`` is what the models with a price may cost at most by the estimate that was shown
    (`Estimate.priced_most_usd`), ``None`` when none of them had one. ``unpriced`` are the paid
    models that may be called although nobody knows what they cost. ``budget_usd`` stops the run
    before it is passed; ``None`` is no budget.
    """

    most_usd: float | None
    budget_usd: float | None
    unpriced: tuple[str, ...]
    actor: str


def confirmation_of(estimate: Estimate, budget_usd: float | None, actor: str) -> Confirmation:
    """What ``actor`` agrees to by confirming this estimate."""
    return Confirmation(estimate.priced_most_usd, budget_usd, estimate.unpriced, actor)


def require_confirmation(estimate: Estimate, confirmation: Confirmation | None) -> None:
    """Check that calls as now estimated were agreed to; where nothing is paid, nobody need agree.

    Raises:
        InvalidInputError: they were not; the sentence says why and what to do.
    """
    if not estimate.paid_calls:
        return
    if confirmation is None:
        raise InvalidInputError(
            f"{estimate.paid_calls} calls go to paid models and {_sum(estimate)}; confirm the "
            "estimate first."
        )
    _check_models(estimate, confirmation)
    _check_budget(estimate, confirmation)
    _check_sum(estimate, confirmation)


def _check_models(estimate: Estimate, confirmation: Confirmation) -> None:
    new = [model for model in estimate.unpriced if model not in confirmation.unpriced]
    if new:
        raise InvalidInputError(
            f"Nobody confirmed calling {', '.join(new)} without a known price; enter one on the "
            "page “Prices”, or confirm the estimate again."
        )


def _check_budget(estimate: Estimate, confirmation: Confirmation) -> None:
    budget = confirmation.budget_usd
    if budget is None:
        return
    if not (isfinite(budget) and budget > 0):
        raise InvalidInputError(
            f"A budget of ${budget:g} allows no call; enter more, or leave it empty for no budget."
        )
    if estimate.unpriced:
        raise InvalidInputError(
            f"The budget of ${budget:g} could not be held, since {', '.join(estimate.unpriced)} "
            "has no price; enter one on the page “Prices”, or leave the budget empty."
        )


def _check_sum(estimate: Estimate, confirmation: Confirmation) -> None:
    now, confirmed = estimate.priced_most_usd, confirmation.most_usd
    if now is None or (confirmed is not None and now <= confirmed * (1 + _ROUNDING)):
        return
    earlier = "without a known price" if confirmed is None else f"at most ${confirmed:.4f}"
    raise InvalidInputError(
        f"The calls may now cost ${now:.4f}, and {earlier} was confirmed; look at the estimate and "
        "confirm it again."
    )


def _sum(estimate: Estimate) -> str:
    most = estimate.most_usd
    return "their cost is not known" if most is None else f"may cost up to ${most:.4f}"
