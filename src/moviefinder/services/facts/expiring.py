"""Facts go when the terms of their source end, or when somebody says so; a film is then merged from the rest.

What a person spoke of keeps the name by which they spoke of it, as do the neighbours of such films: title, year and
kind. Films that are nobody's any more go altogether.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any, Final

import numpy as np
from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.orm import Session

from moviefinder.services.facts.as_json import name_of
from moviefinder.services.facts.merging import CATALOGUE, by_trust
from moviefinder.services.facts.rows import hold, remerge, touch, write_facts
from moviefinder.store.models import AnsweredReason, Change, Fact, Film, SimilarList, UserFilm

STUB_KEPT: Final = timedelta(days=90)
"""A film that a search or a list named, and nobody came back to, is forgotten after so long."""

_BATCH: Final = 500


def expire(session: Session, *, now: datetime) -> int:
    """Let go of what may not be kept any longer; returns how many facts that were."""
    hold(session)
    old = select(Film.id).where(
        Film.fetched_at.is_(None), Film.merged_into.is_(None), Film.created_at < now - STUB_KEPT
    )
    _drop_films(
        session, session.scalars(old).all()
    )  # first: what a list names that goes today has until the next time
    gone = _drop_facts(session, Fact.expires_at <= now)
    _drop_lists(session, SimilarList.expires_at <= now)
    return gone


def forget_source(session: Session, source: str) -> int:
    """Let go of all that a source told, before its terms say so; returns how many facts that were."""
    hold(session)
    gone = _drop_facts(session, Fact.source == source)
    _drop_lists(session, SimilarList.source == source)
    return gone


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


def _drop_facts(session: Session, which: ColumnElement[bool]) -> int:
    columns = (Fact.film_id, Fact.source, Fact.record, Fact.fetched_at)
    rows = session.execute(select(*columns).where(which).order_by(Fact.film_id)).all()
    near = neighbours(session, SimilarList.film_id.in_(select(UserFilm.film_id))) if rows else set()
    for start in range(0, len(rows), _BATCH):
        batch = rows[start : start + _BATCH]
        ids = {row.film_id for row in batch}
        those = (which, Fact.film_id.in_(ids))
        session.execute(delete(Fact).where(*those).execution_options(synchronize_session=False))
        rest = select(Fact.film_id, Fact.record).where(Fact.film_id.in_(ids))
        told = {film_id for film_id, record in session.execute(rest) if record}
        dear = (spoken_of(session, ids) | (near & ids)) - told
        names: dict[int, dict[str, Any]] = {}
        trusted = by_trust({row.source for row in batch})
        for row in sorted(batch, key=lambda row: trusted.index(row.source)):
            if row.record and row.film_id in dear:
                kept = {"film_id": row.film_id, "source": row.source, "record": name_of(row.record)}
                names.setdefault(row.film_id, {**kept, **_FOR_GOOD, "fetched_at": row.fetched_at})
        if names:
            write_facts(session, list(names.values()))
        remerge(session, ids)
        touch(session, ids)
        _drop_films(session, ids - told - names.keys())
    return len(rows)


_FOR_GOOD: Final = {"is_whole": False, "expires_at": None}


def _drop_lists(session: Session, which: ColumnElement[bool]) -> None:
    gone = delete(SimilarList).where(which, SimilarList.source != CATALOGUE).returning(SimilarList.film_id)
    if ids := set(session.scalars(gone.execution_options(synchronize_session=False))):
        touch(session, ids)


def _drop_films(session: Session, film_ids: Collection[int]) -> None:
    """Let go of those of the films that nobody spoke of, that no list names, and that the catalogue does not have."""
    ids = set(film_ids) - neighbours(session) if film_ids else set()
    rated = select(SimilarList.film_id).where(SimilarList.source == CATALOGUE)
    held = select(Film.id).where(Film.id.in_(ids), Film.id.not_in(rated)).with_for_update()
    ids = set(session.scalars(held)) if ids else set()
    ids -= spoken_of(
        session, ids
    )  # asked while the films are held: who likes one now waits, and then finds it gone
    if not ids:
        return
    for column in (Film.merged_into, Film.id):
        session.execute(delete(Film).where(column.in_(ids)).execution_options(synchronize_session=False))
    touch(session, ())
