"""Keeps what a source told of films and of their neighbours, and has the rows of these films merged anew."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import numpy as np
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from moviefinder.records import FilmRecord, Kind, Ref
from moviefinder.services.facts.as_json import to_json
from moviefinder.services.facts.finding import Found, films_for, insert_films, ref_row
from moviefinder.services.facts.identity import films_of_refs
from moviefinder.services.facts.merging import CATALOGUE
from moviefinder.services.facts.rows import (
    facts_of,
    hold,
    keep_installed,
    remerge,
    touch,
    write_facts,
    write_films,
)
from moviefinder.store import insert_or, jobs
from moviefinder.store.models import ExternalId, SimilarList

ASK_AGAIN: Final = timedelta(days=30)
"""A source that does not know a film is not asked for it again before."""

MOST_SIMILAR: Final = 50

NEVER: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Who told, when, and how long the terms allow to keep it (None: for ever)."""

    source: str
    now: datetime
    keeps: timedelta | None

    @property
    def expires_at(self) -> datetime | None:
        """Until when it may be kept."""
        return None if self.keeps is None else self.now + self.keeps


def keep(
    session: Session,
    record: FilmRecord,
    source: str,
    *,
    whole: bool,
    now: datetime,
    keeps: timedelta | None,
    film_id: int | None = None,
) -> int:
    """Keep what a source told of one film; see `keep_all`.

    Args:
        film_id: the film that the source was asked for, which the record is then of whatever else it claims.
    """
    by = Told(source=source, now=now, keeps=keeps)
    return _ids(_keep(session, [record], by, wholes=int(whole), asked=film_id))[0]


