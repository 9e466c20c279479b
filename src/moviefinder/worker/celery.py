"""The worker as Celery has it: `celery -A moviefinder.worker.celery worker`, and `beat` beside it.

The settings are MovieFinder's own: the file that MOVIEFINDER_CONFIG names, or the one in the folder MOVIEFINDER_DATA,
and the other MOVIEFINDER_* variables.
"""

from __future__ import annotations

import logging
import sys
import threading
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final

from celery import Celery, bootsteps, signals
from celery.worker.consumer.connection import Connection as ConnectionStep

from moviefinder import log as logs
from moviefinder.app import App, make_app
from moviefinder.config import load_settings
from moviefinder.dispatch import LANES, lane_of
from moviefinder.dispatch.broker import RUN, SWEEP, declare, make_celery, waiting
from moviefinder.errors import Busy, CannotStart
from moviefinder.store import jobs
from moviefinder.store.schema import require_head
from moviefinder.worker.kinds import HANDLERS
from moviefinder.worker.running import Worker, ask_for_periodic

log = logs.get_logger(__name__)

BEAT_EVERY_S: Final = 10.0
RUNG_AT_ONCE: Final = 100
"""Most messages of a lane that a sweep makes wait at the broker."""

settings = load_settings()
if settings.queue != "celery":
    sys.exit('moviefinder: Setting \'queue\' is "embedded". Set it to "celery", or run `moviefinder worker`.')

app: Celery = make_celery(settings)
_longest_s: Final = max(task.limit_s for task in HANDLERS.values())
app.conf.update(
    task_soft_time_limit=_longest_s + BEAT_EVERY_S,  # the worker's own beat gives a job up before
    task_time_limit=1.5 * _longest_s + BEAT_EVERY_S,
)


class _DeclareQueues(bootsteps.StartStopStep):  # type: ignore[misc]  # Celery is not typed
    """At each connection: the queue of dead letters, which nobody consumes, must be there too."""

    requires = (ConnectionStep,)

    def start(self, parent: Any) -> None:
        with parent.connection.channel() as channel:
            declare(channel)


app.steps["consumer"].add(_DeclareQueues)


@app.task(name=RUN)  # type: ignore[untyped-decorator]
def run(_job_id: int, kind: str) -> None:
    """Run the most urgent job of the lane; that somebody has taken them all meanwhile is no matter."""
    try:
        _here()[1].run_next(lane_of(kind))
    except Busy as error:  # the sweep rings again
        log.warning("worker.database_busy", reason=error.message)


@app.task(name=SWEEP)  # type: ignore[untyped-decorator]
def sweep() -> None:
    """Free the jobs of dead workers, ask for what comes round, ring again for what is due and has no message."""
    moviefinder, _ = _here()
    now = datetime.now(UTC)
    with moviefinder.transaction(lasting=False) as session:
        if freed := jobs.free_expired(session, now=now):
            log.warning("jobs.freed", jobs=freed)
    ask_for_periodic(moviefinder)
    for lane in LANES:
        with moviefinder.reading() as session:
            due = jobs.due(session, now=now, lane=lane, limit=RUNG_AT_ONCE)
        if due:
            moviefinder.bell.ring(due[waiting(settings, lane) :])


@cache
def _here() -> tuple[App, Worker]:
    """The App and worker of this process, made when the first task comes: a fork must not share connections."""
    moviefinder = make_app(settings)
    worker = Worker(moviefinder)

    def beat() -> None:
        while not _over.wait(BEAT_EVERY_S):
            try:
                worker.beat()
            except Busy as error:
                log.warning("worker.database_busy", reason=error.message)

    threading.Thread(target=beat, name="beat", daemon=True).start()
    return moviefinder, worker


_over: Final = threading.Event()


@signals.setup_logging.connect  # type: ignore[untyped-decorator]
def _set_up_log(*, loglevel: int | str | None = None, **_: Any) -> None:
    """Celery leaves the log to us: one format for its lines and ours, at the more talkative of the two levels."""
    own = logging.getLevelNamesMapping()[settings.log_level.upper()]
    logs.set_up(settings.log_level)
    if isinstance(loglevel, int):
        logging.getLogger().setLevel(min(own, loglevel))


@signals.worker_init.connect  # type: ignore[untyped-decorator]
def _look_first(**_: Any) -> None:
    """Refuse to start on a database that is not there or of another version: each job would fail."""
    moviefinder = make_app(settings)
    try:
        require_head(moviefinder.engine)
    except CannotStart as error:
        sys.exit(f"moviefinder: {error.message}")
    finally:
        moviefinder.close()


@signals.worker_process_shutdown.connect  # type: ignore[untyped-decorator]
@signals.worker_shutdown.connect  # type: ignore[untyped-decorator]
def _stop(**_: Any) -> None:
    _over.set()
    if _here.cache_info().currsize:
        moviefinder, worker = _here()
        worker.put_back()
        moviefinder.close()
