"""Keeps what a source told of films: finds the film of a record or makes it, and has its rows merged anew."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import numpy as np
from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from moviefinder.records import FilmRecord, Kind, Ref
from moviefinder.services.facts.as_json import from_json, to_json
from moviefinder.services.facts.identity import contradict, films_of_refs, refs_of, room_for
from moviefinder.services.facts.joining import PLACED, join_fitting
from moviefinder.services.facts.merging import CATALOGUE
from moviefinder.services.facts.rows import hold, keep_installed, remerge, touch, write_facts
from moviefinder.store import insert_or, jobs
from moviefinder.store.models import ExternalId, Fact, Film, SimilarList

ASK_AGAIN: Final = timedelta(days=30)
"""A source that does not know a film is not asked for it again before."""

MOST_SIMILAR: Final = 50

_FILMS: Final[Any] = Film.__table__
_EXTERNAL_IDS: Final[Any] = ExternalId.__table__

NEVER: Final = datetime(1970, 1, 1, tzinfo=UTC)


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
    return keep_all(session, [record], source, whole=whole, now=now, keeps=keeps, asked=film_id)[0]


def keep_all(
    session: Session,
    records: Sequence[FilmRecord],
    source: str,
    *,
    whole: bool,
    now: datetime,
    keeps: timedelta | None,
    asked: int | None = None,
    but: Collection[int] = (),
) -> list[int]:
    """Keep what a source told of films, under any of their references; new films are made.

    What a list or a search told never replaces what the source told when asked for the film itself. Films that turn
    out to be one are joined. Doing it again changes nothing.

    Args:
        whole: whether each record is all that the source knows of its film.
        keeps: how long the terms of the source allow to keep it; None: for ever.
        asked: the film of the first record, where that is known.
        but: films of which nothing is to be kept.

    Returns:
        Our number of each record's film.
    """
    hold(session)
    ids, new = _films_for(session, records, asked, now)
    told = dict(reversed(list(zip(ids, records, strict=True))))  # named twice: the first counts
    before = _facts_before(session, told.keys() - set(but))
    rows = []
    for film_id in sorted(told.keys() - set(but)):
        have, expires_at = before.get((film_id, source)), now + keeps if keeps else None
        if row := _row(have, told[film_id], whole=whole, now=now, expires_at=expires_at):
            rows.append({"film_id": film_id, "source": source, **row})
    changed = {
        row["film_id"]
        for row in rows
        if (have := before.get((row["film_id"], source))) is None or have["record"] != row["record"]
    }
    if rows:
        write_facts(session, rows)
        remerge(session, [row["film_id"] for row in rows])
    if whole:
        ask_for_placing(session, changed, now=now)
    if changed or new:
        touch(session, changed | new)
    return ids


def stub(session: Session, ref: Ref, *, now: datetime) -> int:
    """The film with a reference, made where there is none: it is called by its reference until a source tells more."""
    hold(session)
    if found := films_of_refs(session, [ref]):
        return found[ref]
    kind = Kind.SERIES if ref.namespace == "tmdb-tv" else Kind.MOVIE
    title = ref.value if ref.namespace in ("imdb", "wikidata") else str(ref)
    [film_id] = _insert(session, [FilmRecord(refs=(ref,), kind=kind, title=title)], now)
    session.execute(insert(ExternalId), [_ref_row(film_id, ref)])
    touch(session, [film_id])
    return film_id


def keep_nothing(session: Session, film_id: int, source: str, *, now: datetime) -> None:
    """Note that a source does not know a film, so that it is not asked again with each liking of it.

    What a list of the source told of it is then all that the source knows.
    """
    hold(session)
    of_source = (Fact.film_id == film_id, Fact.source == source)
    told = session.execute(select(Fact.record, Fact.expires_at).where(*of_source)).first()
    ends = [now + ASK_AGAIN, *([told.expires_at] if told and told.expires_at else [])]
    row = {
        "record": told.record if told else {},
        "is_whole": True,
        "fetched_at": now,
        "expires_at": min(ends),
    }
    write_facts(session, [{"film_id": film_id, "source": source, **row}])
    if row["record"]:
        remerge(session, [film_id])
        touch(session, [film_id])


def set_similar(
    session: Session,
    film_id: int,
    source: str,
    records: Sequence[FilmRecord],
    *,
    now: datetime,
    keeps: timedelta | None,
    known_only: bool = False,
) -> list[int]:
    """Keep a film's neighbours by one source, most alike first; those that are not known become stubs.

    Args:
        known_only: leave out those that are not known. The list then counts as never fetched: it is a part.

    Returns:
        The neighbours, best first; adult films are never among them.
    """
    hold(session)
    fit = [record for record in records if not record.adult][:MOST_SIMILAR]
    known = films_of_refs(session, [ref for record in fit for ref in record.refs])
    if known_only:
        fit = [record for record in fit if not known.keys().isdisjoint(record.refs)]
    told_by_others = _fetched(session, known.values())  # a row of a list adds nothing to them
    ids = keep_all(session, fit, source, whole=False, now=now, keeps=keeps, but=told_by_others)
    adult = set(session.scalars(select(Film.id).where(Film.id.in_(ids), Film.adult)))
    neighbours = [one for one in dict.fromkeys(ids) if one != film_id and one not in adult]
    packed = np.array(neighbours, "<i4").tobytes()
    ranks = np.arange(len(neighbours))
    # Each neighbour is one vote of nearly the same worth, as 1 / (60 + rank): the source's order is all that it told.
    weights = np.rint(255 * 60 / (60 + ranks)).astype(np.uint8).tobytes()
    before = session.execute(
        select(SimilarList.ids).where(SimilarList.film_id == film_id, SimilarList.source == source)
    ).scalar()
    values = {
        "ids": packed,
        "weights": weights,
        "fetched_at": NEVER if known_only else now,
        "expires_at": now + keeps if keeps else None,
    }
    session.execute(
        insert_or(session, SimilarList)
        .values(film_id=film_id, source=source, **values)
        .on_conflict_do_update(index_elements=["film_id", "source"], set_=values)
    )
    if before != packed:
        touch(session, [film_id])
    return neighbours


def install(
    session: Session, record_of: Callable[[int], FilmRecord], film_ids: Sequence[int], *, now: datetime
) -> None:
    """Merge a newly installed catalogue with what sources told of its films.

    Args:
        record_of: what the catalogue says of the film at a position.
        film_ids: our number of each film, by position.
    """
    rated = select(SimilarList.film_id).where(SimilarList.source == CATALOGUE)
    stand_ins = delete(SimilarList).where(SimilarList.source == PLACED, SimilarList.film_id.in_(rated))
    session.execute(stand_ins.execution_options(synchronize_session=False))
    told = set(session.scalars(select(Fact.film_id).distinct()))
    positions = [at for at, film_id in enumerate(film_ids) if film_id in told]
    for start in range(0, len(positions), 500):
        batch = positions[start : start + 500]
        ids = [film_ids[at] for at in batch]
        common = {"source": CATALOGUE, "is_whole": True, "fetched_at": now, "expires_at": None}
        rows = [{"film_id": film_ids[at], "record": to_json(record_of(at)), **common} for at in batch]
        write_facts(session, rows)
        _add_refs_told(session, ids)
        remerge(session, ids)
        touch(session, ids)


def _add_refs_told(session: Session, film_ids: Sequence[int]) -> None:
    """Give films the references that sources told of them, as far as they are free."""
    refs = refs_of(session, film_ids)
    told = session.execute(
        select(Fact.film_id, Fact.record)
        .where(Fact.film_id.in_(film_ids))
        .order_by(Fact.film_id, Fact.source)
    ).all()
    claims = [(film_id, ref) for film_id, record in told if record for ref in from_json(record).refs]
    taken = films_of_refs(session, [ref for _, ref in claims])
    for film_id, ref in claims:
        if ref not in taken and room_for(ref, refs[film_id]):
            taken[ref] = film_id
            refs[film_id].append(ref)
            session.execute(insert(ExternalId), [_ref_row(film_id, ref)])


def ask_for_placing(session: Session, film_ids: Collection[int], *, now: datetime) -> None:
    """Ask for neighbours by content for those of the films that no rating knows: all but the catalogue's."""
    rated = set(
        session.scalars(
            select(SimilarList.film_id).where(
                SimilarList.film_id.in_(film_ids), SimilarList.source == CATALOGUE
            )
        )
    )
    for film_id in sorted(set(film_ids) - rated):
        jobs.enqueue(session, "place_film", str(film_id), now=now, priority=6, film_id=film_id)


