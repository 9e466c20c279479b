"""The durable queue: a table of jobs, claimed one at a time, tried again later, kept when they fail.

A job is written in the transaction of the change that calls for it. Whoever claims it runs it; a claim is a lease, so
that the job of a worker that died is found again. A job may therefore be begun twice, but only the last claim settles
it: what a handler writes goes into the transaction that settles, and is rolled back where the claim was overtaken.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple

from sqlalchemy import ColumnElement, case, delete, exists, func, or_, select, tuple_, update
from sqlalchemy.orm import Session

from moviefinder.dispatch import FETCH, WAITING
from moviefinder.errors import JobNotFound
from moviefinder.store import insert_or
from moviefinder.store.models import Job, UserFilm

LEASE = timedelta(seconds=30)
"""How long a claim holds unless it is renewed; a worker renews every ten seconds while it works."""

ATTEMPTS = 8
DEATHS = 5
"""After so many failures, or deaths of the worker that ran it, a job is failed and left for the operator."""

RESTS = {1: timedelta(seconds=5), 2: timedelta(seconds=30), 3: timedelta(minutes=2)}
"""How long a job rests when its worker dies again, by the deaths before. One that kills its worker leaves the others
time to be done; one that only stood by when something else did so is not there each time."""

SOON = timedelta(seconds=60)
"""What is due within this time counts as being fetched, what is due later as waiting."""

RING = "ring"
"""In `session.info`: the (id, kind) of the jobs that were written, to be rung for after the commit."""

FILM_KINDS = ("fetch_film", "fetch_similar", "place_film")
"""Kinds of jobs after which a film shows more than before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A job that the caller runs now."""

    id: int
    kind: str
    key: str
    payload: Mapping[str, Any]
    film_id: int | None
    attempts: int
    """How many tries there were, this one included."""
    claims: int
    """How often it was claimed, this time included: tells this claim from those before and after."""


State = Literal["queued", "running", "done", "failed"]


class Pending(NamedTuple):
    """How much is still to come."""

    fetching: int
    waiting: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PastJob:
    """A job as the operator sees it: nothing of what or whom it is for."""

    id: int
    kind: str
    state: State
    attempts: int
    deaths: int
    error: str | None
    created_at: datetime
    run_after: datetime
    finished_at: datetime | None


# Asking


def enqueue(
    session: Session,
    kind: str,
    key: str,
    payload: Mapping[str, Any] | None = None,
    *,
    now: datetime,
    run_after: datetime | None = None,
    priority: int = 5,
    film_id: int | None = None,
) -> bool:
    """Ask for work later; a no-op when the same open work is there already.

    Args:
        session: the transaction of the change that calls for the work.
        kind: what to do; `dispatch.WAITING` says which wait on the network and have threads of their own.
        key: together with the kind it makes the work one.
        payload: what the handler needs to know; goes into the database as JSON.
        now: the time.
        run_after: not before this time.
        priority: smaller is more urgent.
        film_id: the film that will show more once the work is done.

    Returns:
        Whether a new job was written.
    """
    values = {
        "kind": kind,
        "key": key,
        "payload": dict(payload or {}),
        "state": "queued",
        "priority": priority,
        "film_id": film_id,
    }
    counted = {"run_after": run_after or now, "attempts": 0, "deaths": 0, "claims": 0, "created_at": now}
    statement = insert_or(session, Job).values(**values, **counted).on_conflict_do_nothing().returning(Job.id)
    job_id = session.scalar(statement)
    if job_id is not None:
        _ring_for(session, job_id, kind)
    return job_id is not None


def enqueue_all(session: Session, asked: Sequence[Mapping[str, Any]], *, now: datetime) -> int:
    """Ask for many things later, in one statement; each as `enqueue` takes it, with all but `run_after`.

    Returns:
        How many new jobs were written.
    """
    if not asked:
        return 0
    counted = {
        "state": "queued",
        "run_after": now,
        "attempts": 0,
        "deaths": 0,
        "claims": 0,
        "created_at": now,
    }
    statement = insert_or(session, Job.__table__).values([{**one, **counted} for one in asked])
    written = (
        session.connection().execute(statement.on_conflict_do_nothing().returning(Job.id, Job.kind)).all()
    )
    for job_id, kind in written:
        _ring_for(session, job_id, kind)
    return len(written)


def was_asked(session: Session, kind: str, *, since: datetime) -> bool:
    """Whether work of this kind was asked for since a time; done jobs are remembered for a week."""
    return bool(session.scalar(select(exists().where(Job.kind == kind, Job.created_at > since))))


def pending(
    session: Session, *, now: datetime, film_ids: Collection[int] = (), user_id: int | None = None
) -> Pending:
    """Count the open jobs that will tell more of these films, or of those in a person's library."""
    of_user = select(UserFilm.film_id).where(UserFilm.user_id == user_id)
    films = Job.film_id.in_(film_ids) if user_id is None else Job.film_id.in_(of_user)
    soon = func.sum(case((or_(Job.state == "running", Job.run_after <= now + SOON), 1), else_=0))
    found = select(func.coalesce(soon, 0), func.count()).where(_is_open(), films, Job.kind.in_(FILM_KINDS))
    fetching, total = session.execute(found).one()
    return Pending(int(fetching), total - int(fetching))


