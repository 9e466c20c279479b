"""Films: find one by number or reference, search, show; what is similar, and what films can be filtered by."""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Select, bindparam, func, select
from sqlalchemy.orm import Session

from moviefinder.errors import FilmNotFound
from moviefinder.recommend.lists import merged
from moviefinder.records import Credit, FilmRecord, FoundFilm, Kind, Ref, Role
from moviefinder.store.models import (
    ExternalId,
    Film,
    FilmCountry,
    FilmGenre,
    FilmLanguage,
    FilmPerson,
    Person,
    SimilarList,
    Title,
)
from moviefinder.store.shelves import Films
from moviefinder.titles.fold import fold
from moviefinder.titles.layers import Titles
from moviefinder.titles.suggestion import SuggestionRow

RANDOM_AMONG = 2_000
"""A random film is one of the best known, so that its title means something as a hint."""

_IMDB_ID = re.compile(r"tt[0-9]{7,9}")


def film_id_of(session: Session, film: str, *, for_writing: bool = False) -> int:
    """Our number of the film that a path or parameter names: `123`, `imdb:tt0133093`, `tmdb:603`.

    The number of a film that turned out to be another gives that one's.

    Args:
        for_writing: something is to be said of the film: it is held, so that it cannot become another meanwhile.

    Raises:
        Invalid: it is neither a number nor a reference.
        FilmNotFound: no film has it.
    """
    if film.isascii() and film.isdigit():
        number = int(film) if len(film) <= 10 else 0
        named: object = int(film) if len(film) < 30 else film
        present = today(session, number, hold=for_writing) if 0 < number < 2**31 else None
    else:
        named = ref = Ref.parse(film)
        present = _find(session, ref)  # references move along when a film turns out to be another
        if for_writing and present is not None:
            present = today(session, present, hold=True)
    if present is None:
        raise FilmNotFound(named)
    return present


def today(session: Session, film_id: int, *, hold: bool = False) -> int | None:
    """The film that a number means now: its own, or the one that it turned out to be; None when it is gone.

    Args:
        hold: keep it from becoming another until the transaction ends.
    """
    statement = select(Film.id, Film.merged_into)
    if hold:  # shared with others who say something; left out by SQLite, which has one writer
        statement = statement.with_for_update(read=True, key_share=True)
    row = session.execute(statement.where(Film.id == film_id)).first()
    if row is None or row.merged_into is None:
        return row and row.id
    return today(session, row.merged_into, hold=hold)


def _find(session: Session, ref: Ref) -> int | None:
    return session.scalar(
        select(ExternalId.film_id).where(ExternalId.namespace == ref.namespace, ExternalId.value == ref.value)
    )


def search(session: Session, titles: Titles, q: str, *, kind: Kind | None, limit: int) -> list[int]:
    """Films by title as it is typed, best first; an IMDb id finds its film; nothing typed gives the best known."""
    if _IMDB_ID.fullmatch(q.strip()):
        found = select(Film.id).where(Film.id == _find(session, Ref("imdb", q.strip())), ~Film.adult)
        return list(session.scalars(found if kind is None else found.where(Film.kind == kind)))
    if not fold(q):
        statement = select(Film.id).where(Film.popularity.is_not(None)).order_by(Film.popularity).limit(limit)
        if kind is not None:
            statement = statement.where(Film.kind == kind)
        return [] if q.strip() else list(session.scalars(statement))
    return [match.film_id for match in titles.search(q, kind=kind, limit=limit)]


def random_film(session: Session, rng: random.Random) -> int:
    """One of the two thousand best-known films.

    Raises:
        FilmNotFound: no film is known at all.
    """
    known = session.scalar(select(func.count()).select_from(Film).where(Film.popularity <= RANDOM_AMONG)) or 0
    statement = select(Film.id).where(Film.popularity <= RANDOM_AMONG).order_by(Film.popularity)
    found = session.scalar(statement.offset(rng.randrange(known)).limit(1)) if known else None
    if found is None:
        raise FilmNotFound("random")
    return found


