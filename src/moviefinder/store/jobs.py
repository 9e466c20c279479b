"""The durable queue: a table of jobs, claimed one at a time, tried again later, kept when they fail.

A job is written in the transaction of the change that calls for it. Whoever claims it runs it; a claim is a lease, so
that the job of a worker that died is found again. Handlers may therefore run twice and must not mind.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from moviefinder.store import insert_or
from moviefinder.store.models import Job

LEASE = timedelta(minutes=2)
"""How long a claim holds; longer than the hard limit of 90 s for a job."""

ATTEMPTS = 8
DEATHS = 5
"""After so many failures, or deaths of the worker that ran it, a job is failed and left for the operator."""


RING = "ring"
"""In `session.info`: a job was written, so the bell is to be rung after the commit."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A job that the caller runs now."""

    id: int
    kind: str
    payload: Mapping[str, Any]
    attempts: int


def enqueue(
    session: Session,
    kind: str,
    key: str,
    payload: Mapping[str, Any] | None = None,
    *,
    now: datetime,
    run_after: datetime | None = None,
    priority: int = 5,
) -> bool:
    """Ask for work later; a no-op when the same open work is there already.

    Returns:
        Whether a new job was written.
    """
    values = {
        "kind": kind,
        "key": key,
        "payload": dict(payload or {}),
        "state": "queued",
        "priority": priority,
    }
    counted = {"run_after": run_after or now, "attempts": 0, "deaths": 0, "created_at": now}
    statement = insert_or(session, Job).values(**values, **counted).on_conflict_do_nothing().returning(Job.id)
    is_new = session.scalar(statement) is not None
    session.info[RING] = session.info.get(RING, False) or is_new
    return is_new


def claim(session: Session, *, now: datetime) -> Claim | None:
    """Take the next due job, most urgent first; None when none is due."""
    due = (
        select(Job.id)
        .where(Job.state == "queued", Job.run_after <= now)
        .order_by(Job.priority, Job.run_after, Job.id)
        .limit(1)
        .with_for_update(skip_locked=True)  # left out by SQLite, whose write lock does the same
    )
    row = session.execute(
        update(Job)
        .where(Job.id == due.scalar_subquery())
        .values(state="running", attempts=Job.attempts + 1, lease_until=now + LEASE)
        .returning(Job.id, Job.kind, Job.payload, Job.attempts)
        .execution_options(synchronize_session=False)
    ).first()
    return Claim(*row) if row else None


def finish(session: Session, job_id: int, *, now: datetime) -> None:
    """The job is done."""
    _settle(session, job_id, state="done", finished_at=now, error=None)


def retry_or_fail(
    session: Session, claim: Claim, *, error: str, now: datetime, retry_after_s: float | None
) -> None:
    """Put the job back for later, or give it up after eight attempts."""
    if claim.attempts >= ATTEMPTS:
        _settle(session, claim.id, state="failed", finished_at=now, error=error)
        return
    wait_s = min(6 * 3600, 30 * 2**claim.attempts) * random.uniform(0.8, 1.2)  # spreads retries only
    later = now + timedelta(seconds=wait_s if retry_after_s is None else retry_after_s)
    _settle(session, claim.id, state="queued", run_after=later, error=error)


def free_expired(session: Session, *, now: datetime, all_claims: bool = False) -> int:
    """Put back the jobs whose worker died: those with an expired lease, or all that are claimed.

    Returns:
        How many were put back or given up.
    """
    dead = [Job.state == "running"] if all_claims else [Job.state == "running", Job.lease_until < now]
    gone = {"deaths": Job.deaths + 1, "lease_until": None}
    given_up = session.execute(
        update(Job)
        .where(*dead, Job.deaths + 1 >= DEATHS)
        .values(**gone, state="failed", finished_at=now, error="The worker that ran it died five times.")
    )
    freed = session.execute(update(Job).where(*dead).values(**gone, state="queued"))
    return int(given_up.rowcount + freed.rowcount)  # type: ignore[attr-defined]  # an UPDATE has a row count


def forget_done(session: Session, *, before: datetime) -> int:
    """Delete jobs that were done before a time; failed ones stay for the operator."""
    return int(session.execute(delete(Job).where(Job.state == "done", Job.finished_at < before)).rowcount)  # type: ignore[attr-defined]


def _settle(session: Session, job_id: int, **values: Any) -> None:
    session.execute(update(Job).where(Job.id == job_id).values(lease_until=None, **values))