# Claiming


def claim(session: Session, *, now: datetime, lane: str | None = None) -> Claim | None:
    """Take the next due job, most urgent first; None when none is due.

    Args:
        session: a transaction of its own, committed before the work begins.
        now: the time.
        lane: only kinds of this lane (`dispatch.lane_of`); all without one.
    """
    due = (
        select(Job.id)
        .where(Job.state == "queued", Job.run_after <= now, *_of_lane(lane))
        .order_by(Job.priority, Job.run_after, Job.id)
        .limit(1)
        .with_for_update(skip_locked=True)  # left out by SQLite, whose write lock does the same
    )
    return _claim(session, Job.id == due.scalar_subquery(), now)


def next_due(session: Session, *, lane: str | None = None) -> datetime | None:
    """When the next job of a lane is due, which may be in the past; None when none is queued."""
    return session.scalar(select(func.min(Job.run_after)).where(Job.state == "queued", *_of_lane(lane)))


def due(session: Session, *, now: datetime, lane: str, limit: int) -> list[tuple[int, str]]:
    """Give the id and kind of jobs that are due and that nobody has, most urgent first."""
    found = (
        select(Job.id, Job.kind)
        .where(Job.state == "queued", Job.run_after <= now, *_of_lane(lane))
        .order_by(Job.priority, Job.run_after, Job.id)
        .limit(limit)
    )
    return [(job_id, kind) for job_id, kind in session.execute(found)]


def renew(session: Session, claims: Iterable[Claim], *, now: datetime) -> None:
    """Make the leases of these claims begin anew."""
    held = tuple_(Job.id, Job.claims).in_([(claim.id, claim.claims) for claim in claims])
    session.execute(update(Job).where(held, Job.state == "running").values(lease_until=now + LEASE))


# Settling: each says whether it did, or the claim was overtaken


def finish(session: Session, claim: Claim, *, now: datetime) -> bool:
    """The job is done."""
    return _settle(session, claim, state="done", finished_at=now, error=None)


def retry_or_fail(
    session: Session, claim: Claim, *, error: str, now: datetime, retry_after_s: float | None
) -> bool:
    """Put the job back for later, or give it up after eight attempts."""
    if claim.attempts >= ATTEMPTS:
        return _settle(session, claim, state="failed", finished_at=now, error=error)
    wait_s = min(6 * 3600, 30 * 2**claim.attempts) * random.uniform(0.8, 1.2)  # spreads retries only
    later = now + timedelta(seconds=wait_s if retry_after_s is None else retry_after_s)
    return _settle(session, claim, state="queued", run_after=later, error=error)


def postpone(session: Session, claim: Claim, *, until: datetime) -> bool:
    """Put the job back, as if it had not been tried."""
    return _settle(session, claim, state="queued", run_after=until, attempts=claim.attempts - 1)


