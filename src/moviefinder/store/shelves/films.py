"""The shelf of films: facts and similar lists as arrays, those of the catalogue and what changed since."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.orm import Session

from moviefinder import array_file
from moviefinder.recommend import Positions
from moviefinder.recommend.filters import Codes, FilmFacts
from moviefinder.recommend.learned import Learned
from moviefinder.recommend.lists import OWN, SimilarLists
from moviefinder.recommend.live import Beside, Live
from moviefinder.records import Kind
from moviefinder.store.models import Film, FilmCountry, FilmGenre, FilmLanguage, SimilarList
from moviefinder.store.shelves.changed import Row
from moviefinder.store.shelves.shelf import Derived

RANKED: Final = Film.popularity.is_not(None)
"""The films of the catalogue; all others have a place by a change."""

BEST_KNOWN_FIRST: Final = (Film.popularity, Film.id)


@dataclass(frozen=True, slots=True)
class Films:
    """Facts and similar lists of all films: those of the catalogue by popularity, then those that came since.

    `of_catalogue`: how many are of the catalogue. `barred` int64[b]: positions of films that are never recommended.
    `live`: what those say that came since; None where there are none. `settled`: what the latest changes lie over.
    """

    facts: FilmFacts
    lists: SimilarLists
    of_catalogue: int
    barred: Positions = field(default_factory=lambda: np.empty(0, np.int64))
    live: Live | None = None
    settled: Settled | None = None
    _kept: list[tuple[Learned, Beside]] = field(default_factory=list, init=False, repr=False, compare=False)

    def beside(self, learned: Learned) -> Beside | None:
        """The films that came since, beside a model; None where there are none."""
        if self.live is None:
            return None
        for model, beside in self._kept:
            if model is learned:
                return beside
        made = Beside(self.live, learned)
        self._kept[:] = [(learned, made)]
        return made

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Named one-dimensional arrays that `from_arrays` takes, of the catalogue's films."""
        lists = self.lists
        similar: dict[str, NDArray[Any]] = {
            "offsets": lists.offsets,
            "targets": lists.targets,
            "weights": lists.weights,
        }
        return self.facts.to_arrays() | similar

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Films:
        """What `to_arrays` gave."""
        lists = SimilarLists(arrays["ids"], arrays["offsets"], arrays["targets"], arrays["weights"])
        return cls(FilmFacts.from_arrays(arrays), lists, len(lists.places))


@dataclass(frozen=True, slots=True)
class Settled:
    """Films with all changes up to a time, and the rows of these."""

    rows: Mapping[int, Row]
    films: Films


def of_catalogue(folder: Path) -> Derived[Films]:
    """Loads the films of the catalogue, kept in a folder of derived files."""
    return Derived(
        folder,
        "films",
        make=_read_films,
        save=lambda films, path: array_file.save(path, films.to_arrays()),
        load=lambda path: Films.from_arrays(array_file.load(path)),
    )


def _read_films(session: Session) -> Films:
    rows = session.execute(
        select(Film.id, Film.kind, Film.year, Film.runtime_min, Film.score, Film.votes, Film.certificate)
        .where(RANKED)
        .order_by(*BEST_KNOWN_FIRST)
    ).all()
    n = len(rows)
    ids, kinds, years, runtimes, scores, votes, certificates = zip(*rows, strict=True) if rows else ((),) * 7
    position = {film_id: i for i, film_id in enumerate(ids)}

    def codes(film_id: object, code: object) -> Codes:
        pairs = session.execute(select(film_id, code)).all()  # type: ignore[call-overload]  # any column
        return Codes.of(n, ((position[film], value) for film, value in pairs if film in position))

    facts = FilmFacts(
        ids=np.array(ids, np.int64),
        is_series=np.array([kind == Kind.SERIES for kind in kinds], bool),
        year=np.array([year or 0 for year in years], np.int16),
        runtime_min=np.array([min(minutes or 0, 32_767) for minutes in runtimes], np.int16),
        score=np.array([round((score or 0) * 100) for score in scores], np.int16),
        votes=np.array([count or 0 for count in votes], np.int32),
        genres=codes(FilmGenre.film_id, FilmGenre.slug),
        languages=codes(FilmLanguage.film_id, FilmLanguage.code),
        countries=codes(FilmCountry.film_id, FilmCountry.code),
        certificates=Codes.of(n, ((i, code) for i, code in enumerate(certificates) if code)),
    )
    return Films(facts, _read_lists(session, facts.ids, position), n)


def _read_lists(session: Session, ids: NDArray[np.int64], position: dict[int, int]) -> SimilarLists:
    packed: list[tuple[bytes, bytes]] = [(b"", b"")] * len(ids)
    for film_id, targets, weights in session.execute(
        select(SimilarList.film_id, SimilarList.ids, SimilarList.weights).where(SimilarList.source == OWN)
    ):
        if film_id in position:
            packed[position[film_id]] = targets, weights
    offsets = np.zeros(len(ids) + 1, np.int64)
    np.cumsum([len(weights) for _, weights in packed], out=offsets[1:])
    target_ids = np.frombuffer(b"".join(targets for targets, _ in packed), "<i4")
    all_weights = np.frombuffer(b"".join(weights for _, weights in packed), np.uint8)
    place = np.zeros(int(ids.max(initial=0)) + 1, np.int32)
    place[ids] = np.arange(len(ids), dtype=np.int32)
    return SimilarLists(ids, offsets, place[target_ids], all_weights)