def films(session: Session, ids: Sequence[int], *, with_titles: bool = False) -> dict[int, FoundFilm]:
    """What is known of each film, in the order asked for; numbers without a film are left out.

    The number of a film that turned out to be another gives that one. Always six queries (seven `with_titles`), however
    many films; twice as many where there is such a number.
    """
    if not ids:
        return {}
    rows = {row.id: row for row in session.connection().execute(_FACTS, {"ids": ids})}
    moved = {film_id: row.merged_into for film_id, row in rows.items() if row.merged_into}
    stand_in = films(session, list(moved.values()), with_titles=with_titles)
    refs = _grouped(session, _REFS, ids)
    genres = _grouped(session, _GENRES, ids)
    languages = _grouped(session, _LANGUAGES, ids)
    countries = _grouped(session, _COUNTRIES, ids)
    people = _grouped(session, _PEOPLE, ids)
    titles = _grouped(session, _TITLES, ids) if with_titles else {}
    found: dict[int, FoundFilm] = {}
    for film_id in ids:
        row = rows.get(film_id)
        if row is None:
            continue
        if film_id in moved:
            found[film_id] = stand_in[moved[film_id]]
            continue
        record = FilmRecord(
            refs=tuple(Ref(*ref) for ref in refs[film_id]),
            kind=Kind(row.kind),
            title=row.title,
            original_title=row.original_title,
            alternative_titles=tuple(
                title
                for title, is_main in titles.get(film_id, ())
                if not is_main and title not in (row.title, row.original_title)
            ),
            year=row.year,
            end_year=row.end_year,
            runtime_min=row.runtime_min,
            genres=tuple(slug for (slug,) in genres[film_id]),
            languages=tuple(code for (code,) in languages[film_id]),
            countries=tuple(code for (code,) in countries[film_id]),
            credits=tuple(
                Credit(name=name, role=Role(role), position=position)
                for role, position, _, name in people[film_id]
            ),
            certificate=row.certificate,
            score=row.score,
            votes=row.votes,
            popularity=row.popularity,
            poster=row.poster,
            trailer=row.trailer,
            description=row.description,
            description_url=row.description_url,
            adult=row.adult,
            sources=row.sources,
        )
        found[film_id] = FoundFilm(
            id=film_id, record=record, people={name: person for _, _, person, name in people[film_id]}
        )
    return found


def suggestion_rows(session: Session, ids: Sequence[int]) -> list[SuggestionRow]:
    """What a suggestion shows of each film, in the order asked for: three queries."""
    if not ids:
        return []
    rows = {row.id: row for row in session.connection().execute(_FACTS, {"ids": ids})}
    refs = _grouped(session, _REFS, ids)
    stars = _grouped(session, _STARS, ids)
    return [
        SuggestionRow(
            film_id=film_id,
            imdb=next((value for namespace, value in refs[film_id] if namespace == "imdb"), None),
            title=row.title,
            kind=Kind(row.kind),
            year=row.year,
            end_year=row.end_year,
            popularity=row.popularity,
            stars=[name for (name,) in stars[film_id]],
        )
        for film_id in ids
        if (row := rows.get(film_id))
    ]


def film(session: Session, film_id: int) -> FoundFilm:
    """All that is known of one film.

    Raises:
        FilmNotFound: no film has the number.
    """
    found = films(session, [film_id], with_titles=True).get(film_id)
    if found is None:
        raise FilmNotFound(film_id)
    return found


def _of_films(table: Any, *columns: Any) -> Select[Any]:
    """A statement that gives rows of the films `ids`, in the order of the table's key.

    Made once: to put such a statement together costs as much as to run it.
    """
    chosen = select(*columns).where(columns[0].in_(bindparam("ids", expanding=True)))
    return chosen.order_by(*table.__table__.primary_key.columns)


