"""Outside answers that may be used again: as they are while fresh, after that when their validators still hold.

They are a help and nothing more: where the database is busy for long, what is to be kept is kept by this process alone,
so that nobody is asked twice because somebody else writes.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from sqlalchemy import Engine, delete, func, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from moviefinder.errors import Busy
from moviefinder.store import insert_or, reading, writing
from moviefinder.store.models import KeptAnswer

__all__ = ["Kept", "KeptAnswers", "forget_answers", "forget_old_answers"]

ANSWER_BYTES = 256_000
"""Of one answer, packed; the largest known, of Wikidata, takes 150,000."""
BYTES = 32_000_000
"""Of all; the oldest go."""
COUNTED_EVERY = 16
"""Answers kept between two looks at how much that is: looking reads through the table."""
PATIENCE_S = 2.0
UNWRITTEN = 32
KEPT_FOR = timedelta(days=30)
"""Shorter than any terms allow."""


_WANTED = select(KeptAnswer.body, KeptAnswer.etag, KeptAnswer.last_modified, KeptAnswer.fresh_until)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """An answer that was kept."""

    body: bytes
    etag: str | None
    last_modified: str | None
    is_fresh: bool


class KeptAnswers:
    """The table `kept_answers`."""

    def __init__(self, engine: Engine, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._engine, self._clock = engine, clock
        self._kept = count()
        self._unwritten: dict[bytes, Mapping[Any, Any]] = {}

    def find(self, key: bytes) -> Kept | None:
        """The answer under this key, fresh or not."""
        values = self._unwritten.get(key) or self._written(key)
        if values is None:
            return None
        try:
            body = zlib.decompress(values["body"])
        except zlib.error:
            return None
        return Kept(
            body=body,
            etag=values["etag"],
            last_modified=values["last_modified"],
            is_fresh=self._clock() < values["fresh_until"],
        )

    def _written(self, key: bytes) -> Mapping[Any, Any] | None:
        try:
            with reading(self._engine) as session:
                return session.execute(_WANTED.where(KeptAnswer.key == key)).mappings().first()
        except DBAPIError:
            return None

    def keep(
        self,
        key: bytes,
        source: str,
        body: bytes,
        *,
        etag: str | None,
        last_modified: str | None,
        fresh: timedelta,
        patience_s: float = PATIENCE_S,
    ) -> None:
        """Keep an answer, over what was kept before, unless it is too long; wait for a busy database so long."""
        packed, now = zlib.compress(body), self._clock()
        if len(packed) > ANSWER_BYTES:
            return
        values = {
            "source": source,
            "body": packed,
            "etag": etag,
            "last_modified": last_modified,
            "fetched_at": now,
            "fresh_until": now + fresh,
        }
        try:
            too_old = self._too_old() if next(self._kept) % COUNTED_EVERY == 0 else None
            with writing(self._engine, patience_ms=round(1000 * patience_s), lasting=False) as session:
                statement = insert_or(session, KeptAnswer).values(key=key, **values)
                session.execute(statement.on_conflict_do_update(index_elements=["key"], set_=values))
                if too_old is not None:
                    session.execute(delete(KeptAnswer).where(KeptAnswer.fetched_at <= too_old))
        except (Busy, DBAPIError):
            self._unwritten[key] = values
            for oldest in list(self._unwritten)[:-UNWRITTEN]:
                self._unwritten.pop(oldest, None)
        else:
            self._unwritten.pop(key, None)

    def _too_old(self) -> datetime | None:
        """The time of the newest answer that there is no room for."""
        ages = select(KeptAnswer.fetched_at, func.length(KeptAnswer.body)).order_by(
            KeptAnswer.fetched_at.desc()
        )
        taken = 0
        with reading(self._engine) as session:
            for fetched_at, size in session.execute(ages):
                taken += size
                if taken > BYTES - COUNTED_EVERY * ANSWER_BYTES:
                    kept_at: datetime = fetched_at
                    return kept_at
        return None


def forget_answers(session: Session, source: str) -> None:
    """Drop what a source answered."""
    session.execute(delete(KeptAnswer).where(KeptAnswer.source == source))


def forget_old_answers(session: Session, *, now: datetime) -> None:
    """Drop what nobody has asked for in a month."""
    session.execute(delete(KeptAnswer).where(KeptAnswer.fetched_at < now - KEPT_FOR))
