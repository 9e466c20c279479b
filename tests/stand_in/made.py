"""Ten thousand films of the stand-in's own making, in the shape in which each service tells of films.

"Made 9000001" is film 9000001 at TMDB and tt9000001 at IMDb. TMDB recommends the ten that follow, and five films that
every catalogue has.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

FIRST, LAST = 9_000_000, 9_009_999
REAL = {
    603: ("The Matrix", 1999),
    680: ("Pulp Fiction", 1994),
    550: ("Fight Club", 1999),
    13: ("Forrest Gump", 1994),
    155: ("The Dark Knight", 2008),
}
_GENRES = ((18, "Drama"), (878, "Science Fiction"), (35, "Comedy"), (53, "Thriller"))


def answer(source: str, path: str, query: Mapping[str, str]) -> Any:
    """What a service tells of a made film; None where the question is not about one."""
    if source == "tmdb":
        return _tmdb(path.removeprefix("3/"), query)
    if source == "imdb" and (number := _made(_looked_up(path))):
        return _suggestions([_suggestion(number)], path)
    return None


def nothing(source: str, path: str, query: Mapping[str, str]) -> Any:
    """How a service says that it knows of none; None where it says so by 404."""
    if source == "imdb":
        return _suggestions([], path)
    if source == "imdb-graphql":
        return {"data": {"title": None}}
    if source == "wikidata":
        missing = {number: {"id": number, "missing": ""} for number in query.get("ids", "").split("|")}
        return {"entities": missing, "query": {"search": []}}
    if source == "tmdb":
        return {"3/search": _page([]), "3/find": _found([])}.get(path.rpartition("/")[0])
    return None


def _made(text: str) -> int | None:
    found = re.fullmatch(r"(?:tt|made )?(\d{7})(?: \d{4})?", text.strip().casefold())
    return int(found[1]) if found and FIRST <= int(found[1]) <= LAST else None


def _tmdb(path: str, query: Mapping[str, str]) -> Any:
    what, _, which = path.partition("/")
    number = _made(query.get("query", "") if what == "search" else which)
    if number is None or what not in ("movie", "find", "search"):
        return None
    if what == "movie":
        return _details(number)
    return _found([_row(number)]) if what == "find" else _page([{**_row(number), "media_type": "movie"}])


def _found(rows: list[dict[str, Any]]) -> dict[str, Any]:
    others = ("tv_results", "tv_episode_results", "tv_season_results", "person_results")
    return {"movie_results": rows, **{name: [] for name in others}}


def _page(rows: list[dict[str, Any]]) -> dict[str, Any]:
    return {"page": 1, "results": rows, "total_pages": 1, "total_results": len(rows)}


def _row(number: int) -> dict[str, Any]:
    title, year = REAL.get(number) or (f"Made {number}", _year(number))
    return {
        "adult": False,
        "backdrop_path": None,
        "genre_ids": [genre for genre, _ in _genres(number)],
        "id": number,
        "original_language": "en",
        "original_title": title,
        "overview": f"The {number}th film that nobody made.",
        "popularity": 1.5,
        "poster_path": f"/made{number:08d}.jpg",
        "release_date": f"{year}-05-01",
        "title": title,
        "video": False,
        "vote_average": 5 + number % 40 / 10,
        "vote_count": 100 + number % 900,
    }


def _details(number: int) -> dict[str, Any]:
    following = [each for each in range(number + 1, number + 11) if each <= LAST]
    row = {name: value for name, value in _row(number).items() if name != "genre_ids"}
    imdb_id = f"tt{number}"
    return {
        **row,
        "genres": [{"id": genre, "name": name} for genre, name in _genres(number)],
        "imdb_id": imdb_id,
        "origin_country": ["US"],
        "production_countries": [{"iso_3166_1": "US", "name": "United States of America"}],
        "revenue": 3_000_000_000,
        "runtime": 80 + number % 60,
        "spoken_languages": [{"english_name": "English", "iso_639_1": "en", "name": "English"}],
        "status": "Released",
        "credits": {
            "cast": [_person(number, part, character=f"Part {part}", order=part) for part in range(3)],
            "crew": [_person(number, 9, job="Director", department="Directing")],
        },
        "external_ids": {"imdb_id": imdb_id, "wikidata_id": None},
        "recommendations": _page([_row(each) for each in (*following, *REAL)]),
        "similar": _page([]),
        "videos": {
            "results": [
                {
                    "iso_639_1": "en",
                    "key": f"Made{number}",
                    "name": "Trailer",
                    "official": True,
                    "published_at": "2020-01-01T00:00:00.000Z",
                    "site": "YouTube",
                    "type": "Trailer",
                }
            ]
        },
        "release_dates": {
            "results": [
                {
                    "iso_3166_1": "US",
                    "release_dates": [{"certification": "PG-13", "release_date": "2020-01-01T00:00:00.000Z"}],
                }
            ]
        },
        "watch/providers": {"results": {}},
    }


def _person(number: int, part: int, **more: Any) -> dict[str, Any]:
    """One of a few hundred people, so that films share them."""
    who = (number * 7 + part * 31) % 400
    return {"id": 1_000_000 + who, "name": f"Person {who}", **more}


def _genres(number: int) -> tuple[tuple[int, str], ...]:
    return (_GENRES[number % 4], _GENRES[(number + 1) % 4])


def _year(number: int) -> int:
    return 1960 + number % 60


def _looked_up(path: str) -> str:
    return path.rsplit("/", 1)[-1].removesuffix(".json")


def _suggestions(rows: list[dict[str, Any]], path: str) -> dict[str, Any]:
    return {"d": rows, "q": _looked_up(path), "v": 1}


def _suggestion(number: int) -> dict[str, Any]:
    image = f"https://m.media-amazon.com/images/M/MADE{number}._V1_.jpg"
    return {
        "i": {"height": 3000, "imageUrl": image, "width": 2000},
        "id": f"tt{number}",
        "l": f"Made {number}",
        "q": "feature",
        "qid": "movie",
        "rank": number % 90_000,
        "s": f"Person {number % 400}, Person {number % 399}",
        "y": _year(number),
    }