def _films_for(
    session: Session, records: Sequence[FilmRecord], asked: int | None, now: datetime
) -> tuple[list[int], set[int]]:
    """The film of each record, and which of them were made or got a reference."""
    by_ref = films_of_refs(session, [ref for record in records for ref in record.refs])
    refs = refs_of(session, {*by_ref.values(), *([asked] if asked else [])})
    made = _make_all(session, records[1:] if asked else records, by_ref, now)
    refs |= {film_id: [] for film_id in made.values()}
    by_ref |= made
    moved: dict[int, int] = {}
    ids: list[int] = []
    new: set[int] = set(made.values())
    added = [_ref_row(film_id, ref) for ref, film_id in made.items()]
    for ref, film_id in made.items():
        refs[film_id].append(ref)
    for record in records:
        claimed = [moved.get(by_ref[ref], by_ref[ref]) for ref in record.refs if ref in by_ref]
        fitting = [film_id for film_id in claimed if not contradict(refs[film_id], record.refs)]
        if asked and not ids:
            fitting = [asked, *(film_id for film_id in fitting if film_id != asked)]
        if not fitting and len(claimed) == len(record.refs):
            fitting = claimed[:1]  # each of its references is somebody's: it is of the one it names first
        if not fitting:
            [film_id] = _insert(session, [record], now)
            refs[film_id] = []
            new.add(film_id)
        else:
            gone = join_fitting(session, list(dict.fromkeys(fitting)))
            moved = {old: gone.get(to, to) for old, to in moved.items()} | gone
            film_id = gone.get(fitting[0], fitting[0])
            refs |= refs_of(session, [film_id]) if gone else {}
        for ref in record.refs:
            if ref not in by_ref and room_for(ref, refs[film_id]):
                by_ref[ref] = film_id
                refs[film_id].append(ref)
                added.append(_ref_row(film_id, ref))
                new.add(film_id)
        ids.append(film_id)
    if added:
        rows = [row | {"film_id": moved.get(row["film_id"], row["film_id"])} for row in added]
        session.connection().execute(insert(_EXTERNAL_IDS), rows)
    return [moved.get(film_id, film_id) for film_id in ids], new - moved.keys()


