"""What the same people like: how strongly liking one film speaks for another, from ratings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from moviefinder.catalogue.readers import Fact, Ratings

LIKED_STARS: Final = 4.0
FEWEST_LIKES: Final = 5
_WHOLE: Final = 4096  # a person with one like counts so much: whole numbers, so that long sums are exact
_LOUDNESS: Final = 0.75  # a person with n likes counts n ** -0.75 in each: 1,000 likes say less of any two
_SHRINKAGE: Final = 5  # few common likes are chance: n of them count n / (n + 5)
_OWN_FAME: Final = 0.9
_OTHER_FAME: Final = 0.4  # 0.5 would be the cosine; less lets the better known win, as taste does


@dataclass(frozen=True, slots=True, kw_only=True)
class Colikes:
    """How strongly liking one film speaks for another.

    Attributes:
        positions: int64[m], the films that enough people like, rising.
        likes: int64[m], how many people like each.
        strength: float32[m, m], row speaks for column, 0 on the diagonal.
    """

    positions: NDArray[np.int64]
    likes: NDArray[np.int64]
    strength: NDArray[np.float32]


def colikes(facts: Sequence[Fact], ratings: Ratings) -> Colikes:
    """Count common likes, damp prolific people and famous films.

    An asymmetric cosine of likes (four stars and more) with inverse user frequency: Breese, Heckerman and Kadie,
    "Empirical Analysis of Predictive Algorithms for Collaborative Filtering", 1998, for damping prolific people;
    Deshpande and Karypis, "Item-Based Top-N Recommendation Algorithms", 2004, for the exponents. The constants are
    those that did best on people held out (docs/decisions/0002-similar-lists.md).
    """
    position_of = np.full(int(ratings.movielens_ids.max(initial=0)) + 1, -1, np.int64)
    for position, fact in enumerate(facts):
        for number in fact.movielens_ids:
            if number < len(position_of):
                position_of[number] = position
    films = position_of[ratings.movielens_ids]
    liked = (films >= 0) & (ratings.stars >= LIKED_STARS)
    pairs = np.unique(
        films[liked] * ratings.n_people + ratings.people[liked]
    )  # a film listed twice counts once
    films, people = pairs // ratings.n_people, pairs % ratings.n_people
    likes = np.bincount(films, minlength=len(facts))
    positions = np.flatnonzero(likes >= FEWEST_LIKES)
    column_of = np.full(len(facts), -1, np.int64)
    column_of[positions] = np.arange(len(positions))
    kept = column_of[films] >= 0
    films, people = films[kept], people[kept]
    matrix = np.zeros((ratings.n_people, len(positions)), np.float32)
    matrix[people, column_of[films]] = 1
    together = matrix.T @ matrix
    per_person = np.maximum(matrix.sum(axis=1), 1)
    voice = np.rint(_WHOLE / np.round(np.power(per_person.astype(np.float64), _LOUDNESS), 6)).astype(
        np.float32
    )
    strength = matrix.T @ (matrix * voice[:, None])
    heard = strength.diagonal().astype(np.float64) / _WHOLE
    own = np.round(np.power(heard, _OWN_FAME), 6).astype(np.float32)
    other = np.round(np.power(heard, _OTHER_FAME), 6).astype(np.float32)
    strength /= _WHOLE
    strength /= own[:, None]
    strength /= other[None]
    together /= together + _SHRINKAGE
    strength *= together
    np.fill_diagonal(strength, 0)
    return Colikes(positions=positions, likes=likes[positions], strength=strength)
