"""Installs the shipped catalogue into the database: all of it at the first start, a newer one over an older.

Replaces what the catalogue says and its similar lists, and touches nothing that anybody said. A film that sources told
of is merged with that anew; one that the catalogue now brings is taken over, by any of its references. A film that left
the catalogue goes, unless somebody has said something of it, or a source told of it. Rows are handed over as plain
tuples a table: 350,000 of them in half a second.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import compress
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Engine, delete, func, select, text
from sqlalchemy.orm import Session

from moviefinder.catalogue import Catalogue, Manifest, open_catalogue, shipped_manifest
from moviefinder.errors import Busy, CannotStart
from moviefinder.records import Kind
from moviefinder.services import facts
from moviefinder.store import bulk_insert, bulk_update, insert_or, reading, writing
from moviefinder.store.models import (
    ExternalId,
    Fact,
    Film,
    FilmCountry,
    FilmGenre,
    FilmLanguage,
    FilmPerson,
    Person,
    SimilarList,
    Title,
    Version,
)
from moviefinder.store.shelves import CATALOGUE

SOURCE = facts.CATALOGUE
_ADVISORY_LOCK = 0x4D6F7670  # one process at a time installs into a PostgreSQL database
_FACTS = (
    "kind", "title", "original_title", "year", "end_year", "runtime_min", "certificate", "trailer", "poster", "score",
    "votes", "popularity", "sources", "fetched_at",
)  # fmt: skip
_LISTS = (
    Title,
    FilmPerson,
    FilmGenre,
    FilmLanguage,
    FilmCountry,
)
_NAMESPACES = ("imdb", "tmdb", "tmdb-tv")


def is_installed(session: Session, manifest: Manifest) -> bool:
    """Whether the database holds this catalogue, or one of a later date."""
    data = session.scalar(select(Version.data).where(Version.name == CATALOGUE))
    if data is None:
        return False
    return bool(data["checksum"] == manifest.checksum or _date(data["version"]) > _date(manifest.version))


def _date(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.partition("-")[0].split("."))


@dataclass(frozen=True, slots=True, kw_only=True)
class Installed:
    """What an installation did, in films."""

    added: int
    renewed: int
    dropped: int
    kept: int


def install(session: Session, catalogue: Catalogue, *, now: datetime) -> Installed:
    """Put every film of the catalogue into the tables; the caller's transaction makes it all or nothing."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SET LOCAL statement_timeout = 0"))
    facts.hold(session)
    known = _known_ids(session, catalogue)
    is_new = known == 0
    ids = known.copy()
    first = _next_id(session)
    ids[is_new] = np.arange(first, first + int(is_new.sum()))
    dropped, kept = _drop_missing(session, ids, now)
    renewed = ids[~is_new].tolist()
    if renewed:
        _clear(session, _of_catalogue())
    for start in range(
        0, len(renewed), 500
    ):  # one that had left and comes back is no longer known by its list
        _clear(session, renewed[start : start + 500])
    session.execute(delete(SimilarList).where(SimilarList.source == SOURCE))
    _write_facts(session, catalogue, ids, is_new, now)
    _write_lists(session, catalogue, ids, now)
    facts.install(session, catalogue.record, ids.tolist(), now=now)
    _note_version(session, catalogue.manifest, now)
    return Installed(added=len(catalogue) - len(renewed), renewed=len(renewed), dropped=dropped, kept=kept)


def _clear(session: Session, film_ids: Any) -> None:
    """Take away what the catalogue writes anew."""
    for table in _LISTS:
        session.execute(delete(table).where(table.film_id.in_(film_ids)))
    old = delete(ExternalId).where(ExternalId.film_id.in_(film_ids), ExternalId.namespace.in_(_NAMESPACES))
    session.execute(old)


_KEEP_COUNTING = """
    SELECT setval('films_id_seq', greatest((SELECT max(id) FROM films), (SELECT last_value FROM films_id_seq)))
"""  # never back: a dropped film's number is not given again


