"""What TMDB's API answers, as far as it is read, and its numbers of genres."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Final

from pydantic import Field

from moviefinder.sources.answers import (
    Answer,
    Certificate,
    Count,
    Country,
    Flag,
    ImdbId,
    Language,
    Line,
    Many,
    Minutes,
    Name,
    Prose,
    Score,
    YearOfDate,
    YouTubeKey,
)

__all__ = ["GENRES", "POSTER", "Details", "Found", "Page", "Person", "Providers", "Row", "Video", "Ways"]

POSTER: Final = re.compile(r"/[A-Za-z0-9]{8,64}\.(?:jpg|png)")

GENRES: Final[Mapping[int, tuple[str, ...]]] = {
    28: ("action",),
    12: ("adventure",),
    16: ("animation",),
    35: ("comedy",),
    80: ("crime",),
    99: ("documentary",),
    18: ("drama",),
    10751: ("family",),
    14: ("fantasy",),
    36: ("history",),
    27: ("horror",),
    10402: ("music",),
    9648: ("mystery",),
    10749: ("romance",),
    878: ("sci-fi",),
    53: ("thriller",),
    10752: ("war",),
    37: ("western",),
    10759: ("action", "adventure"),
    10762: ("children",),
    10763: ("news",),
    10764: ("reality",),
    10765: ("sci-fi", "fantasy"),
    10766: ("soap",),
    10767: ("talk",),
    10768: ("war", "politics"),
}
"""Numbers of `/genre/movie/list` and `/genre/tv/list`, which are the same in every language. 10770 is "TV movie"."""


class Row(Answer):
    """A film in a list, and what details have in common with it."""

    id: Annotated[int, Field(strict=True, ge=1, le=999_999_999)]
    media_type: Name | None = None
    title: Line | None = None
    name: Line | None = None
    original_title: Line | None = None
    original_name: Line | None = None
    release_date: YearOfDate | None = None
    first_air_date: YearOfDate | None = None
    genre_ids: Many[Count] = []
    original_language: Language | None = None
    overview: Prose | None = None
    poster_path: Annotated[str, Field(strict=True, pattern=rf"^{POSTER.pattern}$")] | None = None
    vote_average: Score | None = None
    vote_count: Count | None = None
    adult: Flag = False


class Page(Answer):
    """A page of a search."""

    results: Many[Row]


class Rows(Answer):
    results: Many[Row] = []


class Found(Answer):
    """What has a number of somebody else's."""

    movie_results: Many[Row]
    tv_results: Many[Row]


class Genre(Answer):
    id: Count


class SpokenLanguage(Answer):
    iso_639_1: Language


class Place(Answer):
    iso_3166_1: Country


class Person(Answer):
    """Somebody with a part, in front of the camera or behind it."""

    name: Name
    character: Name | None = None
    job: Name | None = None
    order: Count = 999


class Credits(Answer):
    cast: Many[Person] = []
    crew: Many[Person] = []


class Video(Answer):
    """A video about a film."""

    key: YouTubeKey
    site: Name
    type: Name
    iso_639_1: Name = ""
    official: Flag = False
    published_at: Name = ""


class Videos(Answer):
    results: Many[Video] = []


class Ids(Answer):
    imdb_id: ImdbId | None = None
    wikidata_id: Name | None = None


class Release(Answer):
    certification: Certificate


class Rating(Answer):
    """What one country certified: a movie's releases, or a series' one rating."""

    iso_3166_1: Country
    release_dates: Many[Release] = []
    rating: Certificate | None = None


class Ratings(Answer):
    results: Many[Rating] = []


class Provider(Answer):
    provider_name: Name


class Ways(Answer):
    """Who offers a film in one country, by the way in which they do."""

    flatrate: Many[Provider] = []
    free: Many[Provider] = []
    ads: Many[Provider] = []
    rent: Many[Provider] = []
    buy: Many[Provider] = []


class Providers(Answer):
    """Where a film can be watched, by country."""

    results: dict[str, Any] = {}


class Details(Row):
    """All of one film, `append_to_response` included."""

    imdb_id: ImdbId | None = None
    runtime: Minutes | None = None
    episode_run_time: Many[Minutes] = []
    last_air_date: YearOfDate | None = None
    status: Name | None = None
    genres: Many[Genre] = []
    spoken_languages: Many[SpokenLanguage] = []
    production_countries: Many[Place] = []
    origin_country: Many[Country] = []
    created_by: Many[Person] = []
    credits: Credits = Credits()
    videos: Videos = Videos()
    external_ids: Ids = Ids()
    release_dates: Ratings = Ratings()
    content_ratings: Ratings = Ratings()
    recommendations: Rows = Rows()
    similar: Rows = Rows()
    providers: Providers = Field(Providers(), alias="watch/providers")
