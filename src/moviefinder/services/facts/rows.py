"""Writes the rows of films anew from the facts that are kept of them, and numbers the change.

The tables of films are derived from `facts`: what is here may be run again at any time and changes nothing then. Many
films cost as many statements as one. These are Core's, on the connection: others who write wait for them, and the ORM
would double what they take.
"""

from __future__ import annotations

import secrets
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from itertools import count
from typing import Any, Final

from sqlalchemy import bindparam, delete, insert, select, update
from sqlalchemy.orm import Session

from moviefinder.records import FilmRecord
from moviefinder.services import films
from moviefinder.services.facts.as_json import from_json, to_json
from moviefinder.services.facts.merging import CATALOGUE, merge
from moviefinder.store import insert_or
from moviefinder.store.models import (
    Fact,
    Film,
    FilmCountry,
    FilmGenre,
    FilmLanguage,
    FilmPerson,
    Person,
    Title,
    Version,
)
from moviefinder.titles.fold import fold

FILMS: Final = "films"
"""The name in `versions` under which changes of films are numbered."""

_COLUMNS: Final = (
    "kind", "title", "original_title", "year", "end_year", "runtime_min", "certificate", "description",
    "description_url", "trailer", "poster", "score", "votes", "popularity", "sources", "adult",
)  # fmt: skip
_LISTS: Final[Mapping[Any, tuple[str, ...]]] = {
    Title: ("folded", "title", "is_main"),
    FilmPerson: ("role", "position", "person_id"),
    FilmGenre: ("position", "slug"),
    FilmLanguage: ("position", "code"),
    FilmCountry: ("position", "code"),
}
"""The tables that hold what a film has several of, with their columns beside `film_id`."""


def hold(session: Session) -> None:
    """Have those who write facts wait for each other until the transaction ends, so that none loses what another wrote.

    By one row on PostgreSQL, taken before anything is read; SQLite has its one write lock.
    """
    transaction = session.get_transaction()
    if session.info.get(_HELD) is transaction:
        return
    number = session.scalar(select(Version.number).where(Version.name == FILMS).with_for_update())
    if number is None:
        first = {"name": FILMS, "number": 0, "data": {"installation": secrets.token_hex(8)}}
        session.execute(insert_or(session, Version).values(**first).on_conflict_do_nothing())
        session.execute(select(Version.number).where(Version.name == FILMS).with_for_update())
    session.info[_HELD] = transaction


_HELD: Final = "facts held"
"""In `session.info`: the transaction that holds the row."""


def touch(session: Session, film_ids: Collection[int]) -> int:
    """Give a change of these films the next number, by which every process learns of it.

    To be called last in a transaction: numbers then rise in the order of the commits.

    Args:
        film_ids: films that were changed; none where films went altogether.

    Returns:
        The number.
    """
    hold(session)
    run = session.connection().execute
    number: int = run(_NEXT_NUMBER).scalar_one()
    if film_ids:
        run(update(_FILMS).where(_FILMS.c.id.in_(film_ids)).values(changed=number))
    return number


_FILMS: Final[Any] = Film.__table__
_VERSIONS: Final[Any] = Version.__table__
_NEXT_NUMBER: Final = (
    update(_VERSIONS).where(Version.name == FILMS).values(number=Version.number + 1).returning(Version.number)
)