def _make_all(
    session: Session, records: Sequence[FilmRecord], known: Mapping[Ref, int], now: datetime
) -> dict[Ref, int]:
    """Make the films of which no reference is known; gives these by reference."""
    firsts: dict[Ref, Ref] = {}
    new: dict[Ref, FilmRecord] = {}
    for record in records:
        if record.refs and known.keys().isdisjoint(record.refs) and firsts.keys().isdisjoint(record.refs):
            firsts |= dict.fromkeys(record.refs, record.refs[0])
            new[record.refs[0]] = record
    ids = dict(zip(new, _insert(session, list(new.values()), now), strict=True))
    return {ref: ids[first] for ref, first in firsts.items()}


def _insert(session: Session, records: Sequence[FilmRecord], now: datetime) -> list[int]:
    rows = [
        {
            "kind": str(record.kind),
            "title": record.title,
            "sources": {},
            "created_at": now,
            "adult": False,
            "changed": 0,
        }
        for record in records
    ]
    statement = insert(_FILMS).returning(Film.id, sort_by_parameter_order=True)
    return list(session.connection().execute(statement, rows).scalars()) if rows else []


def _ref_row(film_id: int, ref: Ref) -> dict[str, Any]:
    return {"namespace": ref.namespace, "value": ref.value, "film_id": film_id}


def _facts_before(session: Session, film_ids: Collection[int]) -> dict[tuple[int, str], Mapping[str, Any]]:
    """What is kept of films, by film and source."""
    keep_installed(session, film_ids)
    columns = (Fact.film_id, Fact.source, Fact.record, Fact.is_whole, Fact.expires_at)
    rows = session.connection().execute(select(*columns).where(Fact.film_id.in_(film_ids))).mappings()
    return {(row["film_id"], row["source"]): dict(row) for row in rows}


def _row(
    have: Mapping[str, Any] | None,
    record: FilmRecord,
    *,
    whole: bool,
    now: datetime,
    expires_at: datetime | None,
) -> dict[str, Any] | None:
    """The row that comes in place of what is kept; None where that stays as it is."""
    stored = to_json(record)
    if not whole and have and have["record"]:
        if have["is_whole"]:
            return None
        earlier = have["record"]  # what an earlier list knew and this one does not is still so
        sources = earlier.get("sources", {}) | stored.get("sources", {})
        stored = earlier | stored | ({"sources": sources} if sources else {})
        if stored == earlier:
            return None
        expires_at = min(filter(None, [have["expires_at"], expires_at]), default=None)
    return {"record": stored, "is_whole": whole, "fetched_at": now, "expires_at": expires_at}


def _fetched(session: Session, film_ids: Collection[int]) -> set[int]:
    return set(session.scalars(select(Film.id).where(Film.id.in_(film_ids), Film.fetched_at.is_not(None))))
