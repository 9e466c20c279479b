"""IMDb's GraphQL service: all of one title, and the films that IMDb shows beside it. Off unless the operator wants it.

Its answers say that their public or commercial use is not allowed, so only the settings switch it on, for private use,
and only with the name of a client in `client`. It is never the only way to anything.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any, Final

from pydantic import Field

from moviefinder.config import Settings
from moviefinder.errors import FilmNotFound, NotFound, SourceNonsense, SourceOff
from moviefinder.records import Credit, FilmRecord, Kind, Ref, Role
from moviefinder.sources import Capability, OutsideHost, imdb_words
from moviefinder.sources.addresses import name_of
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
    Name,
    Prose,
    Score,
    Year,
    film_record,
)
from moviefinder.sources.imdb_words import IMAGES, IMAGES_HOST, KINDS, PosterName

if TYPE_CHECKING:
    from moviefinder.sources.http import PoliteClient

HOST: Final = "api.graphql.imdb.com"
KEEPS: Final = timedelta(days=30)
"""Our own figure: no terms name one. What is not licensed to be kept is kept no longer than it takes to ask again."""

EVERY_S: Final = 3.0  # seconds between titles, as a person would turn pages
FRESH: Final = timedelta(days=1)
CAST: Final = 10

_GENRES: Final = {
    "Action": "action",
    "Adventure": "adventure",
    "Animation": "animation",
    "Biography": "biography",
    "Comedy": "comedy",
    "Crime": "crime",
    "Documentary": "documentary",
    "Drama": "drama",
    "Family": "family",
    "Fantasy": "fantasy",
    "Film-Noir": "film-noir",
    "History": "history",
    "Horror": "horror",
    "Music": "music",
    "Musical": "musical",
    "Mystery": "mystery",
    "News": "news",
    "Reality-TV": "reality",
    "Romance": "romance",
    "Sci-Fi": "sci-fi",
    "Sport": "sport",
    "Talk-Show": "talk",
    "Thriller": "thriller",
    "War": "war",
    "Western": "western",
}
_ROLES: Final = {"director": Role.DIRECTOR, "creator": Role.CREATOR, "cast": Role.ACTOR}

QUERY: Final = """\
query Film($id: ID!) {
  title(id: $id) {
    id titleText { text } originalTitleText { text } titleType { id } releaseYear { year endYear } isAdult
    runtime { seconds } certificate { rating } plot { plotText { plainText } } primaryImage { url }
    ratingsSummary { aggregateRating voteCount }
    titleGenres { genres { genre { text } } }
    spokenLanguages { spokenLanguages { id } }
    countriesOfOrigin { countries { id } }
    principalCredits { category { id } credits { name { nameText { text } } } }
    credits(first: 10, filter: { categories: ["cast"] }) {
      edges { node { name { nameText { text } } ... on Cast { characters { name } } } }
    }
    moreLikeThisTitles(first: 12) {
      edges {
        node {
          id titleText { text } originalTitleText { text } titleType { id } releaseYear { year endYear } isAdult
          primaryImage { url } ratingsSummary { aggregateRating voteCount }
        }
      }
    }
  }
}
"""
"""What the record has room for, of one title: long lists of credits make the service time out."""


class _Text(Answer):
    text: Line


class _Plain(Answer):
    text: Annotated[Prose, Field(alias="plainText")]


class _Plot(Answer):
    plot: Annotated[_Plain | None, Field(alias="plotText")] = None


class _Type(Answer):
    id: Name


class _Years(Answer):
    year: Year | None = None
    end: Annotated[Year | None, Field(alias="endYear")] = None


class _Runtime(Answer):
    seconds: Annotated[int, Field(strict=True, ge=30, le=600_000)]


class _Certificate(Answer):
    rating: Certificate


class _Image(Answer):
    name: Annotated[PosterName, Field(alias="url")]


class _Ratings(Answer):
    score: Annotated[Score | None, Field(alias="aggregateRating")] = None
    votes: Annotated[Count | None, Field(alias="voteCount")] = None


class _Genre(Answer):
    genre: _Text


class _Genres(Answer):
    genres: Many[_Genre] = []


class _Language(Answer):
    id: Language


class _Languages(Answer):
    languages: Annotated[Many[_Language], Field(alias="spokenLanguages")] = []


class _Country(Answer):
    id: Country


class _Countries(Answer):
    countries: Many[_Country] = []


class _PersonName(Answer):
    name: Annotated[_Text, Field(alias="nameText")]


class _Character(Answer):
    name: Name


class _Person(Answer):
    person: Annotated[_PersonName, Field(alias="name")]
    characters: Many[_Character] = []


class _Part(Answer):
    category: _Type
    credits: Many[_Person] = []


class _CastEdge(Answer):
    node: _Person


class _Cast(Answer):
    edges: Many[_CastEdge] = []


class _Title(Answer):
    """A title in a list, and what a whole one has in common with it."""

    id: ImdbId
    title: Annotated[_Text, Field(alias="titleText")]
    type: Annotated[_Type, Field(alias="titleType")]
    original: Annotated[_Text | None, Field(alias="originalTitleText")] = None
    years: Annotated[_Years, Field(alias="releaseYear")] = _Years()
    is_adult: Annotated[Flag, Field(alias="isAdult")] = False
    image: Annotated[_Image | None, Field(alias="primaryImage")] = None
    ratings: Annotated[_Ratings, Field(alias="ratingsSummary")] = _Ratings()


class _Edge(Answer):
    node: _Title


class _Edges(Answer):
    edges: Many[_Edge] = []


class _Whole(_Title):
    runtime: _Runtime | None = None
    certificate: _Certificate | None = None
    plot: _Plot = _Plot()
    genres: Annotated[_Genres, Field(alias="titleGenres")] = _Genres()
    languages: Annotated[_Languages, Field(alias="spokenLanguages")] = _Languages()
    countries: Annotated[_Countries, Field(alias="countriesOfOrigin")] = _Countries()
    parts: Annotated[Many[_Part], Field(alias="principalCredits")] = []
    cast: Annotated[_Cast, Field(alias="credits")] = _Cast()
    more: Annotated[_Edges, Field(alias="moreLikeThisTitles")] = _Edges()


class ImdbGraphqlSource:
    """Films as IMDb's GraphQL service tells them."""

    name = "imdb-graphql"
    title = "IMDb GraphQL"
    takes: tuple[str, ...] = ("imdb",)
    keeps: timedelta | None = KEEPS
    credit = "Information courtesy of IMDb (https://www.imdb.com), for private and non-commercial use only."

    def __init__(self, client: PoliteClient, settings: Settings) -> None:
        own = settings.source(self.name)
        self._api, self._images = own.address or f"https://{HOST}", own.images or IMAGES
        self._client_name, self._country = own.client, settings.country
        self.can = (
            frozenset({Capability.FILM, Capability.SIMILAR, Capability.POSTER}) if own.client else frozenset()
        )
        self.hosts: tuple[OutsideHost, ...] = (
            OutsideHost(
                host=name_of(own.address or f"https://{HOST}"),
                purpose="Details of films, and the films that IMDb shows beside them.",
                sends="IMDb's numbers of films, the client name and the country set here.",
            ),
            OutsideHost(
                host=name_of(own.images or f"https://{IMAGES_HOST}"),
                purpose="Posters of films.",
                sends="The name of an image file.",
            ),
        )
        self.needs = None if own.client else "client"
        self._outlet = client.outlet(self.name, hosts=self.hosts, every_s=EVERY_S)

    def search(self, title: str, *, year: int | None = None, limit: int = 10) -> list[FilmRecord]:
        """Titles are not looked up here: IMDb's suggestions do that."""
        return []

    def film(self, ref: Ref) -> FilmRecord:
        """All that IMDb tells of one film.

        Raises:
            FilmNotFound: it does not know it, or it is no film.
        """
        title, kind = self._title(ref)
        shared = self._shared(title, kind)
        return film_record(
            self.name,
            **shared,
            runtime_min=round(title.runtime.seconds / 60) if title.runtime else None,
            genres=_slugs(title.genres.genres),
            languages=_distinct(language.id for language in title.languages.languages),
            countries=_distinct(country.id for country in title.countries.countries),
            credits=_credits(title),
            certificate=title.certificate.rating if title.certificate else None,
            description=title.plot.plot.text if title.plot.plot else None,
        )

    def similar(self, ref: Ref, *, limit: int = 25) -> list[FilmRecord]:
        """What IMDb shows as "more like this", twelve at most.

        Raises:
            FilmNotFound: it does not know the film.
        """
        title, _ = self._title(ref)
        found: dict[str, FilmRecord] = {}
        for edge in title.more.edges:
            kind = KINDS.get(edge.node.type.id)
            if kind is not None and edge.node.id != title.id:
                found.setdefault(edge.node.id, film_record(self.name, **self._shared(edge.node, kind)))
        return list(found.values())[:limit]

    def poster(self, pointer: str) -> bytes:
        """The poster, 500 pixels wide.

        Raises:
            FilmNotFound: there is no such image.
            SourceNonsense: the pointer is not one of IMDb's.
        """
        return imdb_words.poster(self._outlet, self._images, pointer)

    def _title(self, ref: Ref) -> tuple[_Whole, Kind]:
        if not self._client_name:
            raise SourceOff(
                "IMDb's GraphQL service wants a client's name: set sources.imdb-graphql.client, see docs/sources.md."
            )
        if ref.namespace != "imdb":
            raise FilmNotFound(ref)
        try:
            title: _Whole | None = self._outlet.post_json(
                f"{self._api}/",
                {"operationName": "Film", "query": QUERY, "variables": {"id": ref.value}},
                headers={
                    "x-imdb-client-name": self._client_name,
                    "x-imdb-user-language": "en-US",  # genres come as words, and these are read in English
                    "x-imdb-user-country": self._country,  # whose certificates
                },
                fresh=FRESH,
                shape=lambda answer: _title_of(answer, ref),
            )
        except NotFound as error:
            raise FilmNotFound(ref) from error
        kind = KINDS.get(title.type.id) if title else None
        if title is None or kind is None:
            raise FilmNotFound(ref)
        return title, kind

    def _shared(self, title: _Title, kind: Kind) -> dict[str, Any]:
        """What lists and whole titles have in common."""
        has_votes = bool(title.ratings.votes)
        return {
            "refs": [Ref("imdb", title.id)],
            "kind": kind,
            "title": title.title.text,
            "original_title": title.original.text if title.original else None,
            "year": title.years.year,
            "end_year": title.years.end if kind is Kind.SERIES else None,
            "score": title.ratings.score if has_votes else None,
            "votes": title.ratings.votes if has_votes else None,
            "poster": title.image.name if title.image else None,
            "adult": title.is_adult,
        }


