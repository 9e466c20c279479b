"""Public data sets on disk, read and cleaned: film facts, MovieLens titles and ratings.

Each function reads one kind of file and gives plain values. What is chosen from them, how they are merged and in which
order they stand is `build`'s; names of languages and countries are `places`', names of films `names`'.
"""

from __future__ import annotations

import csv
import gzip
import html
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TextIO

import numpy as np
from numpy.typing import NDArray

from moviefinder.catalogue import names, places
from moviefinder.errors import Invalid
from moviefinder.records import GENRES, Credit, FilmRecord, Kind, Ref, Role

FACTS: Final = "film-facts/films.tsv.gz"
MOVIELENS_TITLES: Final = "movielens-latest-2023/movies.csv.gz"
TRAILERS: Final = "movielens-youtube-trailers/ml-20m-youtube.csv.gz"
SAME_PEOPLE: Final = "movielens-same-people.csv"
RATINGS: Final[Mapping[str, str]] = {
    "movielens-latest-small-2015-04": "ratings.csv.gz",
    "movielens-latest-small-2015-08": "ratings.csv.gz",
    "movielens-latest-small-2016-01": "ratings.csv.gz",
    "movielens-latest-small-2016": "ratings.csv.gz",
    "movielens-latest-small-2018": "ratings.csv.gz",
    "movielens-latest-2023": "ratings-first-2149-users.csv.gz",
}
"""Folder of each MovieLens edition that may be redistributed -> its file of ratings."""

FIRST_YEAR: Final = 1874  # Passage de Venus, the oldest film that MovieLens lists
LAST_YEAR: Final = 2027  # the data sets end in 2026 and announce a year ahead; anything later is a slip
LONGEST_MIN: Final = 1000  # longer ones are whole series counted as one film, or slips

