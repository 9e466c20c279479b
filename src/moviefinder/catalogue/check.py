"""Whether a catalogue file is sound: counts, coverage, ids, and that every film can be reached from every other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np

from moviefinder.catalogue import SHIPPED, Catalogue, columns, open_catalogue
from moviefinder.catalogue.reach import LEAST_NAMED, missed, turned
from moviefinder.catalogue.similar import LONGEST, SHORTEST
from moviefinder.records import GENRES, NAMESPACES, Kind
from moviefinder.titles.fold import fold

_SHOWN: Final = 3  # so many examples of a fault are named
FIELDS: Final = (
    "imdb tmdb original_title alternative_titles year end_year runtime_min genres languages countries directors cast "
    "certificate score trailer poster"
).split()


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a check found.

    Attributes:
        version: of the file.
        counts: what there is how often.
        coverage: field -> how many films have it.
        faults: one sentence each; none means sound.
    """

    version: str
    counts: Mapping[str, int]
    coverage: Mapping[str, int]
    faults: tuple[str, ...]


def check(path: Path | None = None) -> Report:
    """Examine a catalogue file, the shipped one unless another is named.

    Raises:
        Invalid: there is no such file, or it cannot be read at all.
    """
    path = path or SHIPPED
    catalogue = open_catalogue(path)
    faults = [*_checksum_faults(path, catalogue), *_id_faults(catalogue), *_title_faults(catalogue)]
    faults += [*_column_faults(catalogue), *_similar_faults(catalogue)]
    lengths = np.diff(catalogue.similar.offsets)
    counts = {
        "films": len(catalogue),
        **catalogue.manifest.counts,
        "shortest similar list": int(lengths.min(initial=LONGEST)),
        "longest similar list": int(lengths.max(initial=0)),
        "bytes": path.stat().st_size,
    }
    return Report(
        version=catalogue.manifest.version,
        counts=counts,
        coverage=_coverage(catalogue),
        faults=tuple(faults),
    )


def _coverage(catalogue: Catalogue) -> dict[str, int]:
    films = catalogue.films
    having: dict[str, set[int]] = {field: set() for field in FIELDS}
    for field in FIELDS:
        if hasattr(films, field):
            having[field].update(at for at, value in enumerate(getattr(films, field)) if value)
    for field in ("genres", "languages", "countries"):
        having[field].update(getattr(catalogue, field).film.tolist())
    for at, role in zip(catalogue.credits.film.tolist(), catalogue.credits.role, strict=True):
        having["cast" if role == "actor" else "directors"].add(at)
    for at, name in zip(catalogue.titles.film.tolist(), catalogue.titles.title, strict=True):
        if name not in (films.title[at], films.original_title[at]):
            having["alternative_titles"].add(at)
    return {field: len(positions) for field, positions in having.items()}


def _checksum_faults(path: Path, catalogue: Catalogue) -> Iterator[str]:
    found = columns.checksum(columns.read_members(path))
    if found != catalogue.manifest.checksum:
        yield f"The content has the checksum {found[:16]}…, the manifest says {catalogue.manifest.checksum[:16]}…."
    if not catalogue.manifest.version.endswith(f"-{catalogue.manifest.checksum[:8]}"):
        yield f"The version {catalogue.manifest.version} does not end in the start of the checksum."


def _id_faults(catalogue: Catalogue) -> Iterator[str]:
    refs = [ref for position in range(len(catalogue)) for ref in catalogue.refs(position)]
    yield from _named(
        "reference is malformed",
        [str(ref) for ref in refs if not NAMESPACES[ref.namespace].fullmatch(ref.value)],
    )
    repeated = [str(ref) for ref, count in Counter(refs).items() if count > 1]
    yield from _named("reference stands for two films", repeated)
    without = [title for at, title in enumerate(catalogue.films.title) if not catalogue.refs(at)]
    yield from _named("film has no reference", without)


