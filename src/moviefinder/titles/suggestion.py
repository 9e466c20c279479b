"""Answers in the shape of IMDb's suggestion files, so that a client written for those works on ours."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from moviefinder.records import Kind

MOST_ROWS = 8

_WORDS = {Kind.MOVIE: ("feature", "movie"), Kind.SERIES: ("TV series", "tvSeries")}


@dataclass(frozen=True, slots=True, kw_only=True)
class SuggestionRow:
    """One film of an answer."""

    film_id: int
    imdb: str | None
    """IMDb's id ("tt0133093"); None: the film is known by our own id only."""
    title: str
    kind: Kind
    year: int | None
    end_year: int | None = None
    """Of a series; None: unknown, or it still runs."""
    popularity: int | None = None
    stars: Sequence[str] = ()
    """Best known first; two are shown."""


def suggestion_query(path_text: str) -> str:
    """Give what was searched for from the last part of the address, without ".json".

    Words may be parted by "_", "%20" or, where the address is decoded already, a space; case does not matter.
    """
    return " ".join(unquote(path_text, errors="replace").replace("_", " ").lower().split())


def suggestion(query: str, rows: Iterable[SuggestionRow]) -> dict[str, Any]:
    """Make the answer: `d` the films, best first and eight at most, `q` the query, `v` the version of the shape.

    Like IMDb, we leave out what is unknown; a client must not count on `y`, `yr` or `rank`. A film without IMDb id
    has "mf" and our number in its place. `film`, our own id, is an addition: clients ignore unknown keys.
    """
    return {"d": [_entry(row) for row, _ in zip(rows, range(MOST_ROWS), strict=False)], "q": query, "v": 1}


def _entry(row: SuggestionRow) -> dict[str, Any]:
    words, kind = _WORDS[row.kind]
    entry: dict[str, Any] = {
        "id": row.imdb or f"mf{row.film_id}",
        "l": row.title,
        "q": words,
        "qid": kind,
        "s": ", ".join(row.stars[:2]),
        "film": row.film_id,
    }
    if row.popularity is not None:
        entry["rank"] = row.popularity
    if row.year is not None:
        entry["y"] = row.year
        if row.kind is Kind.SERIES:
            entry["yr"] = f"{row.year}-{row.end_year or ''}"
    return entry
