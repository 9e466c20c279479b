"""Places films that few or no people rated on the scale of those that many did, by what is known of them.

Rated films that are like such a film stand in for it, on both sides: what they say for others is what it says, and what
is said for them is said for it, as loud as its own fame and quality let expect. What was tried, with figures:
docs/decisions/0006-placing-and-dials.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from moviefinder.recommend import FloatArray
from moviefinder.recommend.evidence import Together
from moviefinder.recommend.traits import Traits

Pair = tuple[FloatArray, FloatArray]
"""For few likes told, and what is added for many."""

STAND_INS: Final = 30
"""So many of the likest rated films speak for one that few people rated."""

_ENOUGH_LIKES: Final = 8.0  # with so many likes its stand-ins count half
_HEARD: Final = 0.5  # what is said for the stand-ins of a film that people had the time to rate, and few did
HEARD_YOUNG: Final = 2.0
"""And of one that they had not: a mean of 30 films is fainter than each of them."""

_DIRECT: Final = 0.15  # what likeness alone says
_YOUNG_SINCE: Final = (
    2019  # from then on people had too little time: the catalogue's order tells fame, not ratings
)
_FAME_APART: Final = (
    3.0  # in doublings of the place in the catalogue: so far apart, two films are half as near
)
_YEARS_APART: Final = 10.0  # so far apart, they are half as near
_OTHER_KIND: Final = 0.12  # what series say for movies, and movies for a series that few people rated
_STRONGEST: Final = 50  # so many of the largest weights tell how strong a film is as a target
_BY_FAME: Final = 0.33  # the power of fame in it where no rated film tells
_BLOCK: Final = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """What a like of each of n films says for every other; rows are made as they are asked for.

    Attributes:
        said: what each of the m rated films says for all: float32[m, n] twice.
        strength: how strong each film is as a target: float32[n] twice.
        films: int64[m], rows of the rated films, rising.
        trust: float32[n], how far each film's own ratings suffice, 0..1.
        traits: of all films.
    """

    said: Pair
    strength: Pair
    films: NDArray[np.int64]
    trust: FloatArray
    traits: Traits

    def rows(self, start: int, end: int) -> Pair:
        """Both sets of weights of the films from `start` to `end`: float32[end - start, n] twice."""
        some, traits = np.arange(start, end), self.traits
        alike = _alike(traits, some)
        columns, shares = _stand_ins(alike, some, self.films)
        shares *= (1 - self.trust[some])[:, None]
        sure = self.trust[some, None] * self.trust[None]
        era, kind = _era(traits, some, traits.year), self._kind(some, sure)
        alike *= np.float32(_DIRECT) * (1 - sure)
        at, own = _both(some, self.films)
        found = []
        for said, strength in zip(self.said, self.strength, strict=True):
            rows = _mixed(said, columns, shares)
            rows *= era
            rows[at] += said[own]
            rows += alike * strength
            rows *= kind
            found.append(rows)
        return found[0], found[1]

    def _kind(self, some: NDArray[np.int64], sure: FloatArray) -> FloatArray:
        """What a film keeps of what is said for it by one of its own or the other kind: float32[b, n]."""
        series = self.traits.is_series
        hearsay = sure + (1 - sure) * np.float32(_OTHER_KIND)
        other = np.where(series[some, None], np.float32(_OTHER_KIND), hearsay)
        return np.where(series[some, None] == series[None], np.float32(1), other)


def placed(few: FloatArray, many: FloatArray, counted: Together, traits: Traits) -> Placed:
    """Place every film.

    What is learned of a film stays as it is. With l likes, what is said for its stand-ins is added 8 / (l + 8) times,
    with the strength of the film itself and the less, the further apart in time the two are; what they say is added to
    what it says likewise, and for pairs that ratings say little of how alike they are, how near in fame, and how strong
    the other one is. It takes a minute for 20,000 films, and a gigabyte for 6,000 rated ones.

    Args:
        few: float32[m, m], learned of the rated films, for few likes told.
        many: float32[m, m], what is added for many.
        counted: which films are rated, and by how many.
        traits: of all n films.
    """
    n, films = len(traits), counted.films
    trust = np.zeros(n, np.float32)
    trust[films] = counted.likes / (counted.likes + np.float32(_ENOUGH_LIKES))
    heard = np.where(_young(traits), np.float32(HEARD_YOUNG), np.float32(_HEARD)) * (1 - trust)
    strength = _strengths(few, films, traits), _strengths(many, films, traits)
    said = np.zeros((len(films), n), np.float32), np.zeros((len(films), n), np.float32)
    by_target = np.ascontiguousarray(few.T), np.ascontiguousarray(many.T)
    for start in range(0, n, _BLOCK):
        some = np.arange(start, min(start + _BLOCK, n))
        columns, shares = _stand_ins(_alike(traits, some), some, films)
        era = _era(traits, some, traits.year[films])
        at, own = _both(some, films)
        for learned, strong, out in zip(by_target, strength, said, strict=True):
            louder = shares / strong[films[columns]] * (heard * strong)[some, None]
            rows = _mixed(learned, columns, louder)
            rows *= era
            rows[at] += learned[own]
            out[:, some] = rows.T
    return Placed(said=said, strength=strength, films=films, trust=trust, traits=traits)


def _alike(traits: Traits, some: NDArray[np.int64]) -> FloatArray:
    """The square of the likeness of neighbouring films to all, times how near they are in fame: float32[b, n]."""
    alike = np.square(traits.likeness(int(some[0]), int(some[-1]) + 1))
    place = np.log2(np.arange(len(traits), dtype=np.float32) + 30)
    apart = place[some, None] - place[None]
    apart *= apart
    alike /= 1 + apart / np.float32(_FAME_APART**2)
    return alike


def _era(traits: Traits, some: NDArray[np.int64], years: NDArray[np.int16]) -> FloatArray:
    """How near some films are to others in time, 1 where it is not known: float32[b, k]."""
    known = (traits.year[some] > 0)[:, None] & (years > 0)
    apart = (traits.year[some, None].astype(np.float32) - years) * known
    apart *= apart
    near: FloatArray = (1 / (1 + apart / np.float32(_YEARS_APART**2))).astype(np.float32, copy=False)
    return near


def _both(some: NDArray[np.int64], films: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where rated films stand in `some`, and where in `films`; both rise."""
    own = np.flatnonzero((films >= some[0]) & (films <= some[-1]))
    return films[own] - some[0], own


