"""Ranking films for one taste: numbers only, no database, clock or network.

All recommenders are one idea, *liked films speak for their neighbours*, over two kinds of neighbours: similar lists
(`votes`) and a learned model (`linear`); `fuse` makes one ranking of several. Whatever implements `Recommender`
inherits the conformance tests in `tests/contract/test_recommenders.py`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "MORE",
    "FloatArray",
    "IdArray",
    "Places",
    "Positions",
    "Recommender",
    "Scores",
    "Taste",
    "best",
    "ranked",
]

IdArray = NDArray[np.int64]
Positions = NDArray[np.int64]
FloatArray = NDArray[np.float32]

MORE: Final = 1.5
"""A liked film of which somebody wants more counts so many times as much, anew for each film they said it at."""

_MOST_MORE: Final = 3
_BLOCKS: Final = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Taste:
    """What an engine is told of one person. Films are named by our ids.

    `liked` and `disliked` map a film to its weight (1 is one plain answer), `decided` holds every film that must not
    be recommended. Answers to reasons are pairs (film, because): in `off` those that were refused, so that `because`
    no longer speaks for `film`; in `more` those of which more is wanted, so that `because` speaks louder everywhere.
    """

    liked: Mapping[int, float] = field(default_factory=dict)
    disliked: Mapping[int, float] = field(default_factory=dict)
    decided: frozenset[int] = frozenset()
    off: frozenset[tuple[int, int]] = frozenset()
    more: frozenset[tuple[int, int]] = frozenset()

    def voices(self) -> Mapping[int, float]:
        """What each liked film weighs, `more` counted in: each pair is worth a factor of `MORE`, three at most."""
        if not self.more:
            return self.liked
        wanted = Counter(because for _, because in self.more)
        return {film: weight * MORE ** min(wanted[film], _MOST_MORE) for film, weight in self.liked.items()}

    def ruled_out(self) -> IdArray:
        """The films that must not be recommended: int64[k]."""
        return np.fromiter({*self.decided, *self.liked, *self.disliked}, np.int64)


class Places:
    """Finds films in arrays: a film's position is its place in the order of popularity.

    Args:
        ids: int64[n], our ids, best known first.
    """

    def __init__(self, ids: IdArray) -> None:
        self.ids = ids
        self._before = int(ids.min(initial=1)) - 1
        # By id, with -1 at both ends for all beyond them; our ids are given one after the other.
        self._table = np.full(int(ids.max(initial=0)) - self._before + 2, -1, np.int32)
        self._table[ids - self._before] = np.arange(len(ids), dtype=np.int32)

    def __len__(self) -> int:
        return len(self.ids)

    def of(self, film_ids: NDArray[np.int64]) -> Positions:
        """Positions of the films that have one; the others are left out."""
        found = self.find(film_ids)
        return found[found >= 0].astype(np.int64)

    def find(self, film_ids: NDArray[np.int64]) -> NDArray[np.int32]:
        """The position of each film, -1 where it has none."""
        return self._table.take(film_ids - self._before, mode="clip")

    def weighed(self, films: Mapping[int, float]) -> tuple[Positions, NDArray[np.float64]]:
        """Positions int64[k], rising, and weights float64[k] of the films that have a position."""
        positions = np.sort(self.of(np.fromiter(films, np.int64, len(films))))
        return positions, np.array([films[film] for film in self.ids[positions].tolist()], np.float64)


@dataclass(frozen=True, slots=True)
class Scores:
    """A ranking: `ids` int64[n] without repeats, `values` float32[n] finite, best first."""

    ids: IdArray
    values: FloatArray

    def __len__(self) -> int:
        return len(self.ids)


class Recommender(Protocol):
    """Ranks films for one taste. Pure and deterministic."""

    name: str
    places: Places
    """Every film, best known first."""

    def values(self, taste: Taste, *, far: bool = False) -> FloatArray:
        """What each film gets, float32[n] by position, finite; positive only where it may be recommended.

        Args:
            taste: what the person has said.
            far: look for films as far from the liked ones as there are any, at some cost; for narrow filters.
        """

    def explain(
        self, taste: Taste, ids: IdArray, *, most: int | None = None
    ) -> dict[int, list[tuple[int, float]]]:
        """For each id the liked films that gave it anything, with their shares of what all of them gave, best first.

        Shares add up to 1 before they are cut to `most`; a film that speaks against has a negative one. Empty where
        the liked films gave nothing.
        """


def ranked(engine: Recommender, taste: Taste, *, far: bool = False) -> Scores:
    """Every film with a positive value, best first, ties to the better known."""
    values = engine.values(taste, far=far)
    at = best(values, len(values))
    return Scores(engine.places.ids[at], values[at])


def best(values: FloatArray, count: int) -> Positions:
    """The positions of the `count` largest positive values, best first, ties to the lower position.

    Films are taken in 32 blocks side by side; as many films as are wanted reach the `count`-th largest of the blocks'
    peaks, and only those are sorted: 20 of 20,800 in a fiftieth of what sorting all takes.
    """
    floor, width = np.float32(0), len(values) // _BLOCKS
    if 0 < count < width:
        peaks = values[: width * _BLOCKS].reshape(_BLOCKS, width).max(axis=0)
        floor = np.partition(peaks, -count)[-count]
    at = np.flatnonzero(values >= floor if floor > 0 else values > 0)
    return at[np.argsort(-values[at], kind="stable")[:count]]
