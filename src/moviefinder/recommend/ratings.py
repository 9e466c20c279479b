"""Who gave which film how many stars, as arrays: what learning and evaluation begin from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

LIKED_STARS: Final = 4.0
"""So many stars and more are a like."""

DISLIKED_STARS: Final = 2.0
"""So many stars and fewer are a dislike."""

OUTSIDE: Final = -1
"""The row of a film that the catalogue does not have."""

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratings:
    """Ratings of people for films, one a person and film, each person's together.

    Attributes:
        people: int32[k], 0 to n_people - 1, rising.
        films: int32[k], rows of the catalogue, 0 to n_films - 1, or -1 for a film that the catalogue does not have.
        stars: float32[k], 0.5 to 5.
        times: int64[k], seconds since 1970 in UTC; 0 is unknown.
        n_people: how many people there are, those without a rating included.
        n_films: how many rows the catalogue has.
    """

    people: NDArray[np.int32]
    films: NDArray[np.int32]
    stars: NDArray[np.float32]
    times: NDArray[np.int64]
    n_people: int
    n_films: int

    def __len__(self) -> int:
        return len(self.people)

    @property
    def offsets(self) -> NDArray[np.int64]:
        """Where each person's ratings begin, and the end: int64[n_people + 1]."""
        return np.searchsorted(self.people, np.arange(self.n_people + 1)).astype(np.int64)

    def likes_by_person(self) -> NDArray[np.int64]:
        """How many films each person likes, those outside the catalogue included: int64[n_people]."""
        return np.bincount(self.people[self.stars >= LIKED_STARS], minlength=self.n_people)

    def likes_by_film(self) -> NDArray[np.int64]:
        """How many people like each film: int64[n_films]."""
        return np.bincount(
            self.films[(self.stars >= LIKED_STARS) & (self.films >= 0)], minlength=self.n_films
        )

    def where(self, kept: Mask) -> Ratings:
        """Some of the ratings, with the people numbered as before: `kept` is bool[k]."""
        return Ratings(
            people=self.people[kept],
            films=self.films[kept],
            stars=self.stars[kept],
            times=self.times[kept],
            n_people=self.n_people,
            n_films=self.n_films,
        )

    def inside(self) -> Ratings:
        """Those of films that the catalogue has; what learning takes."""
        outside = self.films < 0
        return self.where(~outside) if outside.any() else self

    def of_people(self, kept: Mask) -> Ratings:
        """Those of some people, who are numbered anew in the same order: `kept` is bool[n_people]."""
        some = self.where(kept[self.people])
        numbers = (np.cumsum(kept) - 1).astype(np.int32)
        return Ratings(
            people=numbers[some.people],
            films=some.films,
            stars=some.stars,
            times=some.times,
            n_people=int(kept.sum()),
            n_films=self.n_films,
        )


def joined(*parts: Ratings) -> Ratings:
    """Ratings of different people together, who are counted on from one part to the next.

    Raises:
        ValueError: the parts are of different catalogues, or there is none.
    """
    if len({part.n_films for part in parts}) != 1:
        raise ValueError("Ratings of different catalogues cannot be joined.")
    starts = np.cumsum([0, *(part.n_people for part in parts)])
    return Ratings(
        people=np.concatenate(
            [part.people + np.int32(start) for part, start in zip(parts, starts, strict=False)]
        ),
        films=np.concatenate([part.films for part in parts]),
        stars=np.concatenate([part.stars for part in parts]),
        times=np.concatenate([part.times for part in parts]),
        n_people=int(starts[-1]),
        n_films=parts[0].n_films,
    )


def latest(people: NDArray[np.int32], films: NDArray[np.int32], times: NDArray[np.int64]) -> Mask:
    """Which ratings stand where a person rated a film more than once: the latest, of equal times the last one.

    A rating of a film outside the catalogue (a negative row) repeats none. All take and give arrays of length k.
    """
    span = int(films.max(initial=0)) + 1
    keys = people.astype(np.int64) * span + films
    stands = np.ones(len(keys), bool)
    inside = np.flatnonzero(films >= 0)
    ordered = np.sort(keys[inside])
    repeated = np.unique(ordered[1:][ordered[1:] == ordered[:-1]])
    if not len(repeated):
        return stands
    at = np.minimum(np.searchsorted(repeated, keys), len(repeated) - 1)
    affected = np.flatnonzero((repeated[at] == keys) & (films >= 0))
    order = affected[np.lexsort((affected, times[affected], keys[affected]))]
    stands[order[:-1][keys[order[:-1]] == keys[order[1:]]]] = False
    return stands