def _title_faults(catalogue: Catalogue) -> Iterator[str]:
    films, titles = catalogue.films, catalogue.titles
    rows = list(zip(titles.film.tolist(), titles.title, titles.folded, titles.is_main, strict=True))
    mains = [(at, name) for at, name, _, is_main in rows if is_main]
    if mains != list(enumerate(films.title)):
        yield "Not every film has its title, and that one only, as main title."
    yield from _named("title is empty", [str(at) for at, name, _, _ in rows if not name.strip()])
    yield from _named(
        "title is not folded as search folds it now; build the file again",
        [name for _, name, folded, _ in rows if folded != fold(name)],
    )
    twice = [folded for (_, folded), count in Counter((row[0], row[2]) for row in rows).items() if count > 1]
    yield from _named("title stands twice for a film", twice)


def _column_faults(catalogue: Catalogue) -> Iterator[str]:
    films, n = catalogue.films, len(catalogue)
    lengths = {field: len(getattr(films, field)) for field in films.__slots__}
    yield from _named(
        "column has not one value a film", [name for name, length in lengths.items() if length != n]
    )
    tables = {
        "titles": catalogue.titles.film,
        "genres": catalogue.genres.film,
        "languages": catalogue.languages.film,
        "countries": catalogue.countries.film,
        "credits": catalogue.credits.film,
    }
    yield from _named(
        "table names films that are not there, or not in order",
        [name for name, at in tables.items() if len(at) and (at.max() >= n or (np.diff(at) < 0).any())],
    )
    if len(catalogue.credits.person) and catalogue.credits.person.max() >= len(catalogue.people):
        yield "A credit names a person who is not there."
    if catalogue.people_folded != [fold(name) for name in catalogue.people]:
        yield "Names of people are not folded as search folds them now; build the file again."
    yield from _named("kind is unknown", sorted(set(films.kind).difference(Kind)))
    yield from _named("genre is unknown", sorted(set(catalogue.genres.code).difference(GENRES)))
    yield from _named(
        "score is out of range",
        [films.title[at] for at, score in enumerate(films.score) if score and score > 10],
    )


def _similar_faults(catalogue: Catalogue) -> Iterator[str]:
    titles, n = catalogue.films.title, len(catalogue)
    offsets, neighbours, weights = (
        catalogue.similar.offsets.tolist(),
        catalogue.similar.neighbours.tolist(),
        catalogue.similar.weights.tolist(),
    )
    if len(offsets) != n + 1 or offsets[-1] != len(neighbours) or len(neighbours) != len(weights):
        yield "The similar lists do not fit together: offsets, neighbours and weights differ in length."
        return
    lists = [
        list(zip(neighbours[start:end], weights[start:end], strict=True)) for start, end in pairwise(offsets)
    ]
    yield from _named(
        f"similar list has not {SHORTEST} to {LONGEST} films",
        [titles[at] for at, row in enumerate(lists) if not SHORTEST <= len(row) <= LONGEST],
    )
    dangling = [titles[at] for at, row in enumerate(lists) if any(film >= n for film, _ in row)]
    if dangling:
        yield from _named("similar list names a film that is not there", dangling)
        return
    yield from _named(
        "film is similar to itself",
        [titles[at] for at, row in enumerate(lists) if at in {film for film, _ in row}],
    )
    yield from _named(
        "similar list names a film twice",
        [titles[at] for at, row in enumerate(lists) if len({film for film, _ in row}) < len(row)],
    )
    yield from _named(
        "similar list is not in order of weight, or has a weight of 0",
        [
            titles[at]
            for at, row in enumerate(lists)
            if [w for _, w in row] != sorted((w or 999 for _, w in row))[::-1]
        ],
    )
    named = Counter(film for row in lists for film, _ in {film: 0 for film, _ in row}.items())
    yield from _named(
        f"film is named by fewer than {LEAST_NAMED} others",
        [titles[at] for at in range(n) if named[at] < LEAST_NAMED],
    )
    first = titles[0] if titles else ""
    yield from _named(f"film cannot be reached from {first}", [titles[at] for at in missed(lists)])
    yield from _named(f"film does not lead to {first}", [titles[at] for at in missed(turned(lists))])


def _named(fault: str, culprits: list[str]) -> Iterator[str]:
    if culprits:
        more = f" and {len(culprits) - _SHOWN:,} more" if len(culprits) > _SHOWN else ""
        yield f"{len(culprits):,} x {fault}: {', '.join(culprits[:_SHOWN])}{more}."
