"""Writes the rows of films anew from the facts that are kept of them, and numbers the change.

The tables of films are derived from `facts`: what is here may be run again at any time and changes nothing then. Many
films cost as many statements as one. These are Core's, on the connection: others who write wait for them, and the ORM
would double what they take.
"""

from __future__ import annotations

import secrets
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import count
from typing import Any, Final

from sqlalchemy import (
    Boolean,
    String,
    bindparam,
    case,
    cast,
    delete,
    insert,
    literal,
    select,
    union_all,
    update,
)
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
    if session.get_bind().dialect.name == "sqlite" or session.info.get(_HELD) is transaction:
        return
    held = select(Version.number).where(Version.name == FILMS).with_for_update()
    if session.scalar(held) is None:
        first = insert_or(session, Version).values(name=FILMS, number=0, data=_installation())
        session.execute(first.on_conflict_do_nothing())
        session.execute(held)
    session.info[_HELD] = transaction


def _installation() -> dict[str, str]:
    """Another database may have the same number for other changes."""
    return {"installation": secrets.token_hex(8)}


_HELD: Final = "facts held"
"""In `session.info`: the transaction that holds the row."""


def touch(session: Session, film_ids: Collection[int]) -> int:
    """Give a change of these films the next number, by which every process learns of it.

    To be called last in a transaction: numbers then rise in the order of the commits.

    Args:
        film_ids: films that were changed; none where films went altogether.

    Returns:
        The number; 0 within `one_change`.
    """
    hold(session)
    if (waiting := session.info.get(_WAITING)) is not None:
        waiting.update(film_ids, [0])
        return 0
    run = session.connection().execute
    first = insert_or(session, Version.__table__).values(name=FILMS, number=1, data=_installation())
    next_one = first.on_conflict_do_update(index_elements=["name"], set_={"number": Version.number + 1})
    number: int = run(next_one.returning(Version.number)).scalar_one()
    if film_ids:
        run(update(_FILMS).where(_FILMS.c.id.in_(film_ids)).values(changed=number))
    return number


@contextmanager
def one_change(session: Session) -> Iterator[None]:
    """Give all that is changed in the block one number."""
    waiting = session.info[_WAITING] = set[int]()
    try:
        yield
    finally:
        del session.info[_WAITING]
    if waiting:
        touch(session, waiting)


_WAITING: Final = "facts changed"
"""In `session.info`: the films that changed in the block of `one_change`; 0 stands for those that are gone."""

_FILMS: Final[Any] = Film.__table__


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


def facts_of(session: Session, film_ids: Collection[int]) -> dict[int, dict[str, Mapping[str, Any]]]:
    """What is kept of films: by film, then by source."""
    facts: dict[int, dict[str, Mapping[str, Any]]] = {}
    rows = session.connection().execute(_FACTS_OF, {"ids": list(film_ids)}).mappings() if film_ids else ()
    for row in rows:
        facts.setdefault(row["film_id"], {})[row["source"]] = dict(row)
    return facts


_FACTS_OF: Final = select(
    Fact.film_id, Fact.source, Fact.record, Fact.is_whole, Fact.fetched_at, Fact.expires_at
).where(Fact.film_id.in_(bindparam("ids", expanding=True)))


def remerge(session: Session, film_ids: Collection[int]) -> None:
    """Write the rows of films anew from their facts; a film of which nothing is kept stays as it is."""
    write_films(session, facts_of(session, film_ids))


def write_films(
    session: Session,
    facts: Mapping[int, Mapping[str, Mapping[str, Any]]],
    *,
    new: Collection[int] = (),
) -> None:
    """Write the rows of films anew from facts.

    Args:
        facts: all that is kept, by film and source.
        new: films that have no rows beside their own yet.
    """
    told = {
        film_id: {source: fact for source, fact in of_film.items() if fact["record"]}
        for film_id, of_film in facts.items()
    }  # an empty one says that the source does not know the film
    merged = {
        film_id: merge({source: from_json(fact["record"]) for source, fact in of_film.items()})
        for film_id, of_film in told.items()
        if of_film
    }
    if not merged:
        return
    session.connection().execute(
        _FILM_ROW,
        [
            {"film": film_id}
            | {name: getattr(record, name) for name in _COLUMNS if name not in ("kind", "sources")}
            | {"kind": str(record.kind), "sources": dict(record.sources)}
            | {"fetched_at": _fetched_at(told[film_id].values())}
            for film_id, record in merged.items()
        ],
    )
    _write_lists(session, merged, new)


_FILM_ROW: Final = (
    update(_FILMS)
    .where(_FILMS.c.id == bindparam("film"))
    .values({name: bindparam(name) for name in (*_COLUMNS, "fetched_at")})
)


def _fetched_at(facts: Iterable[Mapping[str, Any]]) -> datetime | None:
    """When somebody last told all they know; None for a film that is known by name only."""
    return max((fact["fetched_at"] for fact in facts if fact["is_whole"]), default=None)


def _write_lists(session: Session, merged: Mapping[int, FilmRecord], new: Collection[int]) -> None:
    run = session.connection().execute
    people = _people_ids(session, {one.name for record in merged.values() for one in record.credits})
    wanted = {film_id: _list_rows(record, people) for film_id, record in merged.items()}
    have: dict[tuple[str, int], set[tuple[str, ...]]] = defaultdict(set)
    if known := [film_id for film_id in merged if film_id not in new]:
        for name, film_id, *values in run(_LIST_ROWS, {"ids": known}):
            have[name, film_id].add(tuple(values))
    for table, columns in _LISTS.items():
        name = table.__tablename__
        changed = [
            film_id
            for film_id, rows in wanted.items()
            if have[name, film_id] != {_padded(row) for row in rows[table]}
        ]
        if stale := [film_id for film_id in changed if have[name, film_id]]:
            run(delete(table.__table__).where(table.film_id.in_(stale)))
        rows = [
            {"film_id": film_id, **dict(zip(columns, row, strict=True))}
            for film_id in changed
            for row in wanted[film_id][table]
        ]
        if rows:
            run(insert(table.__table__), rows)


def _padded(row: tuple[Any, ...]) -> tuple[str, ...]:
    """A row as `_LIST_ROWS` gives it."""
    values = [str(int(value)) if isinstance(value, bool) else str(value) for value in row]
    return (*values, *[""] * (3 - len(values)))


def _as_text(column: Any) -> Any:
    is_bool = isinstance(column.type, Boolean)
    return cast(case((column, 1), else_=0) if is_bool else column, String)


_LIST_ROWS: Final = union_all(
    *(
        select(
            literal(table.__tablename__, literal_execute=True),
            table.film_id,
            *(_as_text(getattr(table, name)) for name in columns),
            *([literal("", literal_execute=True)] * (3 - len(columns))),
        ).where(table.film_id.in_(bindparam("ids", expanding=True)))
        for table, columns in _LISTS.items()
    )
)
"""What films have several of, from all tables at once and as text."""


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
        statement = insert_or(session, Person.__table__).values(rows)
        mine = statement.on_conflict_do_update(
            index_elements=["name"], set_={"folded": statement.excluded.folded}
        )
        known |= dict(run(mine.returning(Person.name, Person.id)).all())
    return known


def forget_lists(session: Session, film_ids: Sequence[int]) -> None:
    """Take away everything that a film has several of."""
    for table in _LISTS:
        session.execute(
            delete(table).where(table.film_id.in_(film_ids)).execution_options(synchronize_session=False)
        )
