"""Claim a job, do it, settle it; and hold on to it meanwhile.

The same for both set-ups: only who wakes the worker differs. A claim is a lease of half a minute that a beat renews
every ten seconds, as long as the job is within its limit of time.
"""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import structlog
from sqlalchemy.orm import Session

import moviefinder
from moviefinder.app import App
from moviefinder.errors import Busy, MovieFinderError, NotFound, NotYet, SourceOff
from moviefinder.log import get_logger
from moviefinder.store import jobs
from moviefinder.store.jobs import Claim
from moviefinder.worker.kinds import HANDLERS, PERIODIC

log = get_logger(__name__)

PERIODIC_EVERY: Final = timedelta(hours=6)
SETTLE_TRIES: Final = 4
"""A database that another writer holds makes each try wait four seconds; together they stay within the lease."""
NOT_BEFORE_S: Final = 1.0
"""A job that came too soon waits at least so long: a source that says "now" must not keep us spinning."""


def ask_for_periodic(app: App) -> None:
    """Enqueue what comes round by the clock and was not asked for in the last six hours, by whatever process."""
    now = datetime.now(UTC)
    with app.reading() as session:
        due = [kind for kind in PERIODIC if not jobs.was_asked(session, kind, since=now - PERIODIC_EVERY)]
    if due:
        with app.transaction(lasting=False) as session:
            for kind in due:
                jobs.enqueue(session, kind, "", now=now, priority=9)


def run_due(app: App) -> int:
    """Run what is due now, one job after another; returns how many were run."""
    worker, done = Worker(app), 0
    while worker.run_next():
        done += 1
    return done


@dataclass(slots=True, kw_only=True)
class _Held:
    """A claim that a thread works on."""

    claim: Claim
    limit_s: float
    began: float
    thread: int
    is_given_up: bool = False


class _OvertakenError(Exception):
    """The job was freed and taken by somebody else meanwhile; what we would write must not be written."""


class Worker:
    """Runs the jobs of one process, from any number of threads."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._lock = threading.Lock()
        self._held: dict[int, _Held] = {}

    def run_next(self, lane: str | None = None) -> bool:
        """Run the most urgent job that is due; returns whether there was one.

        Raises:
            Busy: the database took no write, neither to claim nor, for a quarter of a minute, to settle.
        """
        with self._app.transaction(lasting=False) as session:
            claim = jobs.claim(session, now=datetime.now(UTC), lane=lane)
        if claim is None:
            return False
        with structlog.contextvars.bound_contextvars(job_id=claim.id, kind=claim.kind):
            self._run(claim)
        return True

    def beat(self) -> list[int]:
        """Renew the leases of jobs within their limit, and give those up that are beyond it.

        Returns:
            The threads that hang in a job that was given up just now.
        """
        with self._lock:
            held = [one for one in self._held.values() if not one.is_given_up]
        if not held:
            return []
        late = [one for one in held if time.monotonic() - one.began > one.limit_s]
        now = datetime.now(UTC)
        with self._app.transaction(lasting=False) as session:
            jobs.renew(session, [one.claim for one in held if one not in late], now=now)
            for one in late:
                error = f"It took longer than {one.limit_s:g} s."
                jobs.retry_or_fail(session, one.claim, error=error, now=now, retry_after_s=None)
        for one in late:
            one.is_given_up = True
            log.error("job.too_long", job_id=one.claim.id, kind=one.claim.kind, limit_s=one.limit_s)
        return [one.thread for one in late]

    def put_back(self) -> None:
        """Give the jobs in hand back as if they had not been begun, for a worker that stops."""
        with self._lock:
            claims = [one.claim for one in self._held.values() if not one.is_given_up]
        if claims:
            with self._app.transaction(lasting=False) as session:
                for claim in claims:
                    jobs.postpone(session, claim, until=datetime.now(UTC))
            log.warning("jobs.put_back", jobs=len(claims))

    def _run(self, claim: Claim) -> None:
        began = time.monotonic()
        try:
            if claim.kind not in HANDLERS:
                raise NotFound(f"No kind of job is called {claim.kind}.")
            handler, limit_s = HANDLERS[claim.kind]
            with self._holding(claim, limit_s):
                write = handler(self._app, claim)
                self._settle(lambda session, now: _finish(session, claim, now, write))
        except _OvertakenError:
            log.warning("job.overtaken")
        except NotYet as error:
            until = datetime.now(UTC) + timedelta(seconds=max(error.retry_after_s or 0, NOT_BEFORE_S))
            self._settle(lambda session, _now: jobs.postpone(session, claim, until=until))
        except SourceOff:
            self._settle(lambda session, now: jobs.finish(session, claim, now=now))
        except Exception as error:  # the outermost loop of the background: whatever it was, the job is kept
            retry_after_s = error.retry_after_s if isinstance(error, MovieFinderError) else None
            told, is_bug = _told(error), not isinstance(error, MovieFinderError)
            log.warning("job.failed", attempts=claim.attempts, error=told, exc_info=is_bug)
            self._settle(
                lambda session, now: jobs.retry_or_fail(
                    session, claim, error=told, now=now, retry_after_s=retry_after_s
                )
            )
        else:
            log.info("job.done", attempts=claim.attempts, took_ms=round(1000 * (time.monotonic() - began), 1))

    @contextmanager
    def _holding(self, claim: Claim, limit_s: float) -> Iterator[None]:
        held = _Held(claim=claim, limit_s=limit_s, began=time.monotonic(), thread=threading.get_ident())
        with self._lock:
            self._held[claim.id] = held
        try:
            yield
        finally:
            with self._lock:
                if self._held.get(claim.id) is held:
                    del self._held[claim.id]

    def _settle(self, write: Callable[[Session, datetime], object]) -> None:
        for tried in range(1, SETTLE_TRIES + 1):
            try:
                with self._app.transaction(lasting=False) as session:
                    write(session, datetime.now(UTC))
            except Busy:
                if tried == SETTLE_TRIES:
                    raise
                time.sleep(0.5)
            else:
                return


def _finish(
    session: Session, claim: Claim, now: datetime, write: Callable[[Session, datetime], None]
) -> None:
    if not jobs.finish(session, claim, now=now):  # first, for it holds the row against others who would write
        raise _OvertakenError
    write(session, now)


def _told(error: Exception) -> str:
    """What the operator is told of an error: nothing that says which film it was, for that is somebody's taste."""
    if isinstance(error, NotFound):
        return error.title
    if isinstance(error, MovieFinderError):
        return f"{error.title}: {error.message}"
    home = str(Path(moviefinder.__file__).parent)
    places = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename.startswith(home)]
    where = f" in {Path(places[-1].filename).relative_to(home)}:{places[-1].lineno}" if places else ""
    return f"{type(error).__name__}{where}; the log says more."
