"""Counters that all processes share, and remembered answers to repeated writes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from moviefinder.errors import TooMany
from moviefinder.store import insert_or
from moviefinder.store.models import Limit, Reply

REPLIES_KEPT = timedelta(days=1)


def count(session: Session, key: str, *, limit: int, window: timedelta, now: datetime) -> None:
    """Count one more of `key` in its window.

    Raises:
        TooMany: that is more than `limit`; the counter stays as it was once the caller rolls back.
    """
    start = window_start(now, window)
    statement = insert_or(session, Limit).values(key=key, window_start=start, count=1)
    statement = statement.on_conflict_do_update(
        index_elements=["key", "window_start"], set_={"count": Limit.count + 1}
    ).returning(Limit.count)
    if (session.scalar(statement) or 0) > limit:
        wait_s = (start + window - now).total_seconds()
        raise TooMany(
            f"At most {limit} in {_words(window)} are allowed. Try again later.", retry_after_s=wait_s
        )


def window_start(now: datetime, window: timedelta) -> datetime:
    """When the window began that `now` lies in."""
    return datetime.fromtimestamp(now.timestamp() // window.total_seconds() * window.total_seconds(), UTC)


def _words(window: timedelta) -> str:
    minutes = int(window.total_seconds() // 60)
    return f"{minutes // 60} h" if minutes % 60 == 0 else f"{minutes} min"


@dataclass(frozen=True, slots=True)
class RememberedReply:
    """What was answered to the first write with an Idempotency-Key."""

    request_hash: bytes
    status: int
    body: Mapping[str, Any]


def remembered(session: Session, user_id: int, key: str) -> RememberedReply | None:
    """The answer that this user's key got before, if it did."""
    row = session.execute(
        select(Reply.request_hash, Reply.status, Reply.body).where(Reply.user_id == user_id, Reply.key == key)
    ).first()
    return RememberedReply(*row) if row else None


def remember(session: Session, user_id: int, key: str, reply: RememberedReply, *, now: datetime) -> None:
    """Keep an answer for a day, in the transaction of the write it belongs to."""
    session.add(
        Reply(
            user_id=user_id,
            key=key,
            request_hash=reply.request_hash,
            status=reply.status,
            body=dict(reply.body),
            created_at=now,
        )
    )
    session.flush()


def forget_old(session: Session, *, now: datetime) -> int:
    """Delete counters of past windows and replies older than a day."""
    limits = session.execute(delete(Limit).where(Limit.window_start < now - timedelta(days=2)))
    replies = session.execute(delete(Reply).where(Reply.created_at < now - REPLIES_KEPT))
    return int(limits.rowcount + replies.rowcount)  # type: ignore[attr-defined]
