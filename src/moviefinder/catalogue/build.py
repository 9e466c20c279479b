"""The catalogue file from the data sets: choose, merge, order, find similar films, write.

The same input gives the same content everywhere: nothing is taken from the clock or from the order of a hash, and
every figure is rounded before it decides anything.
"""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from moviefinder.catalogue import FORMAT, columns, readers, similar, sources
from moviefinder.catalogue.corrections import SAME_FILM, corrected
from moviefinder.catalogue.readers import Fact
from moviefinder.records import FilmRecord, Kind, Role
from moviefinder.titles.fold import fold

DATA_DATE: Final = (
    "2026.11.23"  # when the data sets were last gathered; not the clock, so that a build can be repeated
)
MANY_RATINGS: Final = 100  # films with so many MovieLens ratings are in, however little else is known
ENOUGH_TMDB_VOTES: Final = 100  # what a movie known from X alone must have (data policy)


def build(data: Path, out: Path, *, say: Callable[[str], None] = lambda _: None) -> Mapping[str, object]:
    """Make a catalogue file.

    Args:
        data: folder of the data sets.
        out: file to write; replaced whole.
        say: told of each step.

    Returns:
        The manifest that was written.

    Raises:
        Invalid: a data set is missing or not of its form.
    """
    facts = readers.facts(data)
    say(f"{len(facts):,} films read")
    known = (fact for raw in facts if (fact := corrected(raw)) is not None)
    chosen = by_popularity(merged(filter(is_wanted, known)))
    say(f"{len(chosen):,} chosen")
    ratings = readers.ratings(data)
    say(f"{len(ratings.stars):,} ratings of {ratings.n_people:,} people read")
    lists = similar.similar_lists(chosen, ratings, say=say)
    members = _members([fact.record for fact in chosen], lists)
    checksum = columns.checksum(members)
    manifest = {
        "format": FORMAT,
        "version": f"{DATA_DATE}-{checksum[:8]}",
        "checksum": checksum,
        "films": len(chosen),
        "counts": _counts([fact.record for fact in chosen], lists),
        "sources": sources.SOURCES,
    }
    columns.write(out, manifest, members)
    return manifest


def is_wanted(fact: Fact) -> bool:
    """Whether a film is for the catalogue: series, complete rows, and what many people rated."""
    if fact.record.kind is Kind.SERIES:
        return True
    if fact.origins == "X":
        return fact.tmdb_votes >= ENOUGH_TMDB_VOTES
    return fact.is_complete or (fact.record.votes or 0) >= MANY_RATINGS


def merged(facts: Iterable[Fact]) -> list[Fact]:
    """One fact a film: rows with the same TMDB number, or the same title, year and director, become one."""
    first: dict[object, int] = {}
    kept: list[Fact] = []
    for fact in facts:
        at = next((first[key] for key in _identities(fact) if key in first), None)
        if at is None:
            at = len(kept)
            kept.append(fact)
        else:
            kept[at] = _merge(kept[at], fact)
        for key in _identities(kept[at]):
            first.setdefault(key, at)
    return kept


def by_popularity(facts: Iterable[Fact]) -> list[Fact]:
    """The films in order of fame, each with its rank; ties go to the smaller IMDb id."""
    ordered = sorted(facts, key=lambda fact: (-_fame(fact), fact.record.refs[0].value))
    return [
        replace(fact, record=replace(fact.record, popularity=rank))
        for rank, fact in enumerate(ordered, start=1)
    ]


def _fame(fact: Fact) -> float:
    """How widely known a film is, as the logarithm of an audience.

    MovieLens counts ratings since 1995 and ends in July 2023; TMDB's votes go on. A vote is taken for 1.6 ratings,
    between the films of the 1990s (3.9, the median) and those of 2005 to 2010 (0.85); both are averaged, but the
    younger a film, the more TMDB alone speaks, since MovieLens saw less of it (0.08 for 2022 and later). Films of the
    last years are lifted, by a factor of two at most, because their votes are still coming in.
    """
    film, votes = fact.record, fact.tmdb_votes
    year = film.year or 2000
    rated = film.votes or 0
    watched = votes * 1.6
    if year >= 2022:
        watched *= 1 + min(year - 2021, 5) / 5
    if not rated or (film.kind is Kind.SERIES and watched > rated):
        audience = float(watched)
    elif not votes:
        audience = rated * 0.8  # no vote known: mostly older and lesser films
    elif year <= 2015:
        audience = math.sqrt(rated * watched)
    else:
        audience = max(math.sqrt(rated * watched), watched * min(1.0, (year - 2015) / 7))
    return round(math.log1p(audience), 6)


def _identities(fact: Fact) -> list[object]:
    film = fact.record
    numbers: list[object] = [ref for ref in film.refs if ref.namespace != "imdb"]
    numbers.append(SAME_FILM.get(film.refs[0].value, film.refs[0].value))
    directors = tuple(sorted(credit.name for credit in film.credits if credit.role is not Role.ACTOR))
    if film.year and directors:
        numbers.append((film.kind, fold(film.title), film.year, directors))
    return numbers


