"""Places a film that no ratings are known of: finds the well-known films that are most like it by content.

These stand in for it where a model ranks, as long as no source has a list of it; see `recommend.live`.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from moviefinder.app import App
from moviefinder.catalogue.likeness import Likeness, Traits, cast_of, makers_of, words_of
from moviefinder.recommend.content import STAND_INS
from moviefinder.recommend.lists import PLACED
from moviefinder.records import Credit, FilmRecord, Role
from moviefinder.services import facts, films
from moviefinder.store import insert_or
from moviefinder.store.jobs import Claim
from moviefinder.store.models import Film, FilmPerson, Person, SimilarList, Title
from moviefinder.store.shelves import Films
from moviefinder.titles.fold import fold

WELL_RATED: Final = 1_000
"""Films that so many people rated stand in for others: what a model says of them is well founded."""

StandIns = tuple[NDArray[np.int64], NDArray[np.uint8]]


def place_film(app: App, claim: Claim) -> Callable[[Session, datetime], None]:
    """The job: find the stand-ins of a film, and keep them as its list of the source `placed`."""
    film_id = int(claim.key)
    with app.reading() as session:
        found = films.films(session, [film_id]).get(film_id)
        if found is None or found.record.popularity is not None:
            return lambda _session, _now: None
        stand_ins = Placer.of(session, app.films.base.newest(session)).stand_ins(session, found.record)

    def write(session: Session, now: datetime) -> None:
        facts.hold(session)
        is_unranked = Film.id == films.today(session, film_id), Film.popularity.is_(None)
        if (present := session.scalar(select(Film.id).where(*is_unranked))) is not None:
            _keep(session, present, stand_ins, now)

    return write


class Placer:
    """Finds the films of the catalogue that one is most like. Made once for a catalogue, in 60 ms and a few megabytes.

    Of all that `Likeness` compares, what each film has by itself stands in the arrays of the shelf, and the words of
    titles are kept here; who shares people with a film is asked of the database.

    Args:
        session: the database.
        known: the films of the catalogue.
    """

    _lock = threading.Lock()
    _last: Placer | None = None

    def __init__(self, session: Session, known: Films) -> None:
        self.known, facts = known, known.facts
        self._likeness = Likeness(
            Traits(
                genres={slug: at.astype(np.int64) for slug, at in facts.genres.positions().items()},
                years=facts.year.astype(np.float32),
                is_series=facts.is_series,
                languages={code: at.astype(np.int64) for code, at in facts.languages.positions().items()},
                makers={},
                cast={},
                words={},
            )
        )
        rows = session.execute(select(Title.film_id, Title.folded).where(Title.is_main)).all()
        at = known.lists.places.find(np.array([film_id for film_id, _ in rows], np.int64)).tolist()
        self._titles = {
            position: folded for position, (_, folded) in zip(at, rows, strict=True) if position >= 0
        }
        self._holders: dict[str, list[int]] = defaultdict(list)
        for position, folded in self._titles.items():
            for word in words_of(folded):
                self._holders[word].append(position)
        well_rated = facts.votes >= WELL_RATED
        self._stand_in = well_rated if well_rated.sum() >= STAND_INS else np.ones(len(facts.ids), bool)

    @classmethod
    def of(cls, session: Session, known: Films) -> Placer:
        """The one for these films, made when they are not those of last time."""
        with cls._lock:
            if cls._last is None or cls._last.known is not known:
                cls._last = cls(session, known)
            return cls._last

    def stand_ins(self, session: Session, film: FilmRecord) -> StandIns | None:
        """The films that are most like one: ids best first, weights 1..255; None for a bare title.

        Args:
            session: the database.
            film: what is known of it.
        """
        if not (film.genres or film.credits):
            return None  # a title and a year are like everything
        credits = self._sharing_people(session, film.credits)
        alike = self._likeness.of_another(
            Traits.of([film]),
            makers={at: makers_of(of) for at, of in credits.items()},
            cast={at: cast_of(of) for at, of in credits.items()},
            words=self._sharing_words(film),
        )
        weights = np.square(alike).astype(np.float64) * self._stand_in
        best = np.argsort(-weights, kind="stable")[:STAND_INS]
        best = best[weights[best] > 0]
        if not len(best):
            return None
        points = np.maximum(np.rint(weights[best] / weights[best[0]] * 255), 1).astype(np.uint8)
        return self.known.facts.ids[best], points

    def _sharing_people(self, session: Session, credits: Iterable[Credit]) -> dict[int, list[Credit]]:
        """By position, the credits that films share with these; these themselves at the end."""
        rows = session.execute(
            select(FilmPerson.film_id, Person.name, FilmPerson.role, FilmPerson.position)
            .join(Person, Person.id == FilmPerson.person_id)
            .where(Person.name.in_({credit.name for credit in credits}))
        ).all()
        found: dict[int, list[Credit]] = defaultdict(list)
        found[len(self.known.facts.ids)] = list(credits)
        at = self.known.lists.places.find(np.array([row.film_id for row in rows], np.int64))
        for position, (_, name, role, place) in zip(at.tolist(), rows, strict=True):
            if position >= 0:
                found[position].append(Credit(name=name, role=Role(role), position=place))
        return found

    def _sharing_words(self, film: FilmRecord) -> dict[int, Mapping[str, float]]:
        """By position, the telling words of the titles that share one with this; its own at the end."""
        own = words_of(fold(film.title))
        sharing = {position for word in own for position in self._holders.get(word, ())}
        found: dict[int, Mapping[str, float]] = {at: words_of(self._titles[at]) for at in sharing}
        return found | {len(self.known.facts.ids): own}


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