def _stand_ins(
    alike: FloatArray, some: NDArray[np.int64], films: NDArray[np.int64]
) -> tuple[NDArray[np.int64], FloatArray]:
    """The rated films that speak for some films, int64[b, s] into `films`, and their shares, float32[b, s]."""
    weights = alike[:, films]
    at, own = _both(some, films)
    weights[at, own] = 0
    count = min(STAND_INS, len(films))
    columns = np.argpartition(-weights, count - 1, axis=1)[:, :count] if count else weights.astype(np.int64)
    columns.sort(axis=1)
    shares = np.take_along_axis(weights, columns, axis=1)
    shares /= np.maximum(shares.sum(axis=1, keepdims=True), np.float32(1e-9))
    return columns, shares


def _mixed(table: FloatArray, rows: NDArray[np.int64], weights: FloatArray) -> FloatArray:
    """Weighted sums of rows of a table: of `rows` int64[b, s] by `weights` float32[b, s]."""
    mixed = np.zeros((len(rows), table.shape[1]), np.float32)
    taken = np.empty(
        (rows.shape[1], table.shape[1]), np.float32
    )  # again and again: new memory costs more than sums
    for at in range(len(rows) if rows.size else 0):
        table.take(rows[at], axis=0, out=taken, mode="clip")
        np.dot(weights[at], taken, out=mixed[at])
    return mixed


def _young(traits: Traits) -> NDArray[np.bool_]:
    """Films that people had too little time to rate, and those that no ratings are known of: bool[n]."""
    young: NDArray[np.bool_] = (traits.votes == 0) | (traits.year >= _YOUNG_SINCE)
    return young


def _fame(traits: Traits) -> FloatArray:
    """How many people would have rated each film, had they had the time: float32[n], as logarithms.

    The catalogue's order knows what is new by votes elsewhere; what a place in it is worth tell the older movies.
    """
    votes, young = np.log1p(traits.votes), _young(traits)
    told = ~young & ~traits.is_series
    if told.sum() < _STRONGEST:
        return votes.astype(np.float32)
    place = np.log(np.arange(len(traits)) + 30.0)
    by_place = np.polynomial.Polynomial.fit(place[told], votes[told], 2)(place).astype(np.float32)
    fame: FloatArray = np.where(young, np.maximum(votes, by_place), votes)
    return fame


def _strengths(learned: FloatArray, films: NDArray[np.int64], traits: Traits) -> FloatArray:
    """How strong each film is as a target, by its fame and quality, as the rated ones let expect: float32[n]."""
    fame, m = _fame(traits), len(films)
    strongest = (
        np.partition(learned, max(m - _STRONGEST, 0), axis=0)[-_STRONGEST:].mean(axis=0) if m else np.zeros(0)
    )
    fitted = strongest > 0
    if not fitted.any():
        by_fame: FloatArray = np.exp(_BY_FAME * (fame - fame.max(initial=0))).astype(np.float32)
        return by_fame
    known = np.stack([np.ones(len(traits)), fame, traits.quality], axis=1)
    of_rated = known[films[fitted]]
    # A little ridge, so that a handful of films can be fitted as well.
    system = of_rated.T @ of_rated + np.diag([1e-6, 1.0, 1.0])
    factors = np.linalg.solve(system, of_rated.T @ np.log(strongest[fitted].astype(np.float64)))
    expected: FloatArray = np.exp(known @ factors).astype(np.float32)
    return expected
