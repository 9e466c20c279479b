"""Facts of all films as arrays, and filters as bits over them: a word holds 64 films, a catalogue a few hundred words.

A filter's bits are made once and kept; combining and counting several takes microseconds. A film whose value is unknown
does not pass a filter on that value, and is counted as left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import partial, reduce
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from moviefinder.records import Kind

Mask = NDArray[np.bool_]
Bits = NDArray[np.uint64]
"""A mask, 64 films a word, the first in the lowest bit; what is left of the last word is 0."""

_KEPT: Final = 1_000
"""So many masks are kept, in 2.6 KB each; there are fewer codes than that, and a few hundred years and minutes."""

_COLUMNS: Final = ("ids", "is_series", "year", "runtime_min", "score", "votes")
_COLUMN_OF: Final = {
    "year_min": "year", "year_max": "year", "runtime_min": "runtime_min", "runtime_max": "runtime_min"
}  # fmt: skip
_CODES: Final = ("genres", "languages", "countries", "certificates")


def pack(mask: Mask) -> Bits:
    """A mask as bits: uint64[ceil(n / 64)]."""
    octets = np.packbits(mask, bitorder="little")
    bits = np.zeros((len(octets) + 7) // 8, np.uint64)
    bits.view(np.uint8)[: len(octets)] = octets
    return bits


def unpack(bits: Bits, n: int) -> Mask:
    """Bits as a mask of n films: bool[n]."""
    return np.unpackbits(bits.view(np.uint8), count=n, bitorder="little").view(np.bool_)


def count(bits: Bits) -> int:
    """How many films the bits hold."""
    return int(np.bitwise_count(bits).sum())


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
        return [name for name in _FILTERS if getattr(self, name) not in (None, ())]


_FILTERS: Final = tuple(field.name for field in fields(Filters))


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
        """How many films have each code, of those that any has."""
        counts = zip(self._names, np.diff(self._offsets).tolist(), strict=True)
        return {name: films for name, films in counts if films}

    def positions(self) -> dict[str, NDArray[np.int32]]:
        """The films that have each code."""
        return dict(zip(self._names, np.split(self._positions, self._offsets[1:-1]), strict=False))

    def __contains__(self, code: str) -> bool:
        return code in self._index

    def laid_over(self, n: int, codes: Mapping[int, Sequence[str]]) -> Codes:
        """The codes of n films: these, and those of some positions in the stead of what they were."""
        fresh = [(position, code) for position, of in codes.items() for code in of]
        names = sorted({*self._names, *(code for _, code in fresh)})
        number = {name: i for i, name in enumerate(names)}
        renumbered = np.array([number[name] for name in self._names], np.uint16)
        changed = np.zeros(n, bool)
        changed[list(codes)] = True
        kept = np.flatnonzero(~changed[self._positions])
        numbers = np.repeat(renumbered, np.diff(self._offsets))[kept]
        numbers = np.concatenate([numbers, np.array([number[code] for _, code in fresh], np.uint16)])
        positions = np.concatenate([self._positions[kept], np.array([at for at, _ in fresh], np.int32)])
        offsets = np.zeros(len(names) + 1, np.int32)
        np.cumsum(np.bincount(numbers, minlength=len(names)), out=offsets[1:])
        return Codes(n, names, offsets, positions[np.argsort(numbers, kind="stable")])

    def mask(self, code: str) -> Mask:
        """The films that have the code: bool[n]."""
        mask = np.zeros(self._n, bool)
        if (i := self._index.get(code)) is not None:
            mask[self._positions[self._offsets[i] : self._offsets[i + 1]]] = True
        return mask


@dataclass(frozen=True, slots=True, kw_only=True)
class OneFilm:
    """What the filters ask of one film; as in `FilmFacts`."""

    is_series: bool = False
    year: int = 0
    runtime_min: int = 0
    score: int = 0
    votes: int = 0
    genres: Sequence[str] = ()
    languages: Sequence[str] = ()
    countries: Sequence[str] = ()
    certificates: Sequence[str] = ()


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
    _kept: dict[tuple[str, object], Bits] = field(default_factory=dict, init=False, repr=False, compare=False)

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

    def laid_over(self, ids: NDArray[np.int64], facts: Mapping[int, OneFilm]) -> FilmFacts:
        """The facts of more films: these, and those of some positions in the stead of what they were.

        Args:
            ids: int64[n], those of these facts first.
            facts: by position; of every position beyond these.
        """
        n, at = len(ids), np.fromiter(facts, np.int64, len(facts))
        columns: dict[str, Any] = {"ids": ids}
        for name in _COLUMNS[1:]:
            before = getattr(self, name)
            column = np.zeros(n, before.dtype)
            column[: len(before)] = before
            column[at] = [getattr(film, name) for film in facts.values()]
            columns[name] = column
        for name in _CODES:
            codes = {position: getattr(film, name) for position, film in facts.items()}
            columns[name] = getattr(self, name).laid_over(n, codes)
        return FilmFacts(**columns)

    def masks(
        self, filters: Filters, films_of_person: Mapping[int, NDArray[np.int64]]
    ) -> Iterator[tuple[str, Bits, Bits | None]]:
        """For each filter in use its name, the films that pass, and those whose value is known (None: all).

        Args:
            filters: what to narrow to.
            films_of_person: for each person in the filters, the positions of the films they had a part in.
        """
        for name in filters.in_use():
            value = getattr(filters, name)
            match name:
                case "kind":
                    series = self._bits(name, None, lambda: self.is_series)
                    yield name, series if value is Kind.SERIES else self._all() & ~series, None
                case "genre":
                    having, known = self._codes("genres", value)
                    yield name, reduce(np.bitwise_and, having), known
                case "genre_out":
                    having, known = self._codes("genres", value)
                    yield name, known & ~reduce(np.bitwise_or, having), known
                case "language" | "country" | "certificate":
                    having, known = self._codes({"country": "countries"}.get(name, f"{name}s"), value)
                    yield name, reduce(np.bitwise_or, having), known
                case "person":
                    yield (
                        name,
                        reduce(np.bitwise_and, [self._having(films_of_person, at) for at in value]),
                        None,
                    )
                case "votes_min":
                    yield name, *self._least("votes", max(value, 1))
                case "score_min":
                    yield name, *self._least("score", max(round(value * 100), 1))
                case "year_min" | "runtime_min":
                    yield name, *self._least(_COLUMN_OF[name], value)
                case "year_max" | "runtime_max":
                    more, known = self._least(_COLUMN_OF[name], value + 1)
                    yield name, known & ~more, known

    def _all(self) -> Bits:
        return self._bits("all", None, lambda: np.ones(len(self.ids), bool))

    def _codes(self, name: str, values: Iterable[str]) -> tuple[list[Bits], Bits]:
        """The films that have each code, and those of which any is known."""
        codes: Codes = getattr(self, name)
        having = [self._bits(name, code, partial(codes.mask, code)) for code in values]
        return having, self._bits(name, None, lambda: codes.known)

    def _least(self, name: str, value: int) -> tuple[Bits, Bits]:
        """The films of which a column holds so much at least, and those of which it is known."""
        column = getattr(self, name)
        return (
            self._bits(name, value, lambda: (column >= value) & (column > 0)),
            self._bits(name, 1, lambda: column > 0),
        )

    def _having(self, films_of_person: Mapping[int, NDArray[np.int64]], person: int) -> Bits:
        mask = np.zeros(len(self.ids), bool)
        mask[films_of_person.get(person, ())] = True
        return pack(mask)

    def _bits(self, name: str, value: object, make: Callable[[], Mask]) -> Bits:
        if (bits := self._kept.get((name, value))) is None:
            if len(self._kept) >= _KEPT:
                self._kept.clear()
            bits = self._kept[name, value] = pack(make())
        return bits
