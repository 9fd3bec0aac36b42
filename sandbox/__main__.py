"""Run the sandbox: `python -m sandbox --host 127.0.0.1 --port 8503`."""

import asyncio
import logging
from pathlib import Path
from types import FrameType

import click
import uvicorn

from sandbox.app import Stoppable, create_app
from sandbox.models import Catalog, read_overrides
from sandbox.state import Sandbox


class _Server(uvicorn.Server):
    """A server that does not wait for open streams when it is told to stop."""

    def __init__(self, config: uvicorn.Config, app: Stoppable) -> None:
        super().__init__(config)
        self._stoppable = app
        self._loop: asyncio.AbstractEventLoop | None = None

    async def startup(self, *args: object, **kwargs: object) -> None:
        self._loop = asyncio.get_running_loop()
        await super().startup(*args, **kwargs)  # type: ignore[arg-type] # passed on as it came
        if self.started:
            url = f"http://{self.config.host}:{self.config.port}"
            click.echo(f"Sandbox on {url}, OpenAI's side at {url}/v1")

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        super().handle_exit(sig, frame)
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._stoppable.stop)


def _is_news(record: logging.LogRecord) -> bool:
    """Drop the server's complaint about answers that end early: here that is on purpose."""
    return "without completing response" not in record.getMessage()


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8503, show_default=True, help="Port to listen on.")
@click.option(
    "--models",
    "models_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="JSON file that overrides or adds models: an object of name and fields.",
)
@click.option("--seed", default=0, show_default=True, help="Decides texts without own seed.")
@click.option(
    "--max-loaded-models",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="How many Ollama models fit into memory at once.",
)
@click.option("--access-log", is_flag=True, help="Log every request.")
def main(
    host: str,
    port: int,
    models_file: Path | None,
    seed: int,
    max_loaded_models: int,
    access_log: bool,
) -> None:
    """Run a stand-in inference server that speaks the Ollama and OpenAI protocols."""
    try:
        catalog = Catalog(read_overrides(models_file) if models_file else None)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--models") from None
    app = create_app(Sandbox(catalog, seed=seed, room=max_loaded_models))
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        log_level="info" if access_log else "warning",
        access_log=access_log,
        lifespan="off",
        timeout_graceful_shutdown=1,
    )
    logging.getLogger("uvicorn.error").addFilter(_is_news)
    try:
        _Server(config, app).run()
    except KeyboardInterrupt:
        # The server has already stopped; what is left is Python's own way of ending on ctrl-C.
        raise SystemExit(130) from None


if __name__ == "__main__":
    main()