def _known_ids(session: Session, catalogue: Catalogue) -> NDArray[np.int64]:
    """Our number of each film that the database has under one of its references, else 0: int64[n]."""
    rows = session.execute(select(ExternalId.namespace, ExternalId.value, ExternalId.film_id)).all()
    by_ref = {(namespace, value): film_id for namespace, value, film_id in rows}
    known = np.zeros(len(catalogue), np.int64)
    taken: set[int] = set()
    for position in range(len(catalogue) if by_ref else 0):
        refs = catalogue.refs(position)
        found = [by_ref[name] for ref in refs if (name := (ref.namespace, ref.value)) in by_ref]
        film_ids = [film_id for film_id in dict.fromkeys(found) if film_id not in taken]
        if len(film_ids) > 1:  # stubs of one film, made by different references
            gone = facts.join_fitting(session, film_ids)
            by_ref |= {name: gone[film_id] for name, film_id in by_ref.items() if film_id in gone}
            film_ids[0] = gone.get(film_ids[0], film_ids[0])
        if film_ids:
            taken.add(film_ids[0])
            known[position] = film_ids[0]
    return known


def _next_id(session: Session) -> int:
    if session.get_bind().dialect.name == "sqlite":  # AUTOINCREMENT remembers the largest number ever given
        statement = text("SELECT seq FROM sqlite_sequence WHERE name = 'films'")
        return int(session.scalar(statement) or 0) + 1
    return int(session.scalar(text("SELECT nextval('films_id_seq')")) or 1)


def _of_catalogue() -> Any:
    """The films of the catalogue that is installed: those with a list of its making."""
    return select(SimilarList.film_id).where(SimilarList.source == SOURCE)


def _drop_missing(session: Session, ids: NDArray[np.int64], now: datetime) -> tuple[int, int]:
    before = set(session.scalars(_of_catalogue()))
    missing = before - set(ids.tolist())
    told = set(session.scalars(select(Fact.film_id).where(Fact.source != SOURCE).distinct())) & missing
    stay = missing & (facts.spoken_of(session) | told)
    gone = sorted(missing - stay)
    for start in range(0, len(gone), 500):
        for column in (Film.merged_into, Film.id):
            session.execute(delete(Film).where(column.in_(gone[start : start + 500])))
    session.execute(delete(SimilarList).where(SimilarList.film_id.in_(stay), SimilarList.source == SOURCE))
    facts.ask_for_placing(session, told, now=now)
    return len(gone), len(stay)


def _write_facts(
    session: Session, catalogue: Catalogue, ids: NDArray[np.int64], is_new: NDArray[np.bool_], now: datetime
) -> None:
    films = catalogue.films
    at = _driver_time(session, now)
    distinct = {id(sources): sources for sources in films.sources}  # a few dozen, shared between all films
    texts = {key: json.dumps(sources, sort_keys=True) for key, sources in distinct.items()}
    columns: list[Iterable[Any]] = [
        films.kind, films.title, films.original_title, films.year, films.end_year, films.runtime_min, films.certificate,
        films.trailer, films.poster, films.score, films.votes, range(1, len(films.kind) + 1),
        [texts[id(sources)] for sources in films.sources], [at] * len(films.kind), ids.tolist(),
    ]  # fmt: skip
    new = is_new.tolist()
    added = ((*row, at) for row in compress(zip(*columns, strict=True), new))
    bulk_insert(session, "films", (*_FACTS, "id", "created_at"), added)
    bulk_update(session, "films", _FACTS, compress(zip(*columns, strict=True), (~is_new).tolist()))
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text(_KEEP_COUNTING))
    imdb = [
        ("imdb", value, film_id) for value, film_id in zip(films.imdb, ids.tolist(), strict=True) if value
    ]
    tmdb = [
        ("tmdb-tv" if kind == Kind.SERIES else "tmdb", value, film_id)
        for kind, value, film_id in zip(films.kind, films.tmdb, ids.tolist(), strict=True)
        if value
    ]
    taken = {tuple(row) for row in session.execute(select(ExternalId.namespace, ExternalId.value))}
    bulk_insert(
        session,
        "external_ids",
        ("namespace", "value", "film_id"),
        sorted(row for row in imdb + tmdb if row[:2] not in taken),
    )


