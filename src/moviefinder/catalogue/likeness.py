"""Likeness of films by what is known of them: people, genres, era, language, country, words of the title, fame.

It places films that nobody rated yet beside those that many did. Every part lies between 0 and 1.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from moviefinder.records import GENRES, FilmRecord, Kind, Role
from moviefinder.titles.fold import ARTICLES, fold

_COMMONEST: Final = 200  # words and people of more films than this tell nothing of a pair
_UNTELLING: Final = ARTICLES | frozenset(
    "of and in on to for with at by from part vol volume chapter movie film season 2 3 ii iii".split()
)


class Likeness:
    """Likeness between any film and all others.

    Args:
        films: in order of popularity.
    """

    def __init__(self, films: Sequence[FilmRecord]) -> None:
        n = len(films)
        self._genres = _unit(_genre_weights(films))
        self._years = np.array([film.year or 2000 for film in films], np.float32)
        self._fame = np.log2(np.arange(n, dtype=np.float32) + 30)
        self._series = np.array([film.kind is Kind.SERIES for film in films])
        self._languages = _first_codes(film.languages for film in films)
        self._countries = _first_codes(film.countries for film in films)
        self._people = _Shared([_people(film) for film in films])
        self._words = _Shared([_words(film) for film in films])

    def to_all(self, start: int, end: int) -> NDArray[np.float32]:
        """Likeness of the films from `start` to `end` to all films: float32[end - start, n], from 0 to 1."""
        rows = slice(start, end)
        genres = self._genres[rows] @ self._genres.T
        era = 1 / (1 + np.square((self._years[rows, None] - self._years[None]) / 12))
        fame = 1 / (1 + np.square((self._fame[rows, None] - self._fame[None]) / 2.5))
        place = _agreement(self._languages, rows) * 0.6 + _agreement(self._countries, rows) * 0.4
        same_kind = self._series[rows, None] == self._series[None]
        background = genres * (0.40 + 0.25 * era + 0.15 * fame + 0.20 * place)
        total = (
            0.5 * background + 0.25 * self._people.shares(start, end) + 0.25 * self._words.shares(start, end)
        )
        return (total * np.where(same_kind, 1.0, 0.55)).astype(np.float32)


class _Shared:
    """Rare features that films share, weighted by their rarity."""

    def __init__(self, features: Sequence[dict[str, float]]) -> None:
        self._n = len(features)
        frequency = Counter(name for row in features for name in row)
        self._rows = [
            {name: weight for name, weight in row.items() if 1 < frequency[name] <= _COMMONEST}
            for row in features
        ]
        holders: dict[str, list[tuple[int, float]]] = defaultdict(list)
        for at, row in enumerate(self._rows):
            for name, weight in row.items():
                holders[name].append((at, weight))
        self._holders = {
            name: (np.array([at for at, _ in held]), np.array([weight for _, weight in held], np.float32))
            for name, held in holders.items()
        }
        self._rarity = {name: 1 / (1 + 0.25 * np.log2(frequency[name])) for name in self._holders}

    def shares(self, start: int, end: int) -> NDArray[np.float32]:
        """How much the films from `start` to `end` share with each: float32[end - start, n], from 0 to below 1."""
        total = np.zeros((end - start, self._n), np.float32)
        for row in range(start, end):
            for name, weight in self._rows[row].items():
                at, weights = self._holders[name]
                total[row - start, at] += weight * weights * self._rarity[name]
        return total / (total + 0.7)


def _genre_weights(films: Sequence[FilmRecord]) -> NDArray[np.float32]:
    counts = Counter(slug for film in films for slug in film.genres)
    slugs = sorted(GENRES)
    weights = np.zeros((len(films), len(slugs)), np.float32)
    for at, film in enumerate(films):
        for slug in film.genres:
            weights[at, slugs.index(slug)] = round(float(np.log(1 + len(films) / counts[slug])), 4)
    return weights


def _people(film: FilmRecord) -> dict[str, float]:
    weights: dict[str, float] = {}
    for credit in film.credits:
        weight = 0.6 - 0.08 * credit.position if credit.role is Role.ACTOR else 1.0
        weights[credit.name] = max(weight, weights.get(credit.name, 0.0))
    return weights


def _words(film: FilmRecord) -> dict[str, float]:
    words = [word for word in fold(film.title).split() if word not in _UNTELLING and not word.isdigit()]
    return {word: 1 / max(2, len(words)) ** 0.5 for word in words}


def _first_codes(lists: Iterable[Sequence[str]]) -> NDArray[np.int32]:
    firsts = [codes[0] if codes else "" for codes in lists]
    numbers = {code: number for number, code in enumerate(sorted(set(firsts) | {""}))}
    return np.array([numbers[code] for code in firsts], np.int32)


def _agreement(codes: NDArray[np.int32], rows: slice) -> NDArray[np.float32]:
    """1 where both are known and equal, 0 where they differ, in between where one is unknown (code 0)."""
    mine, theirs = codes[rows, None], codes[None]
    return np.where((mine == 0) | (theirs == 0), 0.6, mine == theirs).astype(np.float32)


def _unit(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    return rows / np.maximum(np.sqrt(np.square(rows).sum(axis=1, keepdims=True)), 1e-6)
