"""Places a film that no ratings are known of: finds the well-known films that are most like it by content.

These stand in for it where a model ranks, as long as no source has a list of it; see `recommend.live`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from moviefinder.app import App
from moviefinder.catalogue.likeness import Likeness, Traits, cast_of, makers_of, words_of
from moviefinder.recommend.content import STAND_INS
from moviefinder.recommend.lists import PLACED
from moviefinder.records import Credit, FilmRecord, Kind, Role
from moviefinder.services import facts, films
from moviefinder.store import insert_or
from moviefinder.store.jobs import Claim
from moviefinder.store.models import Film, FilmPerson, Person, SimilarList, Title
from moviefinder.store.shelves import Films
from moviefinder.titles.fold import fold

WELL_RATED: Final = 1_000
"""Films that so many people rated stand in for others: what a model says of them is well founded."""

_MOST_WORDS: Final = 8

StandIns = tuple[NDArray[np.int64], NDArray[np.uint8]]


def place_film(app: App, claim: Claim) -> Callable[[Session, datetime], None]:
    """The job: find the stand-ins of a film, and keep them as its list of the source `placed`."""
    film_id = int(claim.key)
    with app.reading() as session:
        found = films.films(session, [film_id]).get(film_id)
        is_ours = found is None or found.record.popularity is not None
        stand_ins = (
            None
            if is_ours or found is None
            else stand_ins_of(session, app.films.newest(session), found.record)
        )

    def write(session: Session, now: datetime) -> None:
        still_there = select(Film.id).where(
            Film.id == film_id, Film.merged_into.is_(None), Film.popularity.is_(None)
        )
        if session.scalar(still_there) is not None:
            _keep(session, film_id, stand_ins, now)

    return write


def stand_ins_of(session: Session, known: Films, film: FilmRecord) -> StandIns | None:
    """The films of the catalogue that are most like one: ids best first, weights 1..255; None for a bare title.

    Of all that `Likeness` compares, what films have each for themselves stands in the arrays of the shelf, and who
    shares people and words with the film is asked of the database: 30 ms for 20,000 films, without their records.

    Args:
        known: all films.
        film: what is known of it.
    """
    if not (film.genres or film.credits):
        return None  # a title and a year are like everything
    n = known.of_catalogue
    alike = Likeness(_traits(session, known, film)).to_all(n, n + 1)[0, :n]
    weights = np.square(alike).astype(np.float64)
    well_rated = known.facts.votes[:n] >= WELL_RATED
    if well_rated.sum() >= STAND_INS:
        weights[~well_rated] = 0
    weights[known.barred[known.barred < n]] = 0
    best = np.argsort(-weights, kind="stable")[:STAND_INS]
    best = best[weights[best] > 0]
    if not len(best):
        return None
    points = np.maximum(np.rint(weights[best] / weights[best[0]] * 255), 1).astype(np.uint8)
    return known.facts.ids[best], points


def _traits(session: Session, known: Films, film: FilmRecord) -> Traits:
    """Of the films of the catalogue and, behind them, of one more; people and words are those of that one."""
    ours, n = known.facts, known.of_catalogue

    def having(codes: Mapping[str, NDArray[np.int32]], own: Iterable[str]) -> dict[str, NDArray[np.int64]]:
        inside = {code: at[at < n].astype(np.int64) for code, at in codes.items()}
        return inside | {code: np.append(inside.get(code, np.empty(0, np.int64)), n) for code in own}

    credits = _sharing_people(session, known, film.credits)
    words = _sharing_words(session, known, film)
    return Traits(
        genres=having(ours.genres.positions(), film.genres),
        years=np.append(ours.year[:n], film.year or 0).astype(np.float32),
        is_series=np.append(ours.is_series[:n], film.kind is Kind.SERIES),
        languages=having(ours.languages.positions(), film.languages[:1]),
        makers={at: makers_of(of) for at, of in credits.items()},
        cast={at: cast_of(of) for at, of in credits.items()},
        words=words,
    )


def _sharing_people(session: Session, known: Films, credits: Iterable[Credit]) -> dict[int, list[Credit]]:
    """By position, the credits that films share with these; those of the film itself at the end."""
    names = {credit.name for credit in credits}
    rows = session.execute(
        select(FilmPerson.film_id, Person.name, FilmPerson.role, FilmPerson.position)
        .join(Person, Person.id == FilmPerson.person_id)
        .where(Person.name.in_(names))
    ).all()
    found: dict[int, list[Credit]] = defaultdict(list)
    found[known.of_catalogue] = list(credits)
    at = known.lists.places.find(np.array([row.film_id for row in rows], np.int64))
    for position, (_, name, role, place) in zip(at.tolist(), rows, strict=True):
        if 0 <= position < known.of_catalogue:
            found[position].append(Credit(name=name, role=Role(role), position=place))
    return found


def _sharing_words(session: Session, known: Films, film: FilmRecord) -> dict[int, Mapping[str, float]]:
    """By position, the telling words of the main titles that share one with this; its own at the end."""
    own = words_of(fold(film.title))
    holding = [Title.folded.contains(word, autoescape=True) for word in sorted(own)[:_MOST_WORDS]]
    rows = session.execute(
        select(Title.film_id, Title.folded).where(Title.is_main, or_(False, *holding))
    ).all()
    at = known.lists.places.find(np.array([row.film_id for row in rows], np.int64))
    found: dict[int, Mapping[str, float]] = {known.of_catalogue: own}
    for position, (_, folded) in zip(at.tolist(), rows, strict=True):
        if 0 <= position < known.of_catalogue:
            found[position] = words_of(folded)
    return found


def _keep(session: Session, film_id: int, stand_ins: StandIns | None, now: datetime) -> None:
    """Put a film's stand-ins in the place of those that it had, and tell of the change if there is one."""
    which = SimilarList.film_id == film_id, SimilarList.source == PLACED
    before = session.execute(select(SimilarList.ids, SimilarList.weights).where(*which)).first()
    if stand_ins is None:
        if before is None:
            return
        session.execute(delete(SimilarList).where(*which))
    else:
        ids, weights = stand_ins[0].astype("<i4").tobytes(), stand_ins[1].tobytes()
        if before is not None and (before.ids, before.weights) == (ids, weights):
            return
        values: dict[str, Any] = {"ids": ids, "weights": weights, "fetched_at": now}
        statement = insert_or(session, SimilarList).values(film_id=film_id, source=PLACED, **values)
        session.execute(statement.on_conflict_do_update(index_elements=["film_id", "source"], set_=values))
    facts.touch(session, [film_id])