def _title_of(answer: Any, ref: Ref) -> _Whole | None:
    """The title in an answer; None where the service says that there is none."""
    data = answer.get("data") if isinstance(answer, dict) else None
    if not isinstance(data, dict) or "title" not in data:
        raise SourceNonsense("IMDb's GraphQL service answered without data; it may have changed.")
    if data["title"] is None:
        return None
    title = _Whole.of(data["title"])
    if title.id != ref.value:
        raise SourceNonsense("IMDb answered with another title than the one asked for.")
    return title


def _distinct(codes: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(codes))


def _slugs(genres: Iterable[_Genre]) -> tuple[str, ...]:
    return _distinct(_GENRES[genre.genre.text] for genre in genres if genre.genre.text in _GENRES)


def _credits(title: _Whole) -> tuple[Credit, ...]:
    """Directors, creators and the first of the cast, each person once a role."""
    people: dict[Role, dict[str, str | None]] = {role: {} for role in _ROLES.values()}
    parts = [(part.category.id, part.credits) for part in title.parts]
    parts.insert(0, ("cast", [edge.node for edge in title.cast.edges]))
    for category, credits in parts:
        if role := _ROLES.get(category):
            for person in credits:
                character = person.characters[0].name if person.characters else None
                people[role].setdefault(person.person.name.text[:200], character)
    return tuple(
        Credit(name=name, role=role, position=position, character=character)
        for role, named in people.items()
        for position, (name, character) in enumerate(list(named.items())[:CAST])
    )
