"""What one browser has begun and must come back with, once: only it holds the token, in a cookie of its own."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import delete
from sqlalchemy.orm import Session

from moviefinder.errors import LinkVoid
from moviefinder.services.accounts.secrets import hash_of, new_secret
from moviefinder.store.models import Flow

LASTS: Final = timedelta(minutes=10)


def begin(
    session: Session,
    purpose: str,
    data: Mapping[str, Any],
    *,
    user_id: int | None = None,
    lasts: timedelta = LASTS,
    now: datetime,
) -> str:
    """Note what a browser has begun; returns the token for its cookie.

    Args:
        purpose: what it is for; it ends with nothing else.
        data: what must be known when it comes back.
        user_id: who is signed in, where that matters.
    """
    token = new_secret()
    session.add(
        Flow(
            token_hash=hash_of(token),
            purpose=purpose,
            user_id=user_id,
            data=dict(data),
            created_at=now,
            expires_at=now + lasts,
        )
    )
    session.flush()
    return token


def take(session: Session, token: str | None, *purposes: str, now: datetime) -> Flow:
    """What the browser had begun; it is over with that, whatever comes of it once the caller commits.

    Raises:
        LinkVoid: it began nothing of these purposes, or too long ago, or has come back before.
    """
    flow = None
    if token is not None:
        taken = (
            delete(Flow).where(Flow.token_hash == hash_of(token), Flow.purpose.in_(purposes)).returning(Flow)
        )
        flow = session.scalar(taken)
    if flow is None or flow.expires_at <= now:
        raise LinkVoid("This took too long, or was done before, or began in another browser. Begin again.")
    return flow


def forget_old(session: Session, *, now: datetime) -> None:
    """Delete what nobody came back with."""
    session.execute(delete(Flow).where(Flow.expires_at <= now))
