"""The background face: what each kind of job does, and how its failures are judged."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy.orm import Session

from moviefinder.app import App
from moviefinder.errors import MovieFinderError
from moviefinder.log import get_logger
from moviefinder.services import accounts, track
from moviefinder.store import jobs, limits

log = get_logger(__name__)

CLEAN_UP_EVERY_S = 6 * 3600.0
DONE_JOBS_KEPT = timedelta(days=7)


def clean_up(session: Session, _payload: Mapping[str, Any], *, now: datetime) -> None:
    """Delete what is over: sessions, abandoned guests, counters, remembered replies, old showings, done jobs."""
    guests = accounts.forget_ended(session, now=now)
    counters = limits.forget_old(session, now=now)
    showings = track.forget_old(session, now=now)
    done = jobs.forget_done(session, before=now - DONE_JOBS_KEPT)
    log.info("cleaned_up", guests=guests, counters=counters, showings=showings, jobs=done)


HANDLERS: Final[Mapping[str, Callable[..., None]]] = {"clean_up": clean_up}
"""What each kind of job does: one service call, in the transaction that settles the job."""


def ask_for_clean_up(app: App) -> None:
    """Enqueue what comes round by the clock."""
    with app.transaction() as session:
        jobs.enqueue(session, "clean_up", "", now=datetime.now(UTC), priority=9)


def run_due(app: App) -> int:
    """Claim and run what is due now, one job after another; returns how many were run."""
    done = 0
    while _run_next(app):
        done += 1
    return done


def _run_next(app: App) -> bool:
    with app.transaction() as session:
        claim = jobs.claim(session, now=datetime.now(UTC))
    if claim is None:
        return False
    try:
        with app.transaction() as session:
            now = datetime.now(UTC)
            HANDLERS[claim.kind](session, claim.payload, now=now)
            jobs.finish(session, claim.id, now=now)
    except Exception as error:  # the outermost loop of the background: whatever it was, the job is kept
        retry_after_s = error.retry_after_s if isinstance(error, MovieFinderError) else None
        log.warning("job.failed", job_id=claim.id, kind=claim.kind, attempts=claim.attempts, exc_info=True)
        with app.transaction() as session:
            jobs.retry_or_fail(
                session, claim, error=repr(error), now=datetime.now(UTC), retry_after_s=retry_after_s
            )
    return True
