"""Facts go when the terms of their source end, or when somebody says so; a film is then merged from the rest.

What a person spoke of keeps the name by which they spoke of it, as does what a list names: title, year and kind. Films
that are nobody's any more go altogether.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import numpy as np
from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.orm import Session

from moviefinder.services.facts.as_json import name_of
from moviefinder.services.facts.merging import CATALOGUE, by_trust
from moviefinder.services.facts.rows import hold, remerge, touch, write_facts
from moviefinder.store import jobs
from moviefinder.store.models import AnsweredReason, Change, Fact, Film, SimilarList, UserFilm

STUB_KEPT: Final = timedelta(days=90)
"""A film that a search or a list named, and nobody came back to, is forgotten after so long."""

MOST_AT_ONCE: Final = 300
"""So many facts go in one transaction; others who write wait meanwhile."""


def expire(session: Session, *, now: datetime) -> int:
    """Let go of what may not be kept any longer, a few hundred facts at a time; returns how many facts that were."""
    hold(session)
    old = select(Film.id).where(
        Film.fetched_at.is_(None), Film.merged_into.is_(None), Film.created_at < now - STUB_KEPT
    )
    # First: what a list names that goes today has until the next time.
    stubs = session.scalars(old.order_by(Film.created_at)).all()
    kept = neighbours(session) | spoken_of(session) if stubs else set()
    _drop_films(session, [film_id for film_id in stubs if film_id not in kept][:MOST_AT_ONCE])
    gone = _drop_facts(session, now)
    _drop_lists(session, now)
    return gone


def forget_source(session: Session, source: str, *, now: datetime | None = None) -> None:
    """Let go of all that a source told, as if its terms had ended; what is much is done in the background."""
    hold(session)
    now = now or datetime.now(UTC)
    for table in (Fact, SimilarList):
        of_source = update(table).where(table.source == source).values(expires_at=now)
        session.execute(of_source.execution_options(synchronize_session=False))
    if expire(session, now=now) >= MOST_AT_ONCE:
        jobs.enqueue(session, "refresh_facts", "", now=now)


def spoken_of(session: Session, film_ids: Collection[int] | None = None) -> set[int]:
    """The films that anybody said anything of; of these films where they are named."""
    found: set[int] = set()
    for column in (UserFilm.film_id, Change.film_id, AnsweredReason.film_id, AnsweredReason.because_id):
        statement = select(column).distinct()
        found.update(
            session.scalars(statement if film_ids is None else statement.where(column.in_(film_ids)))
        )
    return found


def neighbours(session: Session, *conditions: ColumnElement[bool]) -> set[int]:
    """The films in similar lists that fetched films have."""
    lists = session.scalars(select(SimilarList.ids).where(SimilarList.source != CATALOGUE, *conditions))
    return set(np.frombuffer(b"".join(lists), "<i4").tolist())


def dear(session: Session) -> set[int]:
    """The films that somebody spoke of, and their neighbours."""
    return spoken_of(session) | neighbours(session, SimilarList.film_id.in_(select(UserFilm.film_id)))


def _drop_facts(session: Session, now: datetime) -> int:
    columns = (Fact.film_id, Fact.source, Fact.record, Fact.fetched_at)
    ended = select(*columns).where(Fact.expires_at <= now).order_by(Fact.expires_at, Fact.film_id)
    rows = session.execute(ended.limit(MOST_AT_ONCE)).all()
    if not rows:
        return 0
    ids = {row.film_id for row in rows}
    for source in {row.source for row in rows}:
        those = [row.film_id for row in rows if row.source == source]
        gone = delete(Fact).where(Fact.source == source, Fact.film_id.in_(those))
        session.execute(gone.execution_options(synchronize_session=False))
    rest = select(Fact.film_id, Fact.record).where(Fact.film_id.in_(ids))
    told = {film_id for film_id, record in session.execute(rest) if record}
    alone = ids - told - _drop_films(session, ids - told)
    ids = told | alone
    names: dict[int, dict[str, Any]] = {}
    trusted = by_trust({row.source for row in rows})
    for row in sorted(rows, key=lambda row: trusted.index(row.source)):
        if row.record and row.film_id in alone:
            kept = {"film_id": row.film_id, "source": row.source, "record": name_of(row.record)}
            names.setdefault(row.film_id, {**kept, **_FOR_GOOD, "fetched_at": row.fetched_at})
    if names:
        write_facts(session, list(names.values()))
    remerge(session, ids)
    touch(session, ids)
    return len(rows)


_FOR_GOOD: Final = {"is_whole": False, "expires_at": None}


def _drop_lists(session: Session, now: datetime) -> None:
    gone = delete(SimilarList).where(SimilarList.expires_at <= now).returning(SimilarList.film_id)
    if ids := set(session.scalars(gone.execution_options(synchronize_session=False))):
        touch(session, ids)


def _drop_films(session: Session, film_ids: Collection[int]) -> set[int]:
    """Let go of those of the films that nobody spoke of, that no list names, and that the catalogue does not have.

    Returns:
        Which those were.
    """
    ids = set(film_ids) - neighbours(session) if film_ids else set()
    rated = select(SimilarList.film_id).where(SimilarList.source == CATALOGUE)
    held = select(Film.id).where(Film.id.in_(ids), Film.id.not_in(rated)).with_for_update()
    ids = set(session.scalars(held)) if ids else set()
    ids -= spoken_of(
        session, ids
    )  # asked while the films are held: who likes one now waits, and then finds it gone
    if not ids:
        return ids
    for column in (Film.merged_into, Film.id):
        session.execute(delete(Film).where(column.in_(ids)).execution_options(synchronize_session=False))
    touch(session, ())
    return ids
