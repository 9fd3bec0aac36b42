"""The evaluation daemon: ``python -m daemon``. Stops cleanly on SIGTERM and SIGINT."""

import logging
import signal
import sys
import threading
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from importlib.metadata import version

from apscheduler.schedulers.background import BackgroundScheduler

from core.errors import SlamError
from core.judges.registry import problems, use_folder
from core.rating.sweeping import release_all_abandoned
from core.settings import Settings, load_settings
from daemon.dispatch import dispatch
from daemon.engine import Engine
from db.engine import Database
from db.migrate import require_current
from db.repositories import heartbeats
from db.types import utc_now

log = logging.getLogger("slam.daemon")

DISPATCH_EVERY_S = 0.2
BEAT_EVERY_S = 2
SWEEP_EVERY_S = 60
DEAD_AFTER = timedelta(seconds=8)


def main() -> int:
    """Run until told to stop.

    Returns:
        The exit code: 0 after a stop, 1 when it could not start.
    """
    # Libraries tell of every request and model they load; only what goes wrong is for a terminal.
    logging.basicConfig(level=logging.WARNING, format="%(name)s: %(message)s")
    logging.getLogger("slam").setLevel(logging.INFO)
    # The scheduler warns of every tick that came late or while the one before it was at work,
    # which is harmless here: the next tick does the same.
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
    # Every attempt and its failure is stored and shown with the run.
    logging.getLogger("stamina").setLevel(logging.ERROR)
    stopping = threading.Event()
    for signal_number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signal_number, lambda *_: stopping.set())
    try:
        settings = load_settings()
        use_folder(settings.judges_path, must_exist=settings.judges_folder is not None)
        database = Database(settings.store_url, busy_timeout_ms=settings.busy_timeout_ms)
        require_current(database)
        engine = Engine(settings, database)
        engine.start()
    except SlamError as error:
        log.error("%s", error)
        return 1
    scheduler = _schedule(settings, database, engine)
    for problem in problems():
        log.warning("%s", problem)
    log.info("ready")
    stopping.wait()
    scheduler.shutdown(wait=True)
    engine.stop()
    database.close()
    return 0


def _schedule(settings: Settings, database: Database, engine: Engine) -> BackgroundScheduler:
    scheduler = BackgroundScheduler(timezone="UTC")
    every = partial(scheduler.add_job, trigger="interval", coalesce=True, max_instances=1)
    every(partial(_guarded, "dispatch", dispatch, database, engine), seconds=DISPATCH_EVERY_S)
    beat = partial(_guarded, "heartbeat", _beat, settings.daemon_name, database, engine)
    every(beat, seconds=BEAT_EVERY_S, next_run_time=utc_now())
    sweep = partial(_guarded, "sweep", _sweep, database)
    every(sweep, seconds=SWEEP_EVERY_S, next_run_time=utc_now())
    scheduler.start()
    return scheduler


def _beat(name: str, database: Database, engine: Engine) -> None:
    with database.write() as session:
        heartbeats.beat(session, name, version("slam-eval"))
        silent = heartbeats.silent_since(session, utc_now() - DEAD_AFTER)
    for executor_id in silent:
        if engine.take_over(executor_id):
            log.warning("took over the work of %s, which is silent", executor_id)
        with database.write() as session:
            heartbeats.forget(session, executor_id)


def _sweep(database: Database) -> None:
    release_all_abandoned(database, utc_now())


def _guarded(name: str, job: Callable[..., None], *arguments: object) -> None:
    """Run a scheduled job; a busy store is tried again at the next tick, without a traceback."""
    try:
        job(*arguments)
    except SlamError as error:
        log.warning("%s: %s", name, error)


if __name__ == "__main__":
    sys.exit(main())