_FACTS: Final = _of_films(Film, *Film.__table__.c)
_REFS: Final = _of_films(ExternalId, ExternalId.film_id, ExternalId.namespace, ExternalId.value)
_GENRES: Final = _of_films(FilmGenre, FilmGenre.film_id, FilmGenre.slug)
_LANGUAGES: Final = _of_films(FilmLanguage, FilmLanguage.film_id, FilmLanguage.code)
_COUNTRIES: Final = _of_films(FilmCountry, FilmCountry.film_id, FilmCountry.code)
_TITLES: Final = _of_films(Title, Title.film_id, Title.title, Title.is_main)
_PEOPLE: Final = _of_films(
    FilmPerson, FilmPerson.film_id, FilmPerson.role, FilmPerson.position, Person.id, Person.name
).join_from(FilmPerson, Person)
_STARS: Final = (
    _of_films(FilmPerson, FilmPerson.film_id, Person.name)
    .join_from(FilmPerson, Person)
    .where(FilmPerson.role == Role.ACTOR, FilmPerson.position < 2)
)


def _grouped(
    session: Session, statement: Select[Any], ids: Sequence[int]
) -> Mapping[int, list[tuple[Any, ...]]]:
    """Rows by their first column, each without it, in the order of the statement."""
    groups: dict[int, list[tuple[Any, ...]]] = defaultdict(list)
    for film_id, *rest in session.connection().execute(statement, {"ids": ids}):
        groups[film_id].append(tuple(rest))
    return groups


@dataclass(frozen=True, slots=True, kw_only=True)
class Similar:
    """A neighbour of a film: its place in the list from 1, its weight in 0..1, and the sources that name it.

    `sources` has the place in each source's own list, the best place first.
    """

    film_id: int
    rank: int
    weight: float
    sources: Sequence[tuple[str, int]]


def similar(session: Session, known: Films, film_id: int, *, limit: int) -> list[Similar]:
    """The films most alike, by the lists of all sources together."""
    import numpy as np

    rows = session.execute(
        select(SimilarList.source, SimilarList.ids, SimilarList.weights).where(SimilarList.film_id == film_id)
    )
    told = {
        row.source: (np.frombuffer(row.ids, "<i4").astype(np.int64), np.frombuffer(row.weights, np.uint8))
        for row in rows
    }
    ids, weights = merged(told, known.lists.usual)
    places: dict[int, list[tuple[str, int]]] = defaultdict(list)
    for source, (of_source, _) in sorted(told.items()):
        for place, neighbour in enumerate(of_source.tolist(), 1):
            places[neighbour].append((source, place))
    at = known.lists.places.find(ids)
    shown = (at >= 0) & ~np.isin(at, known.barred)
    left = list(zip(ids[shown].tolist(), weights[shown].tolist(), strict=True))[:limit]
    return [
        Similar(
            film_id=neighbour,
            rank=rank,
            weight=round(weight / 255, 3),
            sources=sorted(places[neighbour], key=lambda named: named[1]),
        )
        for rank, (neighbour, weight) in enumerate(left, 1)
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """A value that films can be filtered by, and how many have it."""

    code: str
    name: str
    films: int


def counted(known: Films, column: str, names: Mapping[str, str]) -> list[Counted]:
    """The genres, languages, countries or certificates that films have, most frequent first."""
    counts: Mapping[str, int] = getattr(known.facts, column).counts()
    rows = [Counted(code=code, name=names.get(code, code), films=count) for code, count in counts.items()]
    return sorted(rows, key=lambda row: (-row.films, row.code))


def english_names(of: str) -> Mapping[str, str]:
    """English names by code, of `languages` or `territories`. Source: Unicode CLDR."""
    from babel import Locale  # slow to import, and asked for once a visit

    names: Mapping[str, str] = getattr(Locale("en"), of)
    return names
