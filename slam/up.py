"""Start everything: migrate, make the admin, choose the processes, run them under honcho."""

import os
import socket
import sys
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

import click
import httpx
from honcho.environ import parse_procfile
from honcho.manager import Manager
from honcho.printer import Printer

from core.accounts import ADMIN, ensure_admin
from core.errors import InvalidInputError
from core.secret import signing_secret
from core.settings import Settings
from db.engine import Database
from db.migrate import migrate

ROOT = Path(__file__).resolve().parent.parent
_READY_WITHIN_S = 60.0


def up(settings: Settings) -> int:
    """Run until Ctrl-C or until a process dies.

    Returns:
        The exit code of the process that ended first, 0 after Ctrl-C.

    Raises:
        InvalidInputError: a port is taken by another program.
        StoreError: the database cannot be opened.
    """
    with_sandbox = needs_sandbox(settings)
    # Before the account is made: its password is shown only once, and not beside a failed start.
    _check_ports(settings, with_sandbox)
    settings.home.mkdir(parents=True, exist_ok=True)
    password = _prepare(settings)
    if password is not None:
        # At once: whatever goes wrong from here on, nobody could read it later.
        click.echo(_sign_in(password))
    environment = os.environ | {"SLAM_HOME": str(settings.home.resolve())}
    # The interpreter that runs this may not be on the PATH; its processes must be the same one.
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment.get('PATH', '')}"
    environment["PYTHONUNBUFFERED"] = "1"
    if with_sandbox:
        environment |= sandbox_environment(settings)
    manager = Manager(Printer(sys.stdout))
    for name, command in parse_procfile((ROOT / "Procfile").read_text("utf-8")).processes.items():
        if name != "sandbox" or with_sandbox:
            manager.add_process(name, f"exec {command}", env=environment, cwd=str(ROOT))
    announcer = threading.Thread(
        target=_announce, args=(settings, password, with_sandbox), daemon=True
    )
    announcer.start()
    manager.loop()
    return 0 if manager.returncode in (None, 130, -2, 143, -15) else int(manager.returncode)


def needs_sandbox(settings: Settings) -> bool:
    """Whether there is neither an Ollama server nor a key or address of any other."""
    # Servers of one's own, such as vLLM, are often without keys; then the address is the sign.
    told = {"openai_base_url", "azure_openai_endpoint", "servers"} & settings.model_fields_set
    if settings.openai_api_key is not None or told:
        return False
    host = settings.ollama_host.rstrip("/")
    if "://" not in host:
        # Ollama's own port, as its client adds it.
        host = f"http://{host}" if ":" in host else f"http://{host}:11434"
    try:
        return not httpx.get(f"{host}/api/version", timeout=2.0).is_success
    except httpx.HTTPError:
        return True


def sandbox_environment(settings: Settings) -> dict[str, str]:
    """What points the product at the stand-in models; it never learns more than the address."""
    base = f"http://127.0.0.1:{settings.sandbox_port}"
    return {
        "OLLAMA_HOST": base,
        "OPENAI_BASE_URL": f"{base}/v1",
        "OPENAI_API_KEY": "stand-in",
    }


def _prepare(settings: Settings) -> str | None:
    database = Database(settings.store_url, busy_timeout_ms=settings.busy_timeout_ms)
    try:
        migrate(database)
        signing_secret(settings)
        return ensure_admin(database)
    finally:
        database.close()


def _check_ports(settings: Settings, with_sandbox: bool) -> None:
    ports = {
        "SLAM_RATE_PORT": settings.rate_port,
        "SLAM_STUDIO_PORT": settings.studio_port,
        **({"SLAM_SANDBOX_PORT": settings.sandbox_port} if with_sandbox else {}),
    }
    for variable, port in ports.items():
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError as error:
                raise InvalidInputError(
                    f"Port {port} is taken by another program; stop it, or set {variable}."
                ) from error


def _announce(settings: Settings, password: str | None, with_sandbox: bool) -> None:
    """Print where to go, once there is something to go to, or what does not come up."""
    deadline = time.monotonic() + _READY_WITHIN_S
    ports = (settings.rate_port, settings.studio_port)
    silent = [port for port in ports if not _answers_until(deadline, port)]
    lines = [
        "",
        *(
            f"Port {port} does not answer after {_READY_WITHIN_S:.0f} seconds; "
            "its messages stand above."
            for port in silent
        ),
        *([] if silent else ["SLaM is ready."]),
        f"  Studio, for you:          http://localhost:{settings.studio_port}",
        f"  Rating links begin with:  {settings.rate_url}/?campaign=",
    ]
    if password is not None:
        lines.append(_sign_in(password))
    if with_sandbox:
        where = urlsplit(settings.ollama_host).netloc or settings.ollama_host
        lines.append(
            f"  No Ollama at {where} and no OPENAI_API_KEY: the models are stand-ins that make "
            "text up, so that you can try everything."
        )
    lines += ["  Stop with Ctrl-C.", ""]
    click.echo("\n".join(lines))


def _sign_in(password: str) -> str:
    return f"  Sign in as {ADMIN} with this password, shown only now: {password}"


def _answers_until(deadline: float, port: int) -> bool:
    while not _answers(f"http://127.0.0.1:{port}/_stcore/health"):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=1.0).is_success
    except httpx.HTTPError:
        return False