def _write_lists(session: Session, catalogue: Catalogue, ids: NDArray[np.int64], now: datetime) -> None:
    titles, credits = catalogue.titles, catalogue.credits
    bulk_insert(
        session,
        "titles",
        ("film_id", "folded", "title", "is_main"),
        _zip(ids[titles.film].tolist(), titles.folded, titles.title, titles.is_main),
    )
    people = _people_ids(session, catalogue)
    bulk_insert(
        session,
        "film_people",
        ("film_id", "role", "position", "person_id"),
        _zip(
            ids[credits.film].tolist(),
            credits.role,
            credits.position.tolist(),
            people[credits.person].tolist(),
        ),
    )
    for table, column, codes in (
        ("film_genres", "slug", catalogue.genres),
        ("film_languages", "code", catalogue.languages),
        ("film_countries", "code", catalogue.countries),
    ):
        bulk_insert(
            session,
            table,
            ("film_id", "position", column),
            _zip(ids[codes.film].tolist(), _places(codes.film), codes.code),
        )
    similar = catalogue.similar
    packed_ids = ids[similar.neighbours].astype("<i4").tobytes()
    packed_weights = similar.weights.tobytes()
    ends = similar.offsets.tolist()
    at = _driver_time(session, now)
    bulk_insert(
        session,
        "similar_lists",
        ("film_id", "source", "ids", "weights", "fetched_at"),
        (
            (film_id, SOURCE, packed_ids[4 * start : 4 * end], packed_weights[start:end], at)
            for film_id, start, end in zip(ids.tolist(), ends[:-1], ends[1:], strict=True)
        ),
    )


def _zip(*columns: Iterable[Any]) -> Iterator[tuple[Any, ...]]:
    return zip(*columns, strict=True)


def _places(film: NDArray[np.int32]) -> list[int]:
    """The place of each row among those of its film, from 0; rows of a film stand together."""
    starts = np.flatnonzero(np.diff(film, prepend=-1))
    lengths = np.diff(starts, append=len(film))
    places: list[int] = (np.arange(len(film)) - np.repeat(starts, lengths)).tolist()
    return places


def _people_ids(session: Session, catalogue: Catalogue) -> NDArray[np.int64]:
    """Our number of each person of the catalogue, making those that are not there: int64[p]."""
    known: Mapping[str, int] = dict(session.execute(select(Person.name, Person.id)).all())
    names = catalogue.people
    numbers = np.array([known.get(name, 0) for name in names], np.int64)
    is_new = numbers == 0
    first = (session.scalar(select(func.max(Person.id))) or 0) + 1
    numbers[is_new] = np.arange(first, first + int(is_new.sum()))
    rows = zip(numbers.tolist(), names, catalogue.people_folded, strict=True)
    bulk_insert(session, "people", ("id", "name", "folded"), compress(rows, is_new.tolist()))
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT setval('people_id_seq', (SELECT max(id) FROM people))"))
    return numbers


def _note_version(session: Session, manifest: Manifest, now: datetime) -> None:
    data = {
        "version": manifest.version,
        "checksum": manifest.checksum,
        "films": manifest.films,
        "installed_at": now.isoformat(),
        "installation": secrets.token_hex(8),  # another database may have the same number for other films
    }
    statement = insert_or(session, Version).values(name=CATALOGUE, number=1, data=data)
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["name"], set_={"number": Version.number + 1, "data": statement.excluded.data}
        )
    )


def _driver_time(session: Session, now: datetime) -> Any:
    """A time as the driver takes it where SQLAlchemy does not turn it."""
    return now.strftime("%Y-%m-%d %H:%M:%S.%f") if session.get_bind().dialect.name == "sqlite" else now


def installed_version(session: Session) -> str | None:
    """The version of the catalogue that is installed; None when none is."""
    data = session.scalar(select(Version.data).where(Version.name == CATALOGUE))
    return None if data is None else str(data["version"])


def install_if_newer(engine: Engine, *, now: datetime) -> Installed | None:
    """Install the shipped catalogue unless the database holds it, or a later one; None when there was nothing to do.

    Raises:
        Invalid: the shipped file is missing or damaged.
        CannotStart: the database cannot take it, for want of space or because another holds it.
    """
    manifest = shipped_manifest()
    with reading(engine) as session:
        if is_installed(session, manifest):
            return None
    catalogue = open_catalogue()
    try:
        with writing(engine) as session:
            if session.get_bind().dialect.name == "postgresql":
                session.execute(text("SET LOCAL lock_timeout = 0"))
                session.execute(text("SET LOCAL statement_timeout = 0"))
                session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
            return None if is_installed(session, manifest) else install(session, catalogue, now=now)
    except Busy as error:
        raise CannotStart(f"Cannot install the catalogue: {error.message}") from error
