"""Users and their sessions; so far the guests that a first write makes."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from moviefinder.errors import SessionEnded
from moviefinder.store import limits, models

GUEST_IDLE = timedelta(days=180)
"""A guest that was not seen for so long is forgotten."""

SEEN_EVERY = timedelta(hours=1)
"""`last_seen_at` is written at most so often; reads never wait for it."""

TOKEN_BYTES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Who a request comes from."""

    user_id: int
    session_id: int
    created_at: datetime
    last_seen_at: datetime


def make_guest(
    session: Session, *, address: str, user_agent: str, per_hour: int | None, now: datetime
) -> tuple[Asker, str]:
    """A user without identity, and the token of its session, of which only the hash is kept.

    Args:
        per_hour: how many guests an address may make in an hour; None counts nothing.

    Raises:
        TooMany: the address has made that many.
    """
    if per_hour is not None:
        limits.count(session, f"guest:{address}", limit=per_hour, window=timedelta(hours=1), now=now)
    user = models.User(settings={}, is_operator=False, created_at=now, last_seen_at=now)
    session.add(user)
    session.flush()
    token = secrets.token_urlsafe(TOKEN_BYTES)
    row = models.Session(
        token_hash=_hash(token),
        user_id=user.id,
        created_at=now,
        last_seen_at=now,
        expires_at=now + GUEST_IDLE,
        user_agent=user_agent[:300],
        address=address,
    )
    session.add(row)
    session.flush()
    return Asker(user_id=user.id, session_id=row.id, created_at=now, last_seen_at=now), token


def asker_of(session: Session, token: str, *, now: datetime) -> Asker:
    """Who the token belongs to.

    Raises:
        SessionEnded: the token is unknown, or its session is over.
    """
    row = session.execute(
        select(
            models.Session.id,
            models.Session.user_id,
            models.User.created_at,
            models.Session.last_seen_at,
            models.Session.expires_at,
        )
        .join(models.User, models.User.id == models.Session.user_id)
        .where(models.Session.token_hash == _hash(token))
    ).first()
    if row is None or row.expires_at <= now:
        raise SessionEnded(
            "This session has ended or never was. Delete the cookie to begin anew: DELETE /session."
        )
    return Asker(
        user_id=row.user_id, session_id=row.id, created_at=row.created_at, last_seen_at=row.last_seen_at
    )


def note_seen(session: Session, asker: Asker, *, now: datetime) -> bool:
    """Push the session's end back, at most once an hour; returns whether it was."""
    if now - asker.last_seen_at < SEEN_EVERY:
        return False
    session.execute(
        update(models.Session)
        .where(models.Session.id == asker.session_id)
        .values(last_seen_at=now, expires_at=now + GUEST_IDLE)
    )
    session.execute(update(models.User).where(models.User.id == asker.user_id).values(last_seen_at=now))
    return True


def end_session(session: Session, token: str) -> None:
    """End the session of a token at once; unknown tokens are no error."""
    session.execute(delete(models.Session).where(models.Session.token_hash == _hash(token)))


def forget_ended(session: Session, *, now: datetime) -> int:
    """Delete the sessions that are over, and the guests to whom nobody can come back any more.

    Returns:
        How many guests were deleted.
    """
    session.execute(delete(models.Session).where(models.Session.expires_at <= now))
    lost = delete(models.User).where(
        ~select(models.Session.id).where(models.Session.user_id == models.User.id).exists(),
        models.User.last_seen_at <= now - GUEST_IDLE,
    )
    return int(session.execute(lost).rowcount)  # type: ignore[attr-defined]


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()
