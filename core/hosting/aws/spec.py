"""What a rented machine is to be. Nothing but these values reaches its set-up script."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from core.errors import InvalidInputError

HostName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,39}$")]
OllamaModel = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._/:-]{0,127}$")]

_RELEASE = r"^[0-9]{1,3}(\.[0-9]{1,3}){2}(-rc[0-9]{1,2})?$"
_FORMS = {
    "name": "lower-case letters, digits and dashes, at most 40, such as bench-1",
    "owner": "letters, digits, spaces and . _ @ -, at most 64",
    "instance_type": "a family and a size, such as g4dn.2xlarge",
    "models": "a name of Ollama's such as llama2:7b or hf.co/owner/repo:quant",
    "ollama_version": "a release such as 0.18.2",
    "daemon_source": "an address such as git+https://host/repo@tag or https://host/slam.whl",
    "database_url_parameter": "the path of an SSM parameter such as /slam/database-url",
}


class HostSpec(BaseModel):
    """One machine: its kind, what runs on it, and when it ends.

    Every text has a strict pattern without a character that a shell reads; numbers have bounds.
    Use `make_spec`, which refuses in one sentence.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: HostName
    owner: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._@-]{0,63}$")]
    instance_type: Annotated[str, Field(pattern=r"^[a-z0-9-]{1,20}\.[a-z0-9-]{1,20}$")] = (
        "g4dn.2xlarge"
    )
    market: Literal["on-demand", "spot"] = "on-demand"
    models: Annotated[tuple[OllamaModel, ...], Field(max_length=32)] = ()
    hours: int = Field(default=4, ge=1, le=168)
    idle_minutes: int = Field(default=30, ge=15, le=1440)
    volume_gb: int = Field(default=100, ge=80, le=2000)
    ollama_version: Annotated[str, Field(pattern=_RELEASE)] = "0.18.2"
    context_length: int = Field(default=4096, ge=256, le=1_048_576)
    num_parallel: int = Field(default=1, ge=1, le=64)
    daemon_source: (
        Annotated[str, Field(pattern=r"^(git\+)?https://[A-Za-z0-9][A-Za-z0-9._~/@+=-]{0,199}$")]
        | None
    ) = None
    database_url_parameter: (
        Annotated[str, Field(pattern=r"^(/[A-Za-z0-9_.-]{1,60}){1,6}$")] | None
    ) = None
    database_port: int = Field(default=5432, ge=1, le=65535)

    @field_validator("models", mode="before")
    @classmethod
    def _take_slams_own_names(cls, models: object) -> object:
        """``ollama/llama2:7b``, as SLaM names it, is ``llama2:7b`` to Ollama."""
        if isinstance(models, list | tuple):
            return tuple(
                one.strip().removeprefix("ollama/") if isinstance(one, str) else one
                for one in models
            )
        return models

    @model_validator(mode="after")
    def _must_fit_together(self) -> Self:
        if (self.daemon_source is None) != (self.database_url_parameter is None):
            raise ValueError(
                "a daemon needs both daemon_source and database_url_parameter; give both or neither"
            )
        if self.idle_minutes > self.hours * 60:
            raise ValueError("idle_minutes is longer than the machine lives; shorten it")
        return self

    @property
    def installs_daemon(self) -> bool:
        """Whether SLaM's daemon is to run on the machine."""
        return self.daemon_source is not None


def make_spec(**values: object) -> HostSpec:
    """A checked spec.

    Raises:
        InvalidInputError: a value cannot be taken; the sentence says which form it must have.
    """
    try:
        return HostSpec.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
    if not first["loc"]:
        raise InvalidInputError(
            f"These settings do not fit: {first['msg'].removeprefix('Value error, ')}."
        )
    field = str(first["loc"][0])
    wanted = _FORMS.get(field) if "pattern" in first["type"] else None
    raise InvalidInputError(
        f"The setting {field.replace('_', ' ')}={first.get('input')!r} cannot be taken: "
        + (f"give {wanted}." if wanted else f"{first['msg'][0].lower()}{first['msg'][1:]}.")
    )
