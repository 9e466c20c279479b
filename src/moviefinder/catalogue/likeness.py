"""Likeness of films by what is known of them: people, genres, era, language, words of the title.

It places films that few people rated beside those that many did, and keeps the lists of the others to what looks alike
to a film lover. Only sums, products, quotients and roots are used, on whole numbers where sums are long, so that the
figures are the same on every machine.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from moviefinder.records import GENRES, FilmRecord, Kind, Role
from moviefinder.titles.fold import ARTICLES, fold

Block = NDArray[np.float32]

_COMMONEST: Final = 300  # words and people of more films than this tell nothing of a pair
_UNTELLING: Final = ARTICLES | frozenset(
    "of and in on to for with at by from part vol volume chapter movie film ii iii iv vs s".split()
)
_UNKNOWN_YEAR: Final = 2000
_KINDS: Final = np.array([[1, 0.5], [0.5, 1]], np.float32)  # a movie and a series: lists keep to a kind
_FORMS: Final = np.array(  # plain, drawn, factual, both: who likes the one form need not like the other
    [[0, -0.2, -0.2, -0.2], [-0.2, 0.2, -0.2, 0], [-0.2, -0.2, 0.1, 0], [-0.2, 0, 0, 0.2]], np.float32
)
_MANY_LIKENESS: Final = 2.0  # the sum of all parts at which two films are as alike as can be


class Likeness:
    """Likeness between any film and all others.

    The parts were weighed by least squares against how much the same people like two films (1,459 films with 40 likes
    or more, a quarter of the variance): era, language and director count most, genre less than one would think. Genre
    and title were then raised, because lists are also read.

    Args:
        films: every film; its index is its position.
    """

    def __init__(self, films: Sequence[FilmRecord]) -> None:
        self._n = len(films)
        self._genres = _genre_vectors(films)
        self._norms = np.sqrt(np.square(self._genres).sum(axis=1)).astype(np.float32)
        self._years = np.array([film.year or _UNKNOWN_YEAR for film in films], np.float32)
        self._kinds = np.array([film.kind is Kind.SERIES for film in films], np.int64)
        self._forms = np.array(
            [("animation" in film.genres) + 2 * ("documentary" in film.genres) for film in films], np.int64
        )
        self._languages, self._tongue = _languages(films)
        self._makers = _Shared(films, _makers)
        self._cast = _Shared(films, _cast)
        self._words = _Shared(films, _words, rarity=True)

    def to_all(self, start: int, end: int) -> Block:
        """Likeness of the films from `start` to `end` to all films: float32[end - start, n], from 0 to 1."""
        rows = slice(start, end)
        genres = self._genres[rows] @ self._genres.T
        genres /= np.maximum(self._norms[rows, None] * self._norms[None], 1)
        apart = self._years[rows, None] - self._years[None]
        apart *= apart
        near, close = 1 / (1 + apart / 400), 1 / (1 + apart / 64)  # within 20 years, within 8
        total = genres * (0.5 + 0.4 * close) + 0.15 * near
        del apart, near, close
        total += self._tongue[self._languages[rows]][:, self._languages]
        total += _FORMS[self._forms[rows]][:, self._forms]
        total += np.minimum(self._makers.shares(start, end), 1) * (0.5 + 0.5 * genres)
        total += np.minimum(self._cast.shares(start, end), 2) * 0.2
        total += self._words.shares(start, end) * (1 + 4 * genres)
        total *= _KINDS[self._kinds[rows]][:, self._kinds]
        total /= np.float32(_MANY_LIKENESS)
        return np.minimum(np.maximum(total, np.float32(0)), np.float32(1)).astype(np.float32, copy=False)


class _Shared:
    """Features that few films have, and who shares them."""

    def __init__(
        self,
        films: Sequence[FilmRecord],
        features: Callable[[FilmRecord], dict[str, float]],
        *,
        rarity: bool = False,
    ) -> None:
        self._n = len(films)
        rows = [features(film) for film in films]
        frequency = Counter(name for row in rows for name in row)
        self._rows = [
            {name: w for name, w in row.items() if 1 < frequency[name] <= _COMMONEST} for row in rows
        ]
        holders: dict[str, list[tuple[int, float]]] = defaultdict(list)
        for at, row in enumerate(self._rows):
            for name, weight in row.items():
                holders[name].append((at, weight))
        self._holders = {
            name: (
                np.array([at for at, _ in held]),
                np.array([w for _, w in held], np.float32)
                * np.float32(1 / round(1 + float(np.log2(frequency[name])), 3) if rarity else 1),
            )
            for name, held in holders.items()
        }

    def shares(self, start: int, end: int) -> Block:
        """What the films from `start` to `end` share with each: float32[end - start, n], 0 for nothing."""
        total = np.zeros((end - start, self._n), np.float32)
        for row in range(start, end):
            for name, weight in self._rows[row].items():
                at, weights = self._holders[name]
                total[row - start, at] += np.float32(weight) * weights
        return total


def _genre_vectors(films: Sequence[FilmRecord]) -> Block:
    """A column a genre, the rarer the heavier, in whole numbers: float32[n, genres]."""
    counts = Counter(slug for film in films for slug in film.genres)
    slugs = {slug: column for column, slug in enumerate(sorted(GENRES))}
    vectors = np.zeros((len(films), len(slugs)), np.float32)
    for at, film in enumerate(films):
        for slug in film.genres:
            vectors[at, slugs[slug]] = round(100 * float(np.log(1 + len(films) / counts[slug])))
    return vectors


def _makers(film: FilmRecord) -> dict[str, float]:
    return {credit.name: 1.0 for credit in film.credits if credit.role is not Role.ACTOR}


def _cast(film: FilmRecord) -> dict[str, float]:
    return {c.name: round(1 / (1 + 0.3 * c.position), 3) for c in film.credits if c.role is Role.ACTOR}


def _words(film: FilmRecord) -> dict[str, float]:
    words = [word for word in fold(film.title).split() if word not in _UNTELLING and not word.isdigit()]
    return {word: round(float(len(words)) ** -0.5, 3) for word in words}


def _languages(films: Iterable[FilmRecord]) -> tuple[NDArray[np.int64], Block]:
    """A number for each first language, and what it adds to the likeness of two: float32[languages, languages]."""
    firsts = [film.languages[0] if film.languages else "" for film in films]
    codes = sorted({*firsts, ""})
    same = [0.1 if code == "" else 0.15 if code == "en" else 0.45 for code in codes]
    tongue = np.diag(np.array(same, np.float32))
    tongue[0, :] = tongue[:, 0] = 0.1  # unknown, nearly always English
    numbers = {code: number for number, code in enumerate(codes)}
    return np.array([numbers[code] for code in firsts], np.int64), tongue
