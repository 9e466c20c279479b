"""People with a part in films: find by name, and the films of each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from moviefinder.errors import Invalid, NotFound
from moviefinder.store.models import Film, FilmPerson, Person
from moviefinder.titles.fold import fold


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundPerson:
    """Somebody with credits, and in how many films."""

    id: int
    name: str
    films: int


def search(session: Session, q: str, *, limit: int) -> list[FoundPerson]:
    """People one of whose names begins with each word of the query, those with the best-known films first."""
    words = fold(q).split()
    if not words:
        return []
    begins = [
        or_(
            Person.folded.startswith(word, autoescape=True),
            Person.folded.contains(f" {word}", autoescape=True),
        )
        for word in words
    ]
    statement = (
        select(Person.id, Person.name, func.count(FilmPerson.film_id.distinct()).label("films"))
        .join(FilmPerson, FilmPerson.person_id == Person.id)
        .join(Film, Film.id == FilmPerson.film_id)
        .where(~Film.adult, *begins)
        .group_by(Person.id, Person.name)
        .order_by(func.min(Film.popularity).nulls_last(), Person.id)
        .limit(limit)
    )
    return [FoundPerson(id=row.id, name=row.name, films=row.films) for row in session.execute(statement)]


def person(session: Session, person_id: int) -> FoundPerson:
    """One person.

    Raises:
        NotFound: nobody has the number.
    """
    statement = (
        select(Person.name, func.count(FilmPerson.film_id.distinct()))
        .outerjoin(FilmPerson, FilmPerson.person_id == Person.id)
        .where(Person.id == person_id)
        .group_by(Person.id, Person.name)
    )
    row = session.execute(statement).first()
    if row is None:
        raise NotFound(f"Nobody has the number {person_id}.")
    return FoundPerson(id=person_id, name=row[0], films=row[1])


def films_of_people(session: Session, person_ids: Iterable[int]) -> dict[int, list[int]]:
    """The films in which each person had a part.

    Raises:
        Invalid: a person is not known.
    """
    person_ids = list(person_ids)
    found: dict[int, list[int]] = {person: [] for person in person_ids}
    if person_ids:
        statement = select(FilmPerson.person_id, FilmPerson.film_id).where(
            FilmPerson.person_id.in_(person_ids)
        )
        for person, film_id in session.execute(statement):
            found[person].append(film_id)
    for person, film_ids in found.items():
        if not film_ids:
            raise Invalid(
                f"No person has the number {person}. Find people with GET /people?q=.", field="person"
            )
    return found
