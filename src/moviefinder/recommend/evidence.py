"""What ratings say of pairs of films: several estimates of the same thing, each strong where another is weak.

All are square over the films that enough people like; the entry in row i and column j is what a like of film i says for
film j. They need no more of the ratings than how much each two films are liked by the same people.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from moviefinder.recommend import FloatArray
from moviefinder.recommend.ratings import Ratings

FEWEST_LIKES: Final = 3
"""A film that fewer people like is placed by its content alone."""

MOST_FILMS: Final = 12_000
"""At most so many films, those that most people like: inverting their counts takes 1.2 GB and a minute or two."""

_WORTH: Final = (
    (3.0, 0.15),
    (3.5, 0.4),
    (4.0, 1.0),
    (5.0, 1.1),
)  # from so many stars on, a rating counts so much
_QUIETER: Final = -0.4  # somebody with n likes counts n ** -0.4 in each of them
_PEOPLE_AT_ONCE: Final = 2_000
_RIDGE: Final = 100.0
_OWN_FAME: Final = 0.9
_OTHER_FAME: Final = 0.4
_CHANCE: Final = 5.0
_RANK: Final = 60
_SPARE: Final = 20
_ROUNDS: Final = 10
_FAME: Final = 0.3

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Together:
    """How much films are liked by the same people.

    Attributes:
        films: int64[m], rows of the films that enough people like, rising.
        likes: float32[m], how many people like each.
        counts: float32[m, m], symmetric: over all people the product of what their ratings of the two films count,
            times a weight of mean 1 that is the smaller the more they rated.
    """

    films: NDArray[np.int64]
    likes: FloatArray
    counts: FloatArray


def together(ratings: Ratings) -> Together:
    """Count, some thousand people at a time.

    Ratings of three stars count a little, five stars a little more than four. Prolific people are damped (inverse user
    frequency: Breese, Heckerman and Kadie, "Empirical Analysis of Predictive Algorithms for Collaborative Filtering",
    1998); the power is the one that did best.
    """
    likes = ratings.likes_by_film()
    films = np.sort(np.argsort(-likes, kind="stable")[:MOST_FILMS])
    films = films[likes[films] >= FEWEST_LIKES]
    column_of = np.full(ratings.n_films, -1, np.int64)
    column_of[films] = np.arange(len(films))
    worth = np.zeros(len(ratings), np.float32)
    for stars, count in _WORTH:
        worth[ratings.stars >= stars] = count
    columns = column_of[ratings.films]
    kept = (worth > 0) & (columns >= 0)
    people, columns, worth = ratings.people[kept], columns[kept], worth[kept]
    told = np.bincount(people, worth, minlength=ratings.n_people)
    weights = np.maximum(told, 1) ** _QUIETER
    weights /= weights[told > 0].mean() if len(worth) else 1
    counts = np.zeros((len(films), len(films)), np.float32)
    offsets = np.searchsorted(people, np.arange(ratings.n_people + 1))
    for start in range(0, ratings.n_people, _PEOPLE_AT_ONCE):
        end = min(start + _PEOPLE_AT_ONCE, ratings.n_people)
        some = slice(offsets[start], offsets[end])
        block = np.zeros((end - start, len(films)), np.float32)
        block[people[some] - start, columns[some]] = worth[some] * np.sqrt(weights[people[some]])
        counts += block.T @ block
    return Together(films=films, likes=likes[films].astype(np.float32), counts=counts)


def denoised(counts: FloatArray, dropout: float) -> FloatArray:
    """Weights of a linear autoencoder that sees its input through dropout, in closed form: float32[m, m].

    Steck, "Autoencoders that don't overfit towards the Identity", NeurIPS 2020, with a zero diagonal; `dropout` is
    p / (1 - p) and puts so many times each film's own count on the diagonal, beside a ridge that is the same for all.
    """
    diagonal = np.diag_indices(len(counts))
    inverse = counts.copy()
    inverse[diagonal] += np.float32(dropout) * counts[diagonal] + np.float32(_RIDGE)
    inverse = np.linalg.inv(inverse)
    inverse /= -inverse[diagonal]
    inverse[diagonal] = 0
    return inverse


def cosine(counts: FloatArray) -> FloatArray:
    """An asymmetric cosine in which few common likes count less: float32[m, m].

    Deshpande and Karypis, "Item-Based Top-N Recommendation Algorithms", 2004: a film's own fame is taken out nearly
    whole, the other's by less than half, so that the better known is ahead, as taste has it.
    """
    fame = np.maximum(np.diagonal(counts), np.float32(1e-6))
    found = counts * (counts / (counts + np.float32(_CHANCE)))
    found /= (fame**_OWN_FAME)[:, None]
    found /= (fame**_OTHER_FAME)[None]
    np.fill_diagonal(found, 0)
    return found


def smoothed(counts: FloatArray) -> FloatArray:
    """What 60 directions of taste explain of the counts, the weaker ones damped: float32[m, m].

    A singular value decomposition of the ratings (Cremonesi, Koren and Turrin, "Performance of Recommender Algorithms
    on Top-N Recommendation Tasks", 2010), found by iterating on the counts from a fixed random start.
    """
    size = len(counts)
    fame = (np.diagonal(counts) + np.float32(1)) ** np.float32(_FAME)
    scaled = counts / fame[:, None]
    scaled /= fame[None]
    start = np.random.default_rng(0).standard_normal((size, min(_RANK + _SPARE, size))).astype(np.float32)
    basis = np.linalg.qr(start)[0]
    for _ in range(_ROUNDS):
        basis = np.linalg.qr(scaled @ basis)[0]
    values, vectors = np.linalg.eigh(basis.T @ (scaled @ basis))
    strongest = np.maximum(values[::-1][:_RANK], np.float32(1e-6))
    directions = basis @ vectors[:, ::-1][:, :_RANK]
    found: FloatArray = (directions * (strongest / (strongest + strongest[-1:]))) @ directions.T
    found *= fame[None]
    found /= fame[:, None]
    np.fill_diagonal(found, 0)
    return found
