"""Likeness of films by what is known of them: people, genres, era, language, words of the title.

It places films that few people rated beside those that many did, and keeps the lists of the others to what looks alike
to a film lover. Only sums, products, quotients and roots are used, on whole numbers where sums are long, so that the
figures are the same on every machine.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from moviefinder.records import GENRES, Credit, FilmRecord, Kind, Role
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
_COLUMNS: Final = {slug: column for column, slug in enumerate(sorted(GENRES))}
_MANY_LIKENESS: Final = 2.0  # the sum of all parts at which two films are as alike as can be


Features = Mapping[int, Mapping[str, float]]
"""What few films have, with weights: by film, by name. Films without any may be left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Traits:
    """What is compared of n films.

    Attributes:
        genres: the films that have each genre, int64[k] by slug.
        years: float32[n] of release; 0 is unknown.
        is_series: bool[n].
        languages: the films that have each as their first language, int64[k] by code.
        makers: directors and creators.
        cast: actors.
        words: of the titles.
    """

    genres: Mapping[str, NDArray[np.int64]]
    years: NDArray[np.float32]
    is_series: NDArray[np.bool_]
    languages: Mapping[str, NDArray[np.int64]]
    makers: Features
    cast: Features
    words: Features

    @classmethod
    def of(cls, films: Sequence[FilmRecord]) -> Traits:
        """Of all these; a film's index is its position."""

        def having(codes: Iterable[Sequence[str]]) -> dict[str, NDArray[np.int64]]:
            by_code: dict[str, list[int]] = defaultdict(list)
            for at, of in enumerate(codes):
                for code in of:
                    by_code[code].append(at)
            return {code: np.array(positions, np.int64) for code, positions in by_code.items()}

        return cls(
            genres=having(film.genres for film in films),
            years=np.array([film.year or 0 for film in films], np.float32),
            is_series=np.array([film.kind is Kind.SERIES for film in films], bool),
            languages=having(film.languages[:1] for film in films),
            makers={at: makers_of(film.credits) for at, film in enumerate(films)},
            cast={at: cast_of(film.credits) for at, film in enumerate(films)},
            words={at: words_of(fold(film.title)) for at, film in enumerate(films)},
        )


class Likeness:
    """Likeness between any film and all others.

    The parts were weighed by least squares against how much the same people like two films (1,459 films with 40 likes
    or more, a quarter of the variance): era, language and director count most, genre less than one would think. Genre
    and title were then raised, because lists are also read.
    """

    def __init__(self, traits: Traits) -> None:
        n = len(traits.years)
        self._genre_weights, self._genres = _genre_vectors(traits.genres, n)
        self._norms = _norms(self._genres)
        self._years = np.where(traits.years > 0, traits.years, np.float32(_UNKNOWN_YEAR))
        self._kinds = traits.is_series.astype(np.int64)
        self._forms = _forms(traits.genres, n)
        self._numbers, self._languages, self._tongue = _languages(traits.languages, n)
        self._makers = _Shared(traits.makers, n)
        self._cast = _Shared(traits.cast, n)
        self._words = _Shared(traits.words, n, rarity=True)

    def to_all(self, start: int, end: int) -> Block:
        """Likeness of the films from `start` to `end` to all films: float32[end - start, n], from 0 to 1."""
        rows = slice(start, end)
        shares = (shared.shares(start, end) for shared in (self._makers, self._cast, self._words))
        return self._to_all(
            self._genres[rows],
            self._years[rows],
            self._languages[rows],
            self._forms[rows],
            self._kinds[rows],
            *shares,
        )

    def of_another(self, traits: Traits, *, makers: Features, cast: Features, words: Features) -> Block:
        """Likeness of one more film to all: float32[n], from 0 to 1.

        Args:
            traits: of that film alone.
            makers: who made the films that share one of them with it, by position, those of the film itself at n.
            cast: of the films that share an actor with it, likewise.
            words: of the films that share a word of the title.
        """
        n, row = len(self._years), self._genre_weights * 0
        for slug in traits.genres:
            row[_COLUMNS[slug]] = self._genre_weights[_COLUMNS[slug]]
        year = np.where(traits.years > 0, traits.years, np.float32(_UNKNOWN_YEAR))
        language = [self._numbers.get(code, len(self._numbers)) for code in traits.languages] or [0]
        shared = [_Shared(makers, n + 1), _Shared(cast, n + 1), _Shared(words, n + 1, rarity=True)]
        alike: Block = self._to_all(
            row[None],
            year,
            np.array(language[:1]),
            _forms(traits.genres, 1),
            traits.is_series.astype(np.int64),
            *(of.shares(n, n + 1)[:, :n] for of in shared),
        )[0]
        return alike

    def _to_all(
        self,
        own: Block,
        years: Block,
        languages: NDArray[np.int64],
        forms: NDArray[np.int64],
        kinds: NDArray[np.int64],
        makers: Block,
        cast: Block,
        words: Block,
    ) -> Block:
        genres = own @ self._genres.T
        genres /= np.maximum(_norms(own)[:, None] * self._norms[None], 1)
        apart = years[:, None] - self._years[None]
        apart *= apart
        near, close = 1 / (1 + apart / 400), 1 / (1 + apart / 64)  # within 20 years, within 8
        total = genres * (0.5 + 0.4 * close) + 0.15 * near
        del apart, near, close
        total += self._tongue[languages][:, self._languages]
        total += _FORMS[forms][:, self._forms]
        total += np.minimum(makers, 1) * (0.5 + 0.5 * genres)
        total += np.minimum(cast, 2) * 0.2
        total += words * (1 + 4 * genres)
        total *= _KINDS[kinds][:, self._kinds]
        total /= np.float32(_MANY_LIKENESS)
        return np.minimum(np.maximum(total, np.float32(0)), np.float32(1)).astype(np.float32, copy=False)


