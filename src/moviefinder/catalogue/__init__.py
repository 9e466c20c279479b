"""The film catalogue that ships with MovieFinder: open it, look up films in it.

The file holds columns, and that is what is handed over: the server fills its tables from them at first start, where an
object a film would cost seconds. A `FilmRecord` is made when one is asked for. How the file is laid out is `columns`',
how it is made `build`'s, whether it is sound `check`'s.
"""

from __future__ import annotations

import json
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from moviefinder.catalogue.columns import MANIFEST, WIDTHS, read_members, unpack_numbers, unpack_texts
from moviefinder.errors import Invalid
from moviefinder.records import Credit, FilmRecord, Kind, Ref, Role

__all__ = [
    "SHIPPED",
    "Catalogue",
    "CodeColumns",
    "CreditColumns",
    "FilmColumns",
    "Manifest",
    "SimilarColumns",
    "TitleColumns",
    "open_catalogue",
    "shipped_manifest",
]

SHIPPED: Final = Path(__file__).resolve().parent.parent / "shipped" / "catalogue.zip"
FORMAT: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a catalogue file says of itself.

    Attributes:
        version: date of the data sets and start of the checksum, "2026.11.23-1a2b3c4d".
        checksum: SHA-256 over the sorted content, hexadecimal.
        films: how many there are.
        counts: what else there is how often, by name.
        sources: each data set behind it: name, licence, url, credit.
    """

    version: str
    checksum: str
    films: int
    counts: Mapping[str, int]
    sources: tuple[Mapping[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FilmColumns:
    """One value a film, in order of popularity: the film at position i has rank i + 1.

    `imdb` is "tt0133093", `tmdb` the number in namespace "tmdb" for movies and "tmdb-tv" for series. `score` runs from
    0 to 10. `sources` (field -> source, or two with a comma) are few distinct mappings, shared: do not write into them.
    """

    kind: list[str]
    title: list[str]
    original_title: list[str | None]
    year: list[int | None]
    end_year: list[int | None]
    runtime_min: list[int | None]
    certificate: list[str | None]
    score: list[float | None]
    votes: list[int | None]
    trailer: list[str | None]
    poster: list[str | None]
    sources: list[dict[str, str]]
    imdb: list[str | None]
    tmdb: list[str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class TitleColumns:
    """Main, original and alternative titles: `film` int32[t] positions in rising order, the main title first."""

    film: NDArray[np.int32]
    title: list[str]
    folded: list[str]
    is_main: list[bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeColumns:
    """Genres, languages or countries: `film` int32[m] positions in rising order, `code` in the order of the film."""

    film: NDArray[np.int32]
    code: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditColumns:
    """Who did what: `film` int32[m] in rising order, `person` int32[m] into `people`.

    `position` uint8[m] counts from 0 within a film's role.
    """

    film: NDArray[np.int32]
    person: NDArray[np.int32]
    role: list[str]
    position: NDArray[np.uint8]


@dataclass(frozen=True, slots=True, kw_only=True)
class SimilarColumns:
    """Films alike: those of film i stand at `offsets[i]:offsets[i + 1]`, best first.

    `offsets` int32[n + 1], `neighbours` int32[e] positions, `weights` uint8[e] from 1 to 255, on one scale for all.
    """

    offsets: NDArray[np.int32]
    neighbours: NDArray[np.int32]
    weights: NDArray[np.uint8]


@dataclass(frozen=True, kw_only=True)
class Catalogue:
    """A catalogue file in memory. Films are named by position, 0-based, best known first.

    `people` are distinct names; `people_folded` the same names as search compares them.
    """

    manifest: Manifest
    films: FilmColumns
    titles: TitleColumns
    genres: CodeColumns
    languages: CodeColumns
    countries: CodeColumns
    people: list[str]
    people_folded: list[str]
    credits: CreditColumns
    similar: SimilarColumns

    def __len__(self) -> int:
        return self.manifest.films

    def find(self, ref: Ref) -> int | None:
        """The position of the film with this reference, if there is one."""
        return self._positions.get(ref)

    def refs(self, position: int) -> tuple[Ref, ...]:
        """The references of one film."""
        films = self.films
        imdb, tmdb = films.imdb[position], films.tmdb[position]
        namespace = "tmdb-tv" if films.kind[position] == Kind.SERIES else "tmdb"
        return tuple(Ref(name, value) for name, value in (("imdb", imdb), (namespace, tmdb)) if value)

    def similar_to(self, position: int) -> list[tuple[int, float]]:
        """Positions of the films alike with weights above 0 and up to 1, best first."""
        start, end = (int(at) for at in self.similar.offsets[position : position + 2])
        neighbours = self.similar.neighbours[start:end].tolist()
        return list(zip(neighbours, (self.similar.weights[start:end] / 255).tolist(), strict=True))

    def record(self, position: int) -> FilmRecord:
        """Everything that the catalogue knows of one film."""
        films = self.films
        named = _rows(self.titles.film, position)
        title, original = films.title[position], films.original_title[position]
        return FilmRecord(
            refs=self.refs(position),
            kind=Kind(films.kind[position]),
            title=title,
            original_title=original,
            alternative_titles=tuple(
                name for name in self.titles.title[named] if name not in (title, original)
            ),
            year=films.year[position],
            end_year=films.end_year[position],
            runtime_min=films.runtime_min[position],
            genres=tuple(self.genres.code[_rows(self.genres.film, position)]),
            languages=tuple(self.languages.code[_rows(self.languages.film, position)]),
            countries=tuple(self.countries.code[_rows(self.countries.film, position)]),
            credits=tuple(
                Credit(
                    name=self.people[self.credits.person[row]],
                    role=Role(self.credits.role[row]),
                    position=int(self.credits.position[row]),
                )
                for row in range(*_rows(self.credits.film, position).indices(len(self.credits.film)))
            ),
            certificate=films.certificate[position],
            score=films.score[position],
            votes=films.votes[position],
            popularity=position + 1,
            poster=films.poster[position],
            trailer=films.trailer[position],
            sources=films.sources[position],
        )

    @cached_property
    def _positions(self) -> dict[Ref, int]:
        return {ref: position for position in range(len(self)) for ref in self.refs(position)}


def open_catalogue(path: Path | None = None) -> Catalogue:
    """Read a catalogue file, the shipped one unless another is named.

    Raises:
        Invalid: there is none, or it is damaged or of another format.
    """
    path = path or SHIPPED
    try:
        members = read_members(path)
        manifest = json.loads(members[MANIFEST])
        if manifest["format"] != FORMAT:
            raise Invalid(
                f"{path.name} has format {manifest['format']}, not {FORMAT}. {_REMEDY}", field="file"
            )
        return _Members(members).catalogue(_manifest(manifest))
    except FileNotFoundError as error:
        raise Invalid(f"There is no catalogue at {path}. {_REMEDY}", field="file") from error
    except (OSError, zipfile.BadZipFile, zlib.error, KeyError, IndexError, TypeError, ValueError) as error:
        raise Invalid(f"{path.name} is not a catalogue, or is damaged. {_REMEDY}", field="file") from error


def shipped_manifest() -> Manifest:
    """What the shipped catalogue says of itself, without reading the rest.

    Raises:
        Invalid: the file is missing or damaged.
    """
    try:
        return _manifest(json.loads(read_members(SHIPPED, [MANIFEST])[MANIFEST]))
    except (OSError, zipfile.BadZipFile, zlib.error, KeyError, TypeError, ValueError) as error:
        raise Invalid(f"{SHIPPED.name} is missing or damaged. {_REMEDY}", field="file") from error


_REMEDY: Final = "Install MovieFinder again, or make one with 'moviefinder catalogue build'."


def _manifest(data: Mapping[str, object]) -> Manifest:
    names = ("version", "checksum", "films", "counts", "sources")
    values = {name: data[name] for name in names}
    return Manifest(**values | {"sources": tuple(values["sources"])})  # type: ignore[arg-type]  # our own JSON


def _rows(film: NDArray[np.int32], position: int) -> slice:
    """The rows of one film in a column sorted by film."""
    start, end = np.searchsorted(film, [position, position + 1])
    return slice(int(start), int(end))


class _Members:
    """Columns out of the members of a file."""

    def __init__(self, members: Mapping[str, bytes]) -> None:
        self._members = members

    def numbers(self, name: str) -> NDArray[np.int64]:
        for width in WIDTHS:
            if (data := self._members.get(f"{name}.{width}")) is not None:
                return unpack_numbers(data, width)
        raise KeyError(name)

    def texts(self, name: str) -> list[str]:
        return unpack_texts(self._members[f"{name}.txt"])

    def optional_texts(self, name: str) -> list[str | None]:
        return [text or None for text in self.texts(name)]

    def optional_numbers(self, name: str) -> list[int | None]:
        return [number or None for number in self.numbers(name).tolist()]

    def coded(self, name: str) -> list[str]:
        vocabulary = self.texts(f"{name}.vocabulary")
        return [vocabulary[code] for code in self.numbers(name).tolist()]

    def codes(self, name: str) -> CodeColumns:
        return CodeColumns(
            film=self.numbers(f"{name}.film").astype(np.int32), code=self.coded(f"{name}.code")
        )

    def catalogue(self, manifest: Manifest) -> Catalogue:
        sources = json.loads(self._members["films.sources.vocabulary.json"])
        films = FilmColumns(
            kind=self.coded("films.kind"),
            title=self.texts("films.title"),
            original_title=self.optional_texts("films.original_title"),
            year=self.optional_numbers("films.year"),
            end_year=self.optional_numbers("films.end_year"),
            runtime_min=self.optional_numbers("films.runtime_min"),
            certificate=[name or None for name in self.coded("films.certificate")],
            score=[number / 100 if number else None for number in self.numbers("films.score").tolist()],
            votes=self.optional_numbers("films.votes"),
            trailer=self.optional_texts("films.trailer"),
            poster=[f"/{name}.jpg" if name else None for name in self.texts("films.poster")],
            sources=[sources[code] for code in self.numbers("films.sources").tolist()],
            imdb=[f"tt{number:07d}" if number else None for number in self.numbers("films.imdb").tolist()],
            tmdb=[str(number) if number else None for number in self.numbers("films.tmdb").tolist()],
        )
        titles = TitleColumns(
            film=self.numbers("titles.film").astype(np.int32),
            title=self.texts("titles.title"),
            folded=self.texts("titles.folded"),
            is_main=[bool(flag) for flag in self.numbers("titles.is_main").tolist()],
        )
        credits = CreditColumns(
            film=self.numbers("credits.film").astype(np.int32),
            person=self.numbers("credits.person").astype(np.int32),
            role=self.coded("credits.role"),
            position=self.numbers("credits.position").astype(np.uint8),
        )
        lengths = self.numbers("similar.lengths")
        similar = SimilarColumns(
            offsets=np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32),
            neighbours=self.numbers("similar.neighbours").astype(np.int32),
            weights=self.numbers("similar.weights").astype(np.uint8),
        )
        return Catalogue(
            manifest=manifest,
            films=films,
            titles=titles,
            genres=self.codes("genres"),
            languages=self.codes("languages"),
            countries=self.codes("countries"),
            people=self.texts("people"),
            people_folded=self.texts("people.folded"),
            credits=credits,
            similar=similar,
        )