_GENRE_SLUGS: Final = {"reality-tv": "reality", "talk-show": "talk", "(no genres listed)": ""}
_CERTIFICATES: Final = frozenset(
    "G PG PG-13 R NC-17 NR TV-Y TV-Y7 TV-G TV-PG TV-14 TV-MA".split()
)  # the US ones; a dozen rows carry those of other countries, which would read as wrong here
_FEW_VOTES: Final = 50
_ADDED_VOTES: Final = 100
_AVERAGE: Final = 6.2  # of the films that few people know; the famous ones have 7
_NOT_OF_TMDB: Final = ("film-noir", "musical")  # genres that MovieLens has and TMDB has not
_POSTER: Final = re.compile(r"/[A-Za-z0-9]{8,64}\.jpg")
_TRAILER: Final = re.compile(r"[\w-]{11}", re.ASCII)
_CERTIFICATE_SPELLINGS: Final = {"PG13": "PG-13"}
_FACT_COLUMNS: Final = frozenset(
    "imdb_id kind title original_title year runtime_minutes genres languages countries directors cast certificate "
    "tmdb_id tmdb_rating tmdb_votes tmdb_poster_path youtube_trailer_key movielens_id movielens_mean movielens_count "
    "sources".split()
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One row of film facts: what may be shipped, and what only helps to choose and order.

    Attributes:
        record: the facts, without a popularity rank.
        origins: letters of the data sets behind the row, as film-facts names them.
        movielens_ids: MovieLens' numbers, by which ratings are joined; two where it lists a film twice.
        tmdb_votes: how many voted on TMDB; orders films, never shipped.
        quality: how well it is liked, 0 to 10, near the average where few voted; never shipped.
    """

    record: FilmRecord
    origins: str
    movielens_ids: tuple[int, ...]
    tmdb_votes: int
    quality: float

    @property
    def is_complete(self) -> bool:
        """Whether everything is known that a card of the page shows."""
        film = self.record
        has_director = any(credit.role is not Role.ACTOR for credit in film.credits)
        has_cast = any(credit.role is Role.ACTOR for credit in film.credits)
        return bool(
            film.year and film.genres and film.poster and film.runtime_min and has_director and has_cast
        )


def facts(folder: Path) -> list[Fact]:
    """Read every film that the data sets know, cleaned, in the order of the file.

    Raises:
        Invalid: a file or column is missing.
    """
    listed = {int(row["movieId"]): row for row in _csv(folder, MOVIELENS_TITLES)}
    trailers = _listed_trailers(folder)
    rows = list(_fact_rows(folder))
    english = names.common_words(row["title"] for row in rows if "United States" in row["countries"])
    return [_fact(row, listed, trailers, english) for row in rows]


def _fact_rows(folder: Path) -> Iterator[dict[str, str]]:
    with _opened(folder, FACTS) as file:
        columns = next(file, "").rstrip("\n").split("\t")
        if missing := sorted(_FACT_COLUMNS.difference(columns)):
            raise Invalid(f"{FACTS} has no column '{missing[0]}'. Is the data folder complete?", field="data")
        for line in file:
            cells = [clean(cell) for cell in line.rstrip("\n").split("\t")]
            if len(cells) == len(columns):
                yield dict(zip(columns, cells, strict=True))


def _fact(
    row: Mapping[str, str],
    listed: Mapping[int, Mapping[str, str]],
    trailers: frozenset[tuple[int, str]],
    english: frozenset[str],
) -> Fact:
    origins = row["sources"]
    is_series = row["kind"] == "tv"
    of_tmdb = bool(set("BDX").intersection(origins))
    movielens_id = _number(row["movielens_id"])
    movielens = listed.get(movielens_id or 0, {"title": "", "genres": ""})
    listed_name = clean(movielens["title"])
    film = names.read_names(
        # From MovieLens film-facts took what stands before the first bracket, and the first bracket as original title.
        title=row["title"] if of_tmdb or not listed_name else "",
        original_title=row["original_title"] if "X" in origins else "",
        listed=listed_name,
        english=english,
    )
    year = _number(row["year"])
    runtime = _number(row["runtime_minutes"])
    count = _number(row["movielens_count"])
    certificate = _CERTIFICATE_SPELLINGS.get(row["certificate"], row["certificate"])
    poster, trailer = row["tmdb_poster_path"], row["youtube_trailer_key"]
    crew = Role.CREATOR if is_series else Role.DIRECTOR
    refs = [Ref("imdb", row["imdb_id"])]
    if row["tmdb_id"]:
        refs.append(Ref("tmdb-tv" if is_series else "tmdb", row["tmdb_id"]))
    languages = places.languages(_listed(row["languages"]))
    countries = places.countries(_listed(row["countries"]))
    # Right for 99.6 % of the 5,723 films of the catalogue that are so and whose language is known.
    taken_for_english = not languages and "US" in countries and not film.original_title
    genres = _genres(row["genres"])
    added = [slug for slug in _genres(movielens["genres"]) if slug in _NOT_OF_TMDB and slug not in genres]
    known: dict[str, object] = {
        "original_title": film.original_title,
        "alternative_titles": film.alternative_titles,
        "year": year if year is not None and FIRST_YEAR <= year <= LAST_YEAR else None,
        "runtime_min": runtime if runtime is not None and 0 < runtime <= LONGEST_MIN else None,
        "genres": (*genres, *added),
        "languages": languages or (("en",) if taken_for_english else ()),
        "countries": countries,
        "credits": tuple(
            Credit(name=name, role=role, position=position)
            for role, column in ((crew, "directors"), (Role.ACTOR, "cast"))
            for position, name in enumerate(_listed(row[column]))
        ),
        "certificate": certificate if certificate in _CERTIFICATES else None,
        # MovieLens asks for half a star to five; doubled, the mean runs to ten as elsewhere.
        "score": round(2 * float(row["movielens_mean"]), 2) if count else None,
        "votes": count or None,
        "poster": poster if _POSTER.fullmatch(poster) else None,
        "trailer": trailer if _TRAILER.fullmatch(trailer) else None,
    }
    from_tmdb = "tmdb" if of_tmdb else "movielens"
    origin_of = {
        "original_title": "tmdb" if "X" in origins else "movielens",
        "alternative_titles": "movielens",
        "year": from_tmdb,
        "genres": ", ".join(dict.fromkeys([from_tmdb] * bool(genres) + ["movielens"] * bool(added))),
        "languages": "moviefinder" if taken_for_english else "tmdb",
        "countries": "tmdb" if {"D", "X"}.intersection(origins) else "wikipedia",
        "credits": "tmdb" if of_tmdb else "wikipedia",
        "score": "movielens",
        "votes": "movielens",
        "trailer": "youtube-trailers" if (movielens_id or 0, trailer) in trailers else "tmdb",
    }
    return Fact(
        record=FilmRecord(
            refs=tuple(refs),
            kind=Kind.SERIES if is_series else Kind.MOVIE,
            title=film.title,
            sources={"title": from_tmdb}
            | {name: origin_of.get(name, "tmdb") for name, value in known.items() if value},
            **known,  # type: ignore[arg-type]  # a dict of mixed values, so that `sources` follows from it
        ),
        origins=origins,
        movielens_ids=(movielens_id,) if movielens_id else (),
        tmdb_votes=_number(row["tmdb_votes"]) or 0,
        quality=_quality(row),
    )


def _quality(row: Mapping[str, str]) -> float:
    """The mean of the votes of MovieLens, else of TMDB, with 100 average votes added to them."""
    votes, mean = _number(row["movielens_count"]) or 0, 2 * float(row["movielens_mean"] or 0)
    if votes < _FEW_VOTES < (_number(row["tmdb_votes"]) or 0):
        votes, mean = _number(row["tmdb_votes"]) or 0, float(row["tmdb_rating"] or 0)
    return round((votes * mean + _ADDED_VOTES * _AVERAGE) / (votes + _ADDED_VOTES), 3)


def _listed_trailers(folder: Path) -> frozenset[tuple[int, str]]:
    """MovieLens ids with the YouTube keys of the open trailer list; any other key is of TMDB."""
    return frozenset((int(row["movieId"]), row["youtubeId"]) for row in _csv(folder, TRAILERS))


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratings:
    """Ratings of all editions together, each person once.

    Attributes:
        people: int32[m], 0-based numbers of people, counted over all editions.
        movielens_ids: int32[m].
        stars: float32[m], 0.5 to 5.
        n_people: how many people there are.
    """

    people: NDArray[np.int32]
    movielens_ids: NDArray[np.int32]
    stars: NDArray[np.float32]
    n_people: int


def ratings(folder: Path) -> Ratings:
    """Read the ratings of all editions; of a person who is in two, the longer history.

    User numbers are not shared between editions, so they are counted on from one to the next.

    Raises:
        Invalid: a file is missing.
    """
    repeated = _repeated_people(folder)
    people: list[NDArray[np.int32]] = []
    films: list[NDArray[np.int32]] = []
    stars: list[NDArray[np.float32]] = []
    n_people = 0
    for edition, name in RATINGS.items():
        with _opened(folder, f"{edition}/{name}") as file:
            table = np.loadtxt(file, delimiter=",", skiprows=1, usecols=(0, 1, 2), ndmin=2)
        users = table[:, 0].astype(np.int32)
        kept = ~np.isin(users, np.array(sorted(repeated.get(edition, ())), np.int32))
        _, numbers = np.unique(users[kept], return_inverse=True)
        people.append((numbers + n_people).astype(np.int32))
        films.append(table[kept, 1].astype(np.int32))
        stars.append(table[kept, 2].astype(np.float32))
        n_people += int(numbers.max(initial=-1)) + 1
    return Ratings(
        people=np.concatenate(people),
        movielens_ids=np.concatenate(films),
        stars=np.concatenate(stars),
        n_people=n_people,
    )


def _repeated_people(folder: Path) -> dict[str, set[int]]:
    """Users to leave out per edition: of each pair that is one person, the one with fewer ratings."""
    left_out: dict[str, set[int]] = {}
    for row in _csv(folder, SAME_PEOPLE):
        smaller = "a" if int(row["ratings_a"]) < int(row["ratings_b"]) else "b"
        left_out.setdefault(row[f"set_{smaller}"], set()).add(int(row[f"userId_{smaller}"]))
    return left_out


def clean(text: str) -> str:
    """Text without entities, control characters, odd spaces or split accents."""
    plain = unicodedata.normalize("NFC", html.unescape(text))
    return " ".join(
        "".join(" " if unicodedata.category(c) in ("Cc", "Cf", "Zs") else c for c in plain).split()
    )


def _csv(folder: Path, name: str) -> Iterator[dict[str, str]]:
    with _opened(folder, name) as file:
        yield from csv.DictReader(file)


def _opened(folder: Path, name: str) -> TextIO:
    """A file of the data sets, packed or, as in a sample that people should be able to read, plain."""
    packed, plain = folder / name, folder / name.removesuffix(".gz")
    if packed.suffix == ".gz" and packed.is_file():
        return gzip.open(packed, "rt", encoding="utf-8", newline="")
    if plain.is_file():
        return plain.open(encoding="utf-8", newline="")
    raise Invalid(f"There is no {name} in {folder}. Name the folder that holds the data sets.", field="data")


def _listed(cell: str) -> list[str]:
    return list(dict.fromkeys(part for piece in cell.split("|") if (part := piece.strip())))


def _genres(cell: str) -> tuple[str, ...]:
    lowered = [name.lower().replace(" ", "-") for name in _listed(cell)]
    slugs = dict.fromkeys(_GENRE_SLUGS.get(name, name) for name in lowered)
    return tuple(slug for slug in slugs if slug in GENRES)


def _number(cell: str) -> int | None:
    return int(cell) if cell.isascii() and cell.isdigit() else None
