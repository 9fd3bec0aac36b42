"""On what terms a run is made: how its calls are made, and what was agreed to pay for them."""

from dataclasses import dataclass

from core.bench.estimate import Estimate
from core.errors import InvalidInputError
from core.models import call_modes
from core.money.confirmation import Confirmation, require_confirmation
from core.providers.names import parse_model
from core.settings import Settings
from db.tables import CallMode


@dataclass(frozen=True, slots=True)
class Terms:
    """How a run's calls are made, and what a person agreed to pay for them.

    ``confirmation`` may be ``None`` only where nothing that is called is paid.
    """

    mode: CallMode = CallMode.DIRECT
    confirmation: Confirmation | None = None


UNPAID = Terms()
"""Ordinary calls, none of which is paid."""


def possible_modes(estimate: Estimate, settings: Settings) -> tuple[CallMode, ...]:
    """The ways in which all the paid models can be called, the ordinary one first.

    Models that are not paid are called in the ordinary way whatever is chosen.
    """
    providers = {parse_model(one.model).provider for one in estimate.models if one.is_paid}
    offered = [call_modes(provider, settings) for provider in sorted(providers)]
    return tuple(
        mode
        for mode in CallMode
        if mode is CallMode.DIRECT or (offered and all(mode in modes for modes in offered))
    )


def require_terms(estimate: Estimate, terms: Terms, settings: Settings) -> None:
    """Check that the calls can be made that way, and that what they may cost was agreed to.

    Args:
        estimate: of direct calls, as it is now.
        terms: what was chosen and agreed to.
        settings: where the providers are.

    Raises:
        InvalidInputError: they cannot, or it was not.
    """
    if terms.mode not in possible_modes(estimate, settings):
        raise InvalidInputError(
            f"Not all of the paid models can be called in the mode {terms.mode.value!r}; "
            "choose another."
        )
    is_batched = terms.mode is CallMode.BATCH
    require_confirmation(estimate.batched() if is_batched else estimate, terms.confirmation)