def keep_all(
    session: Session,
    records: Sequence[FilmRecord],
    source: str,
    *,
    whole: bool,
    now: datetime,
    keeps: timedelta | None,
) -> list[int]:
    """Keep what a source told of films, under any of their references; new films are made.

    What a list or a search told is kept of films that nobody told all of. Films that turn out to be one are joined.
    Doing it again changes nothing.

    Args:
        whole: whether each record is all that the source knows of its film.
        keeps: how long the terms of the source allow to keep it; None: for ever.

    Returns:
        Our number of each record's film.
    """
    by = Told(source=source, now=now, keeps=keeps)
    return _ids(_keep(session, records, by, wholes=len(records) if whole else 0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Near:
    """A film and its neighbours, best first; of these `stubs` are known by name only."""

    film_id: int
    neighbours: Sequence[int]
    stubs: frozenset[int]


def keep_near(
    session: Session,
    film_id: int,
    record: FilmRecord | None,
    near: Sequence[FilmRecord],
    by: Told,
    *,
    known_only: bool = False,
) -> Near:
    """Keep all that a source told of a film, with its neighbours, most alike first, in one go.

    Args:
        film_id: the film that the source was asked for.
        record: what it told of the film itself; None where that was not asked.
        near: its neighbours; adult ones are left out, those that are not known become stubs.
        known_only: leave out those that are not known. The list then counts as never fetched: it is a part.
    """
    fit = [one for one in near if not one.adult][:MOST_SIMILAR]
    records = fit if record is None else [record, *fit]
    wholes, asked = (0, None) if record is None else (1, film_id)
    found = _keep(session, records, by, wholes=wholes, asked=asked, known_only=known_only)
    ids = list(found.ids)
    if record is not None:
        film_id = ids.pop(0) or film_id
    neighbours = [
        one for one in dict.fromkeys(ids) if one not in (None, film_id) and one not in found.known.adult
    ]
    _put_list(session, film_id, neighbours, by, is_part=known_only)
    stubs = frozenset(one for one in neighbours if found.known.fetched_at.get(one) is None)
    return Near(film_id=film_id, neighbours=neighbours, stubs=stubs)


def set_similar(
    session: Session,
    film_id: int,
    source: str,
    records: Sequence[FilmRecord],
    *,
    now: datetime,
    keeps: timedelta | None,
) -> list[int]:
    """Keep a film's neighbours by one source, most alike first; gives those that are kept."""
    by = Told(source=source, now=now, keeps=keeps)
    return list(keep_near(session, film_id, None, records, by).neighbours)


def stub(session: Session, ref: Ref, *, now: datetime) -> int:
    """The film with a reference, made where there is none: it is called by its reference until a source tells more."""
    hold(session)
    if found := films_of_refs(session, [ref]):
        return found[ref]
    kind = Kind.SERIES if ref.namespace == "tmdb-tv" else Kind.MOVIE
    title = ref.value if ref.namespace in ("imdb", "wikidata") else str(ref)
    [film_id] = insert_films(session, [FilmRecord(refs=(ref,), kind=kind, title=title)], now)
    session.execute(insert(ExternalId), [ref_row(film_id, ref)])
    touch(session, [film_id])
    return film_id


def keep_nothing(session: Session, film_id: int, source: str, *, now: datetime) -> None:
    """Note that a source does not know a film, so that it is not asked again with each liking of it.

    What a list of the source told of it is then all that the source knows.
    """
    hold(session)
    told = facts_of(session, [film_id]).get(film_id, {}).get(source)
    ends = [now + ASK_AGAIN, *([told["expires_at"]] if told and told["expires_at"] else [])]
    row = {
        "record": told["record"] if told else {},
        "is_whole": True,
        "fetched_at": now,
        "expires_at": min(ends),
    }
    write_facts(session, [{"film_id": film_id, "source": source, **row}])
    if row["record"]:
        remerge(session, [film_id])
        touch(session, [film_id])


def ask_for_placing(session: Session, film_ids: Collection[int], *, now: datetime) -> None:
    """Ask for neighbours by content for those of the films that no rating knows: all but the catalogue's."""
    rated = select(SimilarList.film_id).where(
        SimilarList.film_id.in_(film_ids), SimilarList.source == CATALOGUE
    )
    unrated = set(film_ids) - set(session.scalars(rated)) if film_ids else set()
    _enqueue_placing(session, unrated, now)


def _enqueue_placing(session: Session, film_ids: Collection[int], now: datetime) -> None:
    for film_id in sorted(film_ids):
        jobs.enqueue(session, "place_film", str(film_id), now=now, priority=6, film_id=film_id)


def _ids(found: Found) -> list[int]:
    return [film_id for film_id in found.ids if film_id is not None]


def _keep(
    session: Session,
    records: Sequence[FilmRecord],
    by: Told,
    *,
    wholes: int,
    asked: int | None = None,
    known_only: bool = False,
) -> Found:
    """Keep records; the first `wholes` of them are all that the source knows, the others rows of a list."""
    hold(session)
    found = films_for(session, records, asked=asked, known_only=known_only, now=by.now)
    told: dict[int, tuple[FilmRecord, bool]] = {}
    for at, (film_id, record) in enumerate(zip(found.ids, records, strict=True)):
        is_whole = at < wholes
        if film_id is not None and (is_whole or found.known.fetched_at.get(film_id) is None):
            told.setdefault(film_id, (record, is_whole))  # named twice: the first counts
    before = _facts_before(session, found, told.keys() - found.new)
    rows = []
    for film_id, (record, is_whole) in told.items():
        have = before.get(film_id, {}).get(by.source)
        if row := _row(have, record, by, whole=is_whole):
            rows.append({"film_id": film_id, "source": by.source, **row})
    changed = set()
    after = {}
    for row in rows:
        of_film = before.get(row["film_id"], {})
        if (have := of_film.get(by.source)) is None or have["record"] != row["record"]:
            changed.add(row["film_id"])
        after[row["film_id"]] = {**of_film, by.source: row}
    if rows:
        write_facts(session, rows)
        write_films(session, after, new=found.new)
    # What came with the catalogue was fetched with it, so a film that nobody has fetched is none of its.
    fresh = {film_id for film_id in changed if told[film_id][1]}
    stubs = {film_id for film_id in fresh if found.known.fetched_at.get(film_id) is None}
    _enqueue_placing(session, stubs, by.now)
    ask_for_placing(session, fresh - stubs, now=by.now)
    if changed or found.changed:
        touch(session, changed | found.changed)
    return found


def _facts_before(
    session: Session, found: Found, film_ids: Collection[int]
) -> Mapping[int, Mapping[str, Mapping[str, Any]]]:
    """What is kept of films, by film and source."""
    before = facts_of(session, film_ids)
    bare = [film_id for film_id in film_ids if found.known.fetched_at.get(film_id) and film_id not in before]
    if bare:
        keep_installed(session, bare)
        before = facts_of(session, film_ids)
    return before


def _row(
    have: Mapping[str, Any] | None, record: FilmRecord, by: Told, *, whole: bool
) -> dict[str, Any] | None:
    """The row that comes in place of what is kept; None where that stays as it is."""
    stored, expires_at = to_json(record), by.expires_at
    if not whole and have and have["record"]:
        if have["is_whole"]:
            return None
        earlier = have["record"]  # what an earlier list knew and this one does not is still so
        sources = earlier.get("sources", {}) | stored.get("sources", {})
        stored = earlier | stored | ({"sources": sources} if sources else {})
        if stored == earlier:
            return None
        expires_at = min(filter(None, [have["expires_at"], expires_at]), default=None)
    return {"record": stored, "is_whole": whole, "fetched_at": by.now, "expires_at": expires_at}


def _put_list(session: Session, film_id: int, neighbours: Sequence[int], by: Told, *, is_part: bool) -> None:
    packed = np.array(neighbours, "<i4").tobytes()
    # Each neighbour is one vote of nearly the same worth, as 1 / (60 + rank): the source's order is all that it told.
    weights = np.rint(255 * 60 / (60 + np.arange(len(neighbours)))).astype(np.uint8).tobytes()
    run = session.connection().execute
    have = run(
        select(SimilarList.ids).where(SimilarList.film_id == film_id, SimilarList.source == by.source)
    ).scalar()
    values = {
        "ids": packed,
        "weights": weights,
        "fetched_at": NEVER if is_part else by.now,
        "expires_at": by.expires_at,
    }
    statement = insert_or(session, SimilarList.__table__).values(film_id=film_id, source=by.source, **values)
    run(statement.on_conflict_do_update(index_elements=["film_id", "source"], set_=values))
    if have != packed:
        touch(session, [film_id])