def write_facts(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Put facts in the place of those that the same sources told of the same films."""
    statement = insert_or(session, Fact.__table__)
    changes = {name: statement.excluded[name] for name in ("record", "is_whole", "fetched_at", "expires_at")}
    statement = statement.on_conflict_do_update(index_elements=["film_id", "source"], set_=changes)
    session.connection().execute(statement, [dict(row) for row in rows])


def keep_installed(session: Session, film_ids: Collection[int]) -> None:
    """Keep the rows of films that came with the catalogue as what the catalogue says, where nothing is kept yet."""
    bare = select(Film.id, Film.fetched_at).where(
        Film.id.in_(film_ids),
        Film.fetched_at.is_not(None),
        ~select(Fact).where(Fact.film_id == Film.id).exists(),
    )
    fetched_at = dict(session.execute(bare).all())
    found = films.films(session, list(fetched_at), with_titles=True)
    if found:
        common = {"source": CATALOGUE, "is_whole": True, "expires_at": None}
        write_facts(
            session,
            [
                {
                    "film_id": film_id,
                    "record": to_json(one.record),
                    "fetched_at": fetched_at[film_id],
                    **common,
                }
                for film_id, one in found.items()
            ],
        )


def remerge(session: Session, film_ids: Iterable[int]) -> None:
    """Write the rows of films anew from their facts; a film of which nothing is kept stays as it is."""
    facts: dict[int, dict[str, Any]] = defaultdict(dict)
    statement = select(Fact.film_id, Fact.source, Fact.record, Fact.is_whole, Fact.fetched_at)
    for fact in session.connection().execute(statement.where(Fact.film_id.in_(set(film_ids)))):
        if fact.record:  # an empty one says that the source does not know the film
            facts[fact.film_id][fact.source] = fact
    merged = {
        film_id: merge({source: from_json(fact.record) for source, fact in of_film.items()})
        for film_id, of_film in facts.items()
    }
    if not merged:
        return
    session.connection().execute(
        _FILM_ROW,
        [
            {"film": film_id}
            | {name: getattr(record, name) for name in _COLUMNS if name not in ("kind", "sources")}
            | {"kind": str(record.kind), "sources": dict(record.sources)}
            | {"fetched_at": _fetched_at(facts[film_id].values())}
            for film_id, record in merged.items()
        ],
    )
    _write_lists(session, merged)


_FILM_ROW: Final = (
    update(_FILMS)
    .where(_FILMS.c.id == bindparam("film"))
    .values({name: bindparam(name) for name in (*_COLUMNS, "fetched_at")})
)


def _fetched_at(facts: Iterable[Any]) -> datetime | None:
    """When somebody last told all they know; None for a film that is known by name only."""
    return max((fact.fetched_at for fact in facts if fact.is_whole), default=None)


def _write_lists(session: Session, merged: Mapping[int, FilmRecord]) -> None:
    run = session.connection().execute
    people = _people_ids(session, {one.name for record in merged.values() for one in record.credits})
    wanted = {film_id: _list_rows(record, people) for film_id, record in merged.items()}
    for table, columns in _LISTS.items():
        chosen = [getattr(table, name) for name in columns]
        have: dict[int, set[tuple[Any, ...]]] = defaultdict(set)
        for film_id, *row in run(select(table.film_id, *chosen).where(table.film_id.in_(list(wanted)))):
            have[film_id].add(tuple(row))
        changed = [film_id for film_id, rows in wanted.items() if have[film_id] != set(rows[table])]
        if not changed:
            continue
        stale = [film_id for film_id in changed if have[film_id]]
        if stale:
            run(delete(table.__table__).where(table.film_id.in_(stale)))
        rows = [
            {"film_id": film_id, **dict(zip(columns, row, strict=True))}
            for film_id in changed
            for row in wanted[film_id][table]
        ]
        if rows:
            run(insert(table.__table__), rows)


def _list_rows(record: FilmRecord, people: Mapping[str, int]) -> dict[Any, list[tuple[Any, ...]]]:
    titles: dict[str, tuple[Any, ...]] = {}
    for title in (record.title, record.original_title, *record.alternative_titles):
        if title and (folded := fold(title)):
            titles.setdefault(folded, (folded, title, title == record.title))
    places: dict[str, Any] = defaultdict(count)
    credits = [(str(one.role), next(places[one.role]), people[one.name]) for one in record.credits]
    return {
        Title: list(titles.values()),
        FilmPerson: credits,
        FilmGenre: list(enumerate(dict.fromkeys(record.genres))),
        FilmLanguage: list(enumerate(dict.fromkeys(record.languages))),
        FilmCountry: list(enumerate(dict.fromkeys(record.countries))),
    }


def _people_ids(session: Session, names: Collection[str]) -> dict[str, int]:
    """Our number of each person, making those who are not there."""
    if not names:
        return {}
    run, find = session.connection().execute, select(Person.name, Person.id)
    known: dict[str, int] = dict(run(find.where(Person.name.in_(names))).all())
    if new := sorted(set(names) - known.keys()):
        rows = [{"name": name, "folded": fold(name)} for name in new]
        run(insert_or(session, Person.__table__).on_conflict_do_nothing(), rows)
        known |= dict(run(find.where(Person.name.in_(new))).all())
    return known


def forget_lists(session: Session, film_ids: Sequence[int]) -> None:
    """Take away everything that a film has several of."""
    for table in _LISTS:
        session.execute(
            delete(table).where(table.film_id.in_(film_ids)).execution_options(synchronize_session=False)
        )
