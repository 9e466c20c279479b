"""Facts of all films as arrays, and filters as masks over them.

A film whose value is unknown does not pass a filter on that value, and is counted as left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from moviefinder.records import Kind

Mask = NDArray[np.bool_]

_COLUMNS: Final = ("ids", "is_series", "year", "runtime_min", "score", "votes")
_CODES: Final = ("genres", "languages", "countries", "certificates")


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What a list is narrowed to. Empty or None: no such filter.

    Several genres must all hold; several languages, countries or certificates: any of them; several people: all.
    """

    kind: Kind | None = None
    genre: tuple[str, ...] = ()
    genre_out: tuple[str, ...] = ()
    language: tuple[str, ...] = ()
    country: tuple[str, ...] = ()
    person: tuple[int, ...] = ()
    year_min: int | None = None
    year_max: int | None = None
    runtime_min: int | None = None
    runtime_max: int | None = None
    certificate: tuple[str, ...] = ()
    score_min: float | None = None
    votes_min: int | None = None

    def in_use(self) -> list[str]:
        """Names of the filters that are set, in the order of their definition."""
        return [field.name for field in fields(self) if getattr(self, field.name) not in (None, ())]


class Codes:
    """A set of codes a film (genres, languages, countries, certificates), kept as positions by code.

    Args:
        n: how many films there are.
        names: the codes.
        offsets: int32[len(names) + 1], where the positions of each code begin.
        positions: int32[m], the films that have it.
    """

    def __init__(
        self, n: int, names: Sequence[str], offsets: NDArray[np.int32], positions: NDArray[np.int32]
    ) -> None:
        self._n = n
        self._names = names
        self._offsets = offsets
        self._positions = positions
        self._index = {name: i for i, name in enumerate(names)}
        self.known = np.zeros(n, bool)
        self.known[positions] = True

    @classmethod
    def of(cls, n: int, pairs: Iterable[tuple[int, str]]) -> Codes:
        """From pairs of position and code."""
        by_code: dict[str, list[int]] = {}
        for position, code in pairs:
            by_code.setdefault(code, []).append(position)
        names = sorted(by_code)
        offsets = np.cumsum([0, *(len(by_code[name]) for name in names)], dtype=np.int32)
        return cls(n, names, offsets, np.array([at for name in names for at in by_code[name]], np.int32))

    def to_arrays(self, name: str) -> dict[str, NDArray[Any]]:
        """Named arrays that `from_arrays` takes."""
        names = np.frombuffer("\n".join(self._names).encode(), np.uint8)
        return {
            f"{name}.names": names,
            f"{name}.offsets": self._offsets,
            f"{name}.positions": self._positions,
        }

    @classmethod
    def from_arrays(cls, n: int, name: str, arrays: Mapping[str, NDArray[Any]]) -> Codes:
        """What `to_arrays` gave."""
        names = arrays[f"{name}.names"].tobytes().decode().split("\n")
        offsets = arrays[f"{name}.offsets"]
        return cls(n, names[: len(offsets) - 1], offsets, arrays[f"{name}.positions"])

    def counts(self) -> dict[str, int]:
        """How many films have each code."""
        return dict(zip(self._names, np.diff(self._offsets).tolist(), strict=True))

    def mask(self, code: str) -> Mask:
        """The films that have the code: bool[n]."""
        mask = np.zeros(self._n, bool)
        if (i := self._index.get(code)) is not None:
            mask[self._positions[self._offsets[i] : self._offsets[i + 1]]] = True
        return mask

    def any_of(self, codes: Iterable[str]) -> Mask:
        """The films that have at least one of the codes: bool[n]."""
        mask = np.zeros(self._n, bool)
        for code in codes:
            mask |= self.mask(code)
        return mask


@dataclass(frozen=True, slots=True, kw_only=True)
class FilmFacts:
    """What the filters ask, all arrays of length n in the order of popularity; 0 stands for unknown.

    `score` is in hundredths, 0..1000.
    """

    ids: NDArray[np.int64]
    is_series: Mask
    year: NDArray[np.int16]
    runtime_min: NDArray[np.int16]
    score: NDArray[np.int16]
    votes: NDArray[np.int32]
    genres: Codes
    languages: Codes
    countries: Codes
    certificates: Codes

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Named one-dimensional arrays that `from_arrays` takes."""
        arrays = {name: getattr(self, name) for name in _COLUMNS}
        for name in _CODES:
            arrays |= getattr(self, name).to_arrays(name)
        return arrays

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> FilmFacts:
        """What `to_arrays` gave."""
        n = len(arrays["ids"])
        columns: dict[str, Any] = {name: arrays[name] for name in _COLUMNS}
        return cls(**columns | {name: Codes.from_arrays(n, name, arrays) for name in _CODES})

    def masks(  # noqa: PLR0912  # one branch a filter reads best in one place
        self, filters: Filters, films_of_person: Mapping[int, NDArray[np.int64]]
    ) -> Iterator[tuple[str, Mask, Mask | None]]:
        """For each filter in use its name, the films that pass, and those whose value is known (None: all).

        Args:
            filters: what to narrow to.
            films_of_person: for each person in the filters, the positions of the films they had a part in.
        """
        for name in filters.in_use():
            value = getattr(filters, name)
            match name:
                case "kind":
                    yield name, self.is_series == (value is Kind.SERIES), None
                case "genre":
                    yield (
                        name,
                        np.logical_and.reduce([self.genres.mask(code) for code in value]),
                        self.genres.known,
                    )
                case "genre_out":
                    yield name, self.genres.known & ~self.genres.any_of(value), self.genres.known
                case "language":
                    yield name, self.languages.any_of(value), self.languages.known
                case "country":
                    yield name, self.countries.any_of(value), self.countries.known
                case "certificate":
                    yield name, self.certificates.any_of(value), self.certificates.known
                case "person":
                    mask = np.ones(len(self.ids), bool)
                    for person in value:
                        having = np.zeros(len(self.ids), bool)
                        having[films_of_person.get(person, np.empty(0, np.int64))] = True
                        mask &= having
                    yield name, mask, None
                case "year_min" | "year_max":
                    yield name, _between(self.year, name, value), self.year > 0
                case "runtime_min" | "runtime_max":
                    yield name, _between(self.runtime_min, name, value), self.runtime_min > 0
                case "score_min":
                    yield name, (self.score >= round(value * 100)) & (self.score > 0), self.score > 0
                case "votes_min":
                    yield name, self.votes >= max(value, 1), self.votes > 0


def _between(column: NDArray[np.int16], name: str, value: int) -> Mask:
    passing: Mask = (column >= value) if name.endswith("_min") else (column <= value)
    return passing & (column > 0)
