"""Frozen facts that travel between layers: what a film is, what a person said of it.

Nothing here knows a database, a clock or the web. `None` always means unknown.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Final

from moviefinder.errors import Invalid

NAMESPACES: Final[Mapping[str, re.Pattern[str]]] = {
    "imdb": re.compile(r"tt[0-9]{7,9}"),
    "tmdb": re.compile(r"[1-9][0-9]{0,8}"),
    "tmdb-tv": re.compile(r"[1-9][0-9]{0,8}"),
    "wikidata": re.compile(r"Q[1-9][0-9]{0,9}"),
    "mf": re.compile(r"[a-z0-9-]{1,40}"),
}
"""The namespaces of references and what a value in each looks like. TMDB numbers movies and series apart."""

GENRES: Final[Mapping[str, str]] = {
    "action": "Action",
    "adventure": "Adventure",
    "animation": "Animation",
    "biography": "Biography",
    "children": "Children",
    "comedy": "Comedy",
    "crime": "Crime",
    "documentary": "Documentary",
    "drama": "Drama",
    "family": "Family",
    "fantasy": "Fantasy",
    "film-noir": "Film noir",
    "history": "History",
    "horror": "Horror",
    "music": "Music",
    "musical": "Musical",
    "mystery": "Mystery",
    "news": "News",
    "politics": "Politics",
    "reality": "Reality",
    "romance": "Romance",
    "sci-fi": "Science fiction",
    "soap": "Soap",
    "sport": "Sport",
    "talk": "Talk",
    "thriller": "Thriller",
    "war": "War",
    "western": "Western",
}
"""Every genre there is: slug to English name."""


class Kind(StrEnum):
    """What a film is; *film* covers both."""

    MOVIE = "movie"
    SERIES = "series"


class Verdict(StrEnum):
    """What somebody thought of a film."""

    LIKED = "liked"
    FINE = "fine"
    DISLIKED = "disliked"


class Say(StrEnum):
    """What somebody answers to a reason: it does not speak for this film, or more of that side of it."""

    NOT = "not"
    MORE = "more"


class Confidence(StrEnum):
    """How likely it is that somebody will like a film, in classes that evaluation has calibrated."""

    SURE_BET = "sure_bet"
    LIKELY = "likely"
    LONG_SHOT = "long_shot"


class Role(StrEnum):
    """What a person did in a film."""

    DIRECTOR = "director"
    CREATOR = "creator"
    ACTOR = "actor"


@dataclass(frozen=True, slots=True, order=True)
class Ref:
    """A film's id in somebody's numbering, written `imdb:tt0133093`."""

    namespace: str
    value: str

    def __str__(self) -> str:
        return f"{self.namespace}:{self.value}"

    @classmethod
    def parse(cls, text: str) -> Ref:
        """Read `namespace:value`.

        Raises:
            Invalid: the namespace is unknown, or the value is not of its form.
        """
        namespace, colon, value = text.partition(":")
        pattern = NAMESPACES.get(namespace)
        if not colon or pattern is None or not pattern.fullmatch(value):
            raise Invalid(
                f"'{text[:60]}' is no film reference. Use our number, imdb:tt0133093, tmdb:603 or tmdb-tv:1399.",
                field="film",
            )
        return cls(namespace, value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Credit:
    """A person's part in a film; `position` counts from 0 within the role."""

    name: str
    role: Role
    position: int
    character: str | None = None


class Way(StrEnum):
    """How a provider lets people watch a film."""

    SUBSCRIPTION = "subscription"
    FREE = "free"
    ADS = "ads"
    RENT = "rent"
    BUY = "buy"


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """Where a film can be watched: in a country (ISO 3166-1 alpha-2), at a provider, in a way."""

    country: str
    provider: str
    way: Way


@dataclass(frozen=True, slots=True, kw_only=True)
class FilmRecord:
    """What one source, or all of them merged, know of a film.

    Only `refs`, `title` and `kind` must be there. Genres are slugs of `GENRES`, languages BCP 47 codes, countries
    ISO 3166-1 alpha-2 codes, `score` runs from 0 to 10 over `votes` ratings, `popularity` is a rank from 1, `poster`
    a pointer into the source's images, `trailer` a YouTube key, `description_url` the page that a quoted description is
    from. A film that is `adult` is never recommended. `sources` says per field which source it is from.
    """

    refs: tuple[Ref, ...]
    kind: Kind
    title: str
    original_title: str | None = None
    alternative_titles: tuple[str, ...] = ()
    year: int | None = None
    end_year: int | None = None
    runtime_min: int | None = None
    genres: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    credits: tuple[Credit, ...] = ()
    certificate: str | None = None
    score: float | None = None
    votes: int | None = None
    popularity: int | None = None
    poster: str | None = None
    trailer: str | None = None
    description: str | None = None
    description_url: str | None = None
    offers: tuple[Offer, ...] = ()
    adult: bool = False
    sources: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What one person said of one film: separate answers, because they are separate facts.

    `seen` is the tick itself; in lists a film that was liked or fine counts as seen whatever it says.
    """

    verdict: Verdict | None = None
    seen: bool = False
    seen_on: date | None = None
    saved: bool = False
    snoozed_until: date | None = None
    taste: bool = True
    rating: int | None = None

    @property
    def says_nothing(self) -> bool:
        """Whether every answer is what it is for a film nobody spoke of."""
        return self == Answers()


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundFilm:
    """A film as the database knows it: our id, the merged record, and our number of each person in its credits.

    `poster` is the hash of the poster in our cache, `has_poster` whether there is one or a source that is on has one.
    """

    id: int
    record: FilmRecord
    people: Mapping[str, int]
    poster: str | None = None
    has_poster: bool = False
