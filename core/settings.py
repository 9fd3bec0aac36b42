"""Every setting of SLaM, read once at each entry point from the environment and passed down."""

import socket
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any

import httpx
from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from core.errors import InvalidInputError
from core.providers.servers import SETTING as SERVERS_SETTING
from core.providers.servers import Server, read_servers
from db.engine import sqlite_url


class Settings(BaseSettings):
    """The settings; each field's alias is the environment variable that sets it."""

    # Populating by name reads fields' bare names from the environment too, and HOME is not ours;
    # the prefix makes those names ours. Aliases are taken without it.
    model_config = SettingsConfigDict(
        populate_by_name=True,
        env_prefix="SLAM_",
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
    )

    home: Path = Field(
        default=Path(".slam"),
        alias="SLAM_HOME",
        description="Folder of the SQLite files and of the signing secret.",
    )
    database_url: str | None = Field(
        default=None,
        alias="DATABASE_URL",
        description="postgresql+psycopg://… moves the store to PostgreSQL; unset is SQLite.",
    )
    busy_timeout_ms: int = Field(
        default=30_000,
        ge=0,
        alias="SLAM_BUSY_TIMEOUT_MS",
        description="How long a write waits for another process's lock on the SQLite file.",
    )
    ollama_host: str = Field(
        default="http://127.0.0.1:11434",
        alias="OLLAMA_HOST",
        description="Where Ollama answers.",
    )
    ollama_keep_alive: str = Field(
        default="15m",
        pattern=r"^-?(\d+(\.\d+)?|(\d+(\.\d+)?(ns|us|ms|s|m|h))+)$",
        alias="SLAM_OLLAMA_KEEP_ALIVE",
        description="How long Ollama keeps a model in memory after a call; -1 is for ever.",
    )
    ollama_models: Path | None = Field(
        default=None,
        alias="OLLAMA_MODELS",
        description="Where an Ollama on this machine stores models; unset: its usual folders.",
    )
    gpu_memory_mb: int | None = Field(
        default=None,
        ge=1,
        alias="SLAM_GPU_MEMORY_MB",
        description="The memory of the GPU beside Ollama in MiB; unset: found out where it can be.",
    )
    openai_base_url: str = Field(
        default="https://api.openai.com/v1",
        alias="OPENAI_BASE_URL",
        description="Where the OpenAI API, or a server that speaks it, answers.",
    )
    openai_api_key: SecretStr | None = Field(
        default=None, alias="OPENAI_API_KEY", description="The key for OPENAI_BASE_URL."
    )
    azure_openai_endpoint: str | None = Field(
        default=None,
        alias="AZURE_OPENAI_ENDPOINT",
        description="The address of an Azure OpenAI resource; its models are its deployments.",
    )
    azure_openai_api_key: SecretStr | None = Field(
        default=None,
        alias="AZURE_OPENAI_API_KEY",
        description="The key for AZURE_OPENAI_ENDPOINT.",
    )
    openai_api_version: str = Field(
        default="2025-04-01-preview",
        alias="OPENAI_API_VERSION",
        description="The version of its API that Azure OpenAI is asked in.",
    )
    servers: Annotated[Mapping[str, Server], NoDecode] = Field(
        default={},
        alias=SERVERS_SETTING,
        description="More servers that speak OpenAI's API, by name; see the example below.",
    )
    request_timeout_s: float = Field(
        default=120.0,
        gt=0,
        alias="SLAM_REQUEST_TIMEOUT_S",
        description="How long one call to a model may take, in seconds.",
    )
    background_timeout_s: float = Field(
        default=1800.0,
        gt=0,
        alias="SLAM_BACKGROUND_TIMEOUT_S",
        description="How long an answer made in the background is waited for, in seconds.",
    )
    concurrent_requests: int = Field(
        default=8,
        ge=1,
        alias="SLAM_CONCURRENT_REQUESTS",
        description="How many calls a daemon keeps in flight at an API at a time.",
    )
    concurrent_requests_ollama: int = Field(
        default=1,
        ge=1,
        alias="SLAM_CONCURRENT_REQUESTS_OLLAMA",
        description="The same for Ollama, which answers one at a time by default.",
    )
    requests_per_minute: int = Field(
        default=600,
        ge=1,
        alias="SLAM_REQUESTS_PER_MINUTE",
        description="Calls a minute that all daemons send to one API at most; Ollama has no limit.",
    )
    batch_poll_interval_s: float = Field(
        default=30.0,
        gt=0,
        alias="SLAM_BATCH_POLL_INTERVAL_S",
        description="How often a provider is asked how far a batch is, in seconds.",
    )
    judges_folder: Path | None = Field(
        default=None,
        alias="SLAM_JUDGES_FOLDER",
        description="Folder of judges of one's own, a Python file each; unset: SLAM_HOME/judges.",
    )
    warm_up_requests: int = Field(
        default=1,
        ge=0,
        le=100,
        alias="SLAM_WARM_UP_REQUESTS",
        description="How many requests a model of Ollama's answers before the first measured one.",
    )
    rate_port: int = Field(
        default=8501, alias="SLAM_RATE_PORT", description="Port of the raters' pages."
    )
    studio_port: int = Field(
        default=8502, alias="SLAM_STUDIO_PORT", description="Port of the staff's pages."
    )
    sandbox_port: int = Field(
        default=8503, alias="SLAM_SANDBOX_PORT", description="Port of the stand-in models."
    )
    public_rate_url: str | None = Field(
        default=None,
        alias="SLAM_PUBLIC_RATE_URL",
        description="The address raters reach, when it is not this machine's.",
    )
    raters_per_process: int = Field(
        default=350,
        ge=1,
        alias="SLAM_RATERS_PER_PROCESS",
        description="How many people rate in one process before newcomers are asked to wait.",
    )
    daemon_name: str = Field(
        default_factory=socket.gethostname,
        alias="SLAM_DAEMON_NAME",
        description="A stable name of this machine's daemon; two daemons need two names.",
    )
    secret_key: SecretStr | None = Field(
        default=None,
        alias="SLAM_SECRET_KEY",
        description="Signs rating links; unset: made once and kept in SLAM_HOME/secret.",
    )

    @model_validator(mode="before")
    @classmethod
    def _leave_blank_ones_out(cls, values: dict[str, Any]) -> dict[str, Any]:
        """Files of variables hold lines like ``OPENAI_API_KEY=``: nothing was set there."""
        return {
            name: value
            for name, value in values.items()
            if not (isinstance(value, str) and not value.strip())
        }

    @field_validator("servers", mode="before")
    @classmethod
    def _must_be_servers(cls, value: object) -> object:
        """The variable holds JSON; whoever passes the setting on in code has servers already."""
        return read_servers(value) if isinstance(value, str) else value

    @field_validator("ollama_host", "openai_base_url", "azure_openai_endpoint")
    @classmethod
    def _must_be_an_address(cls, host: str | None) -> str | None:
        """Refused here, where it gets one sentence, instead of at the first call."""
        if host is None:
            return None
        try:
            url = httpx.URL(host if "://" in host else f"http://{host}")
        except httpx.InvalidURL as error:
            raise ValueError(f"it is no address ({error})") from error
        if not url.host:
            raise ValueError("it is no address")
        return host

    @property
    def embeddings_path(self) -> Path:
        """The file in which vectors of texts are kept."""
        return self.home.resolve() / "embeddings.sqlite3"

    @cached_property
    def store_url(self) -> str:
        """The URL of our tables."""
        return self.database_url or sqlite_url(self.home.resolve() / "slam.sqlite3")

    @cached_property
    def work_engine_url(self) -> str:
        """The URL of the work engine's own store: a file beside ours, or the same PostgreSQL."""
        return self.database_url or sqlite_url(self.home.resolve() / "work.sqlite3")

    @cached_property
    def judges_path(self) -> Path:
        """The folder of judges of one's own."""
        return self.judges_folder or self.home / "judges"

    @cached_property
    def rate_url(self) -> str:
        """The base of every rating link."""
        return (self.public_rate_url or f"http://localhost:{self.rate_port}").rstrip("/")


def load_settings() -> Settings:
    """Read the settings from the environment; each process does so once.

    Raises:
        InvalidInputError: a variable has a value that cannot be taken.
    """
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        variable, problem = first["loc"][0], first["msg"].removeprefix("Value error, ")
        # Someone may have written a key among the servers, so they are not repeated.
        value = "" if variable == SERVERS_SETTING else f"={first.get('input')!r}"
        raise InvalidInputError(
            f"The setting {variable}{value} cannot be taken: {problem}; "
            "mend it in the environment or unset it."
        ) from error