def _merge(one: Fact, other: Fact) -> Fact:
    """Two rows of one film: the fuller is kept, the other fills its gaps, and their ratings are added up."""
    full, thin = (other, one) if _fullness(other) > _fullness(one) else (one, other)
    film, rest = full.record, thin.record
    gaps = {
        name: getattr(rest, name)
        for name in rest.sources
        if name not in film.sources and name not in ("title", "original_title", "alternative_titles")
    }
    votes = (film.votes or 0) + (rest.votes or 0)
    if film.votes and rest.votes and film.score is not None and rest.score is not None:
        gaps["votes"] = votes
        gaps["score"] = round((film.score * film.votes + rest.score * rest.votes) / votes, 2)
    others = dict.fromkeys((*film.alternative_titles, rest.title, *rest.alternative_titles))
    taken = {fold(film.title), fold(film.original_title or "")}
    gaps["alternative_titles"] = tuple(name for name in others if fold(name) not in taken)
    added = {name: rest.sources[name] for name in gaps if name in rest.sources and name not in film.sources}
    return replace(
        full,
        record=replace(film, **gaps, sources={**film.sources, **added}),
        origins=full.origins + thin.origins,
        movielens_ids=(*full.movielens_ids, *thin.movielens_ids),
        tmdb_votes=max(full.tmdb_votes, thin.tmdb_votes),
        quality=max(full.quality, thin.quality),
    )


def _fullness(fact: Fact) -> tuple[bool, int]:
    return fact.is_complete, len(fact.record.sources)


def _members(films: Sequence[FilmRecord], lists: similar.SimilarLists) -> dict[str, bytes]:
    """Every column of the file by member name."""
    members: dict[str, bytes] = {}

    def numbers(name: str, values: Any, width: str) -> None:
        members[f"{name}.{width}"] = columns.pack_numbers(values, width)

    def texts(name: str, values: Iterable[str | None]) -> None:
        members[f"{name}.txt"] = columns.pack_texts(values)

    def coded(name: str, values: Sequence[str]) -> None:
        vocabulary = sorted(set(values))
        code_of = {value: code for code, value in enumerate(vocabulary)}
        texts(f"{name}.vocabulary", vocabulary)
        numbers(name, [code_of[value] for value in values], "u1")

    coded("films.kind", [film.kind.value for film in films])
    texts("films.title", (film.title for film in films))
    texts("films.original_title", (film.original_title for film in films))
    numbers("films.year", (film.year or 0 for film in films), "u2")
    numbers("films.end_year", (film.end_year or 0 for film in films), "u2")
    numbers("films.runtime_min", (film.runtime_min or 0 for film in films), "u2")
    coded("films.certificate", [film.certificate or "" for film in films])
    numbers("films.score", (round((film.score or 0) * 100) for film in films), "u2")
    numbers("films.votes", (film.votes or 0 for film in films), "u4")
    texts("films.trailer", (film.trailer for film in films))
    texts("films.poster", ((film.poster or "").removeprefix("/").removesuffix(".jpg") for film in films))
    numbers("films.imdb", (int(_value(film, "imdb").removeprefix("tt") or 0) for film in films), "u4")
    numbers("films.tmdb", (int(_value(film, "tmdb") or _value(film, "tmdb-tv") or 0) for film in films), "u4")
    told = [json.dumps(dict(sorted(film.sources.items()))) for film in films]
    distinct = sorted(set(told))
    members["films.sources.vocabulary.json"] = f"[{','.join(distinct)}]".encode()
    code_of_told = {text: code for code, text in enumerate(distinct)}
    numbers("films.sources", [code_of_told[text] for text in told], "u2")

    named = [
        (at, name, folded, main) for at, film in enumerate(films) for name, folded, main in _titles(film)
    ]
    numbers("titles.film", (row[0] for row in named), "u2")
    texts("titles.title", (row[1] for row in named))
    texts("titles.folded", (row[2] for row in named))
    numbers("titles.is_main", (row[3] for row in named), "u1")

    for name in ("genres", "languages", "countries"):
        rows = [(at, code) for at, film in enumerate(films) for code in getattr(film, name)]
        numbers(f"{name}.film", (row[0] for row in rows), "u2")
        coded(f"{name}.code", [row[1] for row in rows])

    people = sorted({credit.name for film in films for credit in film.credits})
    number_of = {name: number for number, name in enumerate(people)}
    credits = [(at, credit) for at, film in enumerate(films) for credit in film.credits]
    texts("people", people)
    texts("people.folded", map(fold, people))
    numbers("credits.film", (at for at, _ in credits), "u2")
    numbers("credits.person", (number_of[credit.name] for _, credit in credits), "u4")
    coded("credits.role", [credit.role.value for _, credit in credits])
    numbers("credits.position", (credit.position for _, credit in credits), "u1")

    numbers("similar.lengths", lists.lengths, "u1")
    numbers("similar.neighbours", lists.neighbours, "u2")
    numbers("similar.weights", lists.weights, "u1")
    return members


def _titles(film: FilmRecord) -> list[tuple[str, str, bool]]:
    """A film's names as title, folded, whether it is the main one; no two that fold alike."""
    named: dict[str, tuple[str, str, bool]] = {}
    for name in (film.title, film.original_title, *film.alternative_titles):
        if name and (folded := fold(name)) and folded not in named:
            named[folded] = (name, folded, not named)
    return list(named.values())


def _value(film: FilmRecord, namespace: str) -> str:
    return next((ref.value for ref in film.refs if ref.namespace == namespace), "")


def _counts(films: Sequence[FilmRecord], lists: similar.SimilarLists) -> dict[str, int]:
    counts: dict[str, int] = defaultdict(int)
    for film in films:
        counts["movies" if film.kind is Kind.MOVIE else "series"] += 1
        counts["titles"] += len(_titles(film))
    counts["people"] = len({credit.name for film in films for credit in film.credits})
    counts["similar"] = len(lists.neighbours)
    return dict(counts)