def free_expired(session: Session, *, now: datetime, all_claims: bool = False) -> int:
    """Put back the jobs whose worker died: those with an expired lease, or all that are claimed.

    Returns:
        How many were put back or given up.
    """
    dead = [Job.state == "running"] if all_claims else [Job.state == "running", Job.lease_until < now]
    gone = {"deaths": Job.deaths + 1, "lease_until": None}
    rests = {deaths: now + rest for deaths, rest in RESTS.items()}
    given_up = session.execute(
        update(Job)
        .where(*dead, Job.deaths + 1 >= DEATHS)
        .values(**gone, state="failed", finished_at=now, error="The worker that ran it died five times.")
    )
    rested = case(rests, value=Job.deaths, else_=Job.run_after)
    freed = session.execute(update(Job).where(*dead).values(**gone, state="queued", run_after=rested))
    return int(given_up.rowcount + freed.rowcount)  # type: ignore[attr-defined]  # an UPDATE has a row count


# For the operator


def past(session: Session, *, state: str | None = None, limit: int = 100) -> list[PastJob]:
    """Give jobs, the latest first; only those in one state where it is named."""
    names = PastJob.__dataclass_fields__
    found = select(*(getattr(Job, name) for name in names)).order_by(Job.id.desc()).limit(limit)
    if state is not None:
        found = found.where(Job.state == state)
    return [PastJob(**row) for row in session.execute(found).mappings()]


def failed_ids(session: Session) -> list[int]:
    """Give the ids of all failed jobs, the oldest first."""
    return list(session.scalars(select(Job.id).where(Job.state == "failed").order_by(Job.id)))


def retry(session: Session, job_id: int, *, now: datetime) -> bool:
    """Try a failed job again from the beginning.

    Returns:
        Whether it was queued again; False when the same work was asked for anew meanwhile, and the failed job is gone.

    Raises:
        JobNotFound: no failed job has this id.
    """
    job = session.scalar(select(Job).where(Job.id == job_id, Job.state == "failed").with_for_update())
    if job is None:
        raise JobNotFound(job_id)
    open_twin = exists().where(_is_open(), Job.kind == job.kind, Job.key == job.key)
    if session.scalar(select(open_twin)):
        session.delete(job)
        return False
    job.state, job.run_after, job.attempts, job.deaths, job.finished_at = "queued", now, 0, 0, None
    _ring_for(session, job.id, job.kind)
    return True


def forget_done(session: Session, *, before: datetime) -> int:
    """Delete jobs that were done before a time; failed ones stay for the operator."""
    return int(session.execute(delete(Job).where(Job.state == "done", Job.finished_at < before)).rowcount)  # type: ignore[attr-defined]


def _is_open() -> ColumnElement[bool]:
    return Job.state.in_(("queued", "running"))


def _of_lane(lane: str | None) -> list[ColumnElement[bool]]:
    if lane is None:
        return []
    waits = or_(*(Job.kind.startswith(begin, autoescape=True) for begin in WAITING))
    return [waits if lane == FETCH else ~waits]


def _ring_for(session: Session, job_id: int, kind: str) -> None:
    session.info.setdefault(RING, []).append((job_id, kind))


def _claim(session: Session, which: ColumnElement[bool], now: datetime) -> Claim | None:
    taken = (
        update(Job)
        .where(which)
        .values(state="running", attempts=Job.attempts + 1, claims=Job.claims + 1, lease_until=now + LEASE)
        .returning(Job.id, Job.kind, Job.key, Job.payload, Job.film_id, Job.attempts, Job.claims)
        .execution_options(synchronize_session=False)
    )
    row = session.execute(taken).mappings().first()
    return Claim(**row) if row else None


def _settle(session: Session, claim: Claim, **values: Any) -> bool:
    # A job whose lease was over and that nobody has taken since is still this claim's to settle.
    held = (Job.id == claim.id, Job.claims == claim.claims, _is_open())
    settled = session.execute(update(Job).where(*held).values(lease_until=None, **values))
    return bool(settled.rowcount)  # type: ignore[attr-defined]