class _Shared:
    """Features that few films have, and who shares them."""

    def __init__(self, features: Features, n: int, *, rarity: bool = False) -> None:
        self._n = n
        frequency = Counter(name for row in features.values() for name in row)
        self._rows = {
            at: {name: w for name, w in row.items() if 1 < frequency[name] <= _COMMONEST}
            for at, row in features.items()
        }
        holders: dict[str, list[tuple[int, float]]] = defaultdict(list)
        for at, row in self._rows.items():
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
            for name, weight in self._rows.get(row, {}).items():
                at, weights = self._holders[name]
                total[row - start, at] += np.float32(weight) * weights
        return total


def _genre_vectors(having: Mapping[str, NDArray[np.int64]], n: int) -> tuple[Block, Block]:
    """What each genre weighs, whole numbers, the rarer the more: float32[genres]; those of each film: [n, genres]."""
    weights, vectors = np.zeros(len(GENRES), np.float32), np.zeros((n, len(GENRES)), np.float32)
    for slug, column in _COLUMNS.items():
        if slug in having:
            weights[column] = round(100 * float(np.log(1 + n / len(having[slug]))))
            vectors[having[slug], column] = weights[column]
    return weights, vectors


def _norms(genres: Block) -> Block:
    norms: Block = np.sqrt(np.square(genres).sum(axis=1)).astype(np.float32)
    return norms


def _forms(having: Mapping[str, NDArray[np.int64]], n: int) -> NDArray[np.int64]:
    """Plain, drawn, factual or both: int64[n]."""
    forms = np.zeros(n, np.int64)
    for slug, form in (("animation", 1), ("documentary", 2)):
        if slug in having:
            forms[having[slug]] += form
    return forms


def makers_of(credits: Iterable[Credit]) -> dict[str, float]:
    """Who made a film, as a feature."""
    return {credit.name: 1.0 for credit in credits if credit.role is not Role.ACTOR}


def cast_of(credits: Iterable[Credit]) -> dict[str, float]:
    """Who acts in it, the first the heaviest."""
    return {c.name: round(1 / (1 + 0.3 * c.position), 3) for c in credits if c.role is Role.ACTOR}


def words_of(folded: str) -> dict[str, float]:
    """The words of a folded title that tell anything."""
    words = [word for word in folded.split() if word not in _UNTELLING and not word.isdigit()]
    return {word: round(float(len(words)) ** -0.5, 3) for word in words}


def _languages(
    having: Mapping[str, NDArray[np.int64]], n: int
) -> tuple[Mapping[str, int], NDArray[np.int64], Block]:
    """A number for each language, 0 for unknown; that of each film's first, int64[n]; what two add to likeness."""
    codes = sorted({*having, ""})
    same = [0.1 if code == "" else 0.15 if code == "en" else 0.45 for code in codes]
    tongue = np.diag(np.array([*same, 0], np.float32))  # the last: a language that none of the films is in
    tongue[0, :] = tongue[:, 0] = 0.1  # unknown, nearly always English
    numbers = {code: number for number, code in enumerate(codes)}
    of_films = np.zeros(n, np.int64)
    for code, films in having.items():
        of_films[films] = numbers[code]
    return numbers, of_films, tongue
