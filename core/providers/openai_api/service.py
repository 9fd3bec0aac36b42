"""Which server is spoken to, and in what it differs from the others that speak the same API."""

from dataclasses import dataclass, field

from core.providers.base import Clock, FailureKind, ProviderError


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One server.

    ``key_name`` is the variable that holds its key, and ``address_name`` the one that holds its
    address, for what is told when either is wrong. ``is_openai`` says that it is OpenAI or Azure
    itself, which know the newer names of parameters. ``chat_path`` is what a batch calls the Chat
    Completions. Time-outs are in seconds: of one call, and of an answer made in the background.
    ``problem`` is why no call can be made at all.
    """

    address: str
    address_name: str
    key: str | None = field(default=None, repr=False)
    key_name: str | None = None
    clock: Clock
    timeout_s: float
    background_timeout_s: float = 1800.0
    is_openai: bool = False
    chat_path: str = "/v1/chat/completions"
    problem: str | None = None

    def demand_readiness(self) -> None:
        """Nothing is sent to a server that is not set up.

        Raises:
            ProviderError: it is not.
        """
        if self.problem is not None:
            raise ProviderError(FailureKind.UNAUTHORIZED, self.problem)


def missing_key(address: str, key_name: str) -> str:
    """Why nothing is sent to a server that needs a key and has none."""
    return (
        f"{address} needs a key and none is set; put it into {key_name}, "
        f"or into a file that {key_name}_FILE names."
    )
