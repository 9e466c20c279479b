"""Films as they are shown, searched and suggested; people, genres and places."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any

from pydantic import ConfigDict, Field

from moviefinder.records import FoundFilm, Kind, Role, Way
from moviefinder.services import facts as fact_service
from moviefinder.services import films as film_service
from moviefinder.services import lookup as lookup_service
from moviefinder.services import people as people_service
from moviefinder.store import jobs
from moviefinder.web.schemas.base import Answer, Number, PageSize, Query, Request, Slug, Text


class PersonName(Answer):
    id: int
    name: str


class Score(Answer):
    value: Annotated[float, Field(ge=0, le=10)]
    votes: int
    source: str


class Film(Answer):
    """A film as its card shows it."""

    id: int
    refs: dict[str, str]
    kind: Kind
    title: str
    original_title: str | None
    year: int | None
    end_year: int | None
    runtime_min: int | None
    certificate: str | None
    genres: list[str]
    languages: list[str]
    countries: list[str]
    directors: list[PersonName]
    creators: list[PersonName]
    cast: list[PersonName]
    score: Score | None
    popularity: int | None
    description: str | None
    description_source: Annotated[str | None, Field(description="Whose text that is.")]
    description_url: Annotated[str | None, Field(description="The page that a quoted text is from.")]
    trailer: str | None
    poster: Annotated[str | None, Field(description="Hash of its poster: /posters/<hash>-320.webp.")]
    has_poster: Annotated[
        bool, Field(description="Whether it has one, or a source that is on could give one.")
    ]

    @classmethod
    def of(cls, found: FoundFilm) -> Film:
        return cls(**_film_fields(found))


class Pending(Answer):
    """Questions to outside sources that will tell more of these films."""

    fetching: Annotated[int, Field(description="Due within a minute.")]
    waiting: Annotated[int, Field(description="Due later: a source is away, or asks for patience.")]

    @classmethod
    def of(cls, *pending: jobs.Pending) -> Pending:
        return cls(fetching=sum(one.fetching for one in pending), waiting=sum(one.waiting for one in pending))


class Fact(Answer):
    """What one source told of a film."""

    source: str
    fetched_at: datetime
    expires_at: Annotated[datetime | None, Field(description="Until when its terms let it be kept.")]
    fields: Annotated[list[str], Field(description="What it knows; empty: it does not know the film.")]


class Offer(Answer):
    """Where a film can be watched."""

    country: str
    provider: str
    way: Way


class FilmDetail(Film):
    """Everything known of a film, with the source of each fact."""

    alternative_titles: list[str]
    sources: dict[str, str]
    facts: list[Fact]
    offers: list[Offer]
    pending: Pending

    @classmethod
    def of_detail(cls, found: FoundFilm, detail: fact_service.Detail, pending: jobs.Pending) -> FilmDetail:
        record = found.record
        return cls(
            **_film_fields(found),
            alternative_titles=list(record.alternative_titles),
            sources=dict(sorted(record.sources.items())),
            facts=[
                Fact(
                    source=told.source,
                    fetched_at=told.fetched_at,
                    expires_at=told.expires_at,
                    fields=list(told.fields),
                )
                for told in detail.told
            ],
            offers=[
                Offer(country=offer.country, provider=offer.provider, way=offer.way)
                for offer in detail.offers
            ],
            pending=Pending.of(pending),
        )


def _film_fields(found: FoundFilm) -> dict[str, Any]:
    record = found.record

    def people(role: Role) -> list[PersonName]:
        return [
            PersonName(id=found.people[credit.name], name=credit.name)
            for credit in record.credits
            if credit.role is role
        ]

    score = None
    if record.score is not None:
        source = record.sources.get("score", "movielens")
        score = Score(value=record.score, votes=record.votes or 0, source=source)
    return {
        "id": found.id,
        "refs": {ref.namespace: ref.value for ref in record.refs},
        "kind": record.kind,
        "title": record.title,
        "original_title": record.original_title,
        "year": record.year,
        "end_year": record.end_year,
        "runtime_min": record.runtime_min,
        "certificate": record.certificate,
        "genres": list(record.genres),
        "languages": list(record.languages),
        "countries": list(record.countries),
        "directors": people(Role.DIRECTOR),
        "creators": people(Role.CREATOR),
        "cast": people(Role.ACTOR),
        "score": score,
        "popularity": record.popularity,
        "description": record.description,
        "description_source": record.sources.get("description"),
        "description_url": record.description_url,
        "trailer": record.trailer,
        "poster": found.poster,  # `record.poster` points into another's images: none of the browser's business
        "has_poster": found.has_poster,
    }


class FilmQuery(Query):
    q: Text = ""
    kind: Kind | None = None
    limit: PageSize = 20


class FilmList(Answer):
    items: list[Film]
    next: str | None = None


class SimilarQuery(Query):
    limit: Annotated[int, Field(ge=1, le=50)] = 20


class NamedBy(Answer):
    """A source whose list names a film, and its place there."""

    source: str
    rank: int


class SimilarFilm(Answer):
    film: Film
    rank: int
    weight: float
    source: str = Field(description="The one that names it first.")
    sources: list[NamedBy] = Field(description="All that name it, the best place first.")


class SimilarFilmList(Answer):
    items: list[SimilarFilm]
    next: str | None = None


class Genre(Answer):
    slug: str
    name: str
    films: int


class GenreList(Answer):
    items: list[Genre]
    next: str | None = None


class Place(Answer):
    """A language, a country or a certificate."""

    code: str
    name: str
    films: int

    @classmethod
    def of(cls, row: film_service.Counted) -> Place:
        return cls(code=row.code, name=row.name, films=row.films)


class PlaceList(Answer):
    items: list[Place]
    next: str | None = None


class PersonQuery(Query):
    q: Text
    limit: PageSize = 10


class Person(Answer):
    id: int
    name: str
    films: int

    @classmethod
    def of(cls, row: people_service.FoundPerson) -> Person:
        return cls(id=row.id, name=row.name, films=row.films)


class PersonPath(Request):
    person: Number


class PersonList(Answer):
    items: list[Person]
    next: str | None = None


def film_list(ids: Sequence[int], films: Mapping[int, FoundFilm]) -> FilmList:
    """The films in the order of the ids."""
    return FilmList(items=[Film.of(films[film_id]) for film_id in ids if film_id in films])


class LookUp(Request):
    q: Annotated[
        str,
        Field(
            min_length=2,
            max_length=200,
            pattern=r"^[^\x00]*\S[^\x00]*$",
            description="A title, or IMDb's number of a film.",
        ),
    ]
    source: Annotated[Slug | None, Field(description="The only one to ask.")] = None


class AskedSource(Answer):
    source: str
    state: lookup_service.Answered
    reason: Annotated[str | None, Field(description="Why there is no answer.")]


class LookedUp(Answer):
    """What the sources that are on told within two seconds, and which did not."""

    items: list[Film]
    sources: list[AskedSource]

    @classmethod
    def of(cls, found: lookup_service.LookedUp, films: Mapping[int, FoundFilm]) -> LookedUp:
        return cls(
            items=[Film.of(films[film_id]) for film_id in found.film_ids if film_id in films],
            sources=[
                AskedSource(source=one.source, state=one.state, reason=one.reason) for one in found.sources
            ],
        )


class SuggestionPath(Request):
    letter: Annotated[str, Field(min_length=1, max_length=20, pattern=r"^[^\x00/]+$")]
    query: Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00]+$")]


class SuggestionQuery(Query):
    model_config = ConfigDict(extra="allow", frozen=True, populate_by_name=True)

    include_videos: Annotated[str, Field(max_length=5, pattern=r"^[a-z0-9]*$")] = Field(
        default="",
        alias="includeVideos",
        description="Taken and without effect, as clients of IMDb's files send it.",
    )


class SuggestionRow(Answer):
    id: str
    l: str  # noqa: E741  # IMDb's own name of the field
    film: int
    y: int | None = None
    yr: str | None = None
    q: str | None = None
    qid: str | None = None
    rank: int | None = None
    s: str | None = None


class SuggestionFile(Answer):
    d: list[SuggestionRow]
    q: str
    v: int
