"""The body and query of every request and the body of every answer.

Requests refuse what they do not know and bound everything they take; answers list each field by hand.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, StrictBool

from moviefinder import records
from moviefinder.records import FoundFilm, Kind, Role, Verdict
from moviefinder.services import films as film_service
from moviefinder.services import library as library_service
from moviefinder.services import people as people_service
from moviefinder.services import recommendations as recommendation_service

YEAR_MIN, YEAR_MAX = 1870, 2100
FILM_PATTERN = r"^(?:[1-9][0-9]{0,17}|imdb:tt[0-9]{7,9}|tmdb(?:-tv)?:[1-9][0-9]{0,8}|mf:[a-z0-9-]{1,40})$"

Text = Annotated[str, Field(max_length=200, pattern=r"^[^\x00]*$")]
Number = Annotated[int, Field(ge=1, le=2**53 - 1)]
Slug = Annotated[str, Field(min_length=1, max_length=40, pattern=r"^[a-z0-9-]+$")]
LanguageCode = Annotated[str, Field(pattern=r"^[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*$", max_length=35)]
CountryCode = Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
Certificate = Annotated[str, Field(min_length=1, max_length=20, pattern=r"^[^\x00]+$")]
Year = Annotated[int, Field(ge=YEAR_MIN, le=YEAR_MAX)]
Minutes = Annotated[int, Field(ge=1, le=10_000)]
Cursor = Annotated[str, Field(max_length=3_000, pattern=r"^[A-Za-z0-9_=-]*$")]
PageSize = Annotated[int, Field(ge=1, le=100)]


def _only_text(value: object) -> object:
    """Keep numbers from being taken for times, as seconds since 1970."""
    if value is not None and not isinstance(value, str):
        raise ValueError("must be a text in the form of ISO 8601")
    return value


def _only_whole(value: object) -> object:
    """Take 7 and 7.0, as JSON knows one kind of number, and nothing that merely looks like one."""
    if isinstance(value, bool) or (value is not None and not isinstance(value, int | float)):
        raise ValueError("must be a whole number")
    return value


Day = Annotated[date, BeforeValidator(_only_text)]
Moment = Annotated[AwareDatetime, BeforeValidator(_only_text)]
Rating = Annotated[int, Field(ge=1, le=10), BeforeValidator(_only_whole)]


class Request(BaseModel):
    """Refuses fields that it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)


@functools.cache
def _schema(model: type[BaseModel], options: tuple[tuple[str, Any], ...]) -> dict[str, Any]:
    return BaseModel.model_json_schema.__func__(model, **dict(options))  # type: ignore[attr-defined,no-any-return]


class Query(Request):
    """A query string. flask-openapi asks for its schema on every request, which costs 0.2 ms unless remembered."""

    @classmethod
    def model_json_schema(cls, *args: Any, **options: Any) -> dict[str, Any]:
        return super().model_json_schema(*args, **options) if args else _schema(cls, tuple(options.items()))


class Answer(BaseModel):
    """What we send."""

    model_config = ConfigDict(frozen=True)


# Paths


class FilmPath(Request):
    film: Annotated[
        str, Field(pattern=FILM_PATTERN, description="Our number, or a reference such as imdb:tt0133093.")
    ]


class ChangePath(Request):
    change: Number


# Problems


class FieldProblem(Answer):
    field: str
    problem: str


class Problem(Answer):
    """RFC 9457."""

    type: str
    title: str
    status: int
    detail: str | None = None
    instance: str | None = None
    request_id: str | None = None
    errors: list[FieldProblem] | None = None


# Films


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
    trailer: str | None
    poster: str | None

    @classmethod
    def of(cls, found: FoundFilm) -> Film:
        return cls(**_film_fields(found))


class FilmDetail(Film):
    """Everything known of a film, with the source of each fact."""

    alternative_titles: list[str]
    sources: dict[str, str]

    @classmethod
    def of(cls, found: FoundFilm) -> FilmDetail:
        record = found.record
        return cls(
            **_film_fields(found),
            alternative_titles=list(record.alternative_titles),
            sources=dict(sorted(record.sources.items())),
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
        "trailer": record.trailer,
        "poster": None,  # `record.poster` points into another's image host; ours are served once they are fetched
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


class SimilarFilm(Answer):
    film: Film
    rank: int
    weight: float
    source: str


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


# Who asks


class User(Answer):
    id: int
    guest: bool
    created_at: datetime


class Session(Answer):
    user: User | None


# Library


class Answers(Answer):
    verdict: Verdict | None
    seen: bool
    seen_on: date | None
    saved: bool
    snoozed_until: date | None
    taste: bool
    rating: int | None

    @classmethod
    def of(cls, answers: records.Answers) -> Answers | None:
        """None where nothing is said."""
        return None if answers.says_nothing else cls(**_answer_fields(answers))


def _answer_fields(answers: records.Answers) -> dict[str, Any]:
    return {name: getattr(answers, name) for name in library_service.ANSWERS}


class Entry(Answers):
    film: Film
    saved_at: datetime | None
    version: int
    updated_at: datetime

    @classmethod
    def of_entry(cls, entry: library_service.Entry, films: Mapping[int, FoundFilm]) -> Entry:
        return cls(
            film=Film.of(films[entry.film_id]),
            **_answer_fields(entry.answers),
            saved_at=entry.saved_at,
            version=entry.version,
            updated_at=entry.updated_at,
        )


class EntryChange(Request):
    """What is said of a film. A field that is left out stays as it is, null takes an answer back."""

    model_config = ConfigDict(extra="forbid", frozen=True, json_schema_extra={"minProperties": 1})

    verdict: Verdict | None = None
    seen: StrictBool | None = None
    seen_on: Day | None = None
    saved: StrictBool | None = None
    snoozed_until: Day | None = None
    taste: StrictBool | None = None
    rating: Rating | None = None
    said_at: Moment | None = Field(
        default=None,
        description="When it was said, for writes that waited; now if left out, and never later.",
    )


class LibraryQuery(Query):
    show: library_service.Show | None = None
    q: Text = ""
    film: Annotated[list[Number], Field(max_length=100)] = []
    sort: library_service.Sort = "recent"
    limit: PageSize = 20
    cursor: Cursor | None = None


class LibraryCounts(Answer):
    liked: int
    fine: int
    disliked: int
    seen: int
    saved: int
    snoozed: int

    @classmethod
    def none(cls) -> LibraryCounts:
        return cls(liked=0, fine=0, disliked=0, seen=0, saved=0, snoozed=0)


class EntryList(Answer):
    items: list[Entry]
    next: str | None
    count: int
    counts: LibraryCounts


class Change(Answer):
    id: int
    overtaken: list[str] = Field(description="Answers that were said earlier than those that stand.")


class Said(Answer):
    entry: Entry | None
    change: Change | None
    pending: int

    @classmethod
    def of(cls, said: library_service.Said, films: Mapping[int, FoundFilm]) -> Said:
        change = None if said.change_id is None else Change(id=said.change_id, overtaken=list(said.overtaken))
        entry = None if said.entry is None else Entry.of_entry(said.entry, films)
        return cls(entry=entry, change=change, pending=0)


class ChangeQuery(Query):
    limit: PageSize = 20
    cursor: Cursor | None = None


class PastChange(Answer):
    id: int
    film: Film
    before: Answers | None
    after: Answers | None
    overtaken: list[str]
    said_at: datetime
    via: Literal["page", "api"]
    undone: bool

    @classmethod
    def of(cls, change: library_service.PastChange, films: Mapping[int, FoundFilm]) -> PastChange:
        return cls(
            id=change.id,
            film=Film.of(films[change.film_id]),
            before=Answers.of(change.before),
            after=Answers.of(change.after),
            overtaken=list(change.overtaken),
            said_at=change.said_at,
            via=change.via,  # type: ignore[arg-type]  # only these two are written
            undone=change.undone,
        )


class ChangeList(Answer):
    items: list[PastChange]
    next: str | None


# Recommendations


class RecommendationQuery(Query):
    """Filters apply before the list is cut; a film whose value is unknown does not pass a filter on that value."""

    kind: Kind | None = None
    genre: Annotated[list[Slug], Field(max_length=10, description="All of them must hold.")] = []
    genre_out: Annotated[list[Slug], Field(max_length=30)] = []
    language: Annotated[list[LanguageCode], Field(max_length=20, description="Any of them.")] = []
    country: Annotated[list[CountryCode], Field(max_length=20, description="Any of them.")] = []
    person: Annotated[
        list[Number], Field(max_length=5, description="All of them, by the number in /people.")
    ] = []
    year_min: Year | None = None
    year_max: Year | None = None
    runtime_min: Minutes | None = None
    runtime_max: Minutes | None = None
    certificate: Annotated[list[Certificate], Field(max_length=20, description="Any of them.")] = []
    score_min: Annotated[float, Field(ge=0, le=10)] | None = None
    votes_min: Annotated[int, Field(ge=0, le=2**31 - 1)] | None = None
    limit: PageSize = 20
    cursor: Cursor | None = None


class FilmName(Answer):
    id: int
    title: str
    year: int | None
    kind: Kind


class Reason(Answer):
    film: FilmName
    share: float


class Recommendation(Answer):
    film: Film
    score: float
    because: list[Reason]


class Relief(Answer):
    filter: str
    frees: int


class RecommendationList(Answer):
    items: list[Recommendation]
    count: int = Field(description="How many films pass all filters.")
    left_out: dict[str, int] = Field(
        description="By filter, how many are left out because their value is unknown."
    )
    hint: recommendation_service.Hint | None
    relax: list[Relief] = Field(description="Filters that stand in the way, the one that frees most first.")
    next: str | None
    pending: int

    @classmethod
    def of(
        cls, ranked: recommendation_service.Recommendations, films: Mapping[int, FoundFilm]
    ) -> RecommendationList:
        return cls(
            items=[
                Recommendation(
                    film=Film.of(films[item.film_id]),
                    score=round(item.score, 4),
                    because=_reasons(item.because, films),
                )
                for item in ranked.items
            ],
            count=ranked.count,
            left_out=dict(ranked.left_out),
            hint=ranked.hint,
            relax=[Relief(filter=row.filter, frees=row.frees) for row in ranked.relax],
            next=ranked.next,
            pending=0,
        )


def _reasons(because: Iterable[tuple[int, float]], films: Mapping[int, FoundFilm]) -> list[Reason]:
    return [
        Reason(
            film=FilmName(
                id=film_id,
                title=films[film_id].record.title,
                year=films[film_id].record.year,
                kind=films[film_id].record.kind,
            ),
            share=round(share, 4),
        )
        for film_id, share in because
    ]


# System


class Health(Answer):
    status: Literal["ok", "not ready"]
    catalogue: str | None = None


class SuggestionPath(Request):
    letter: Annotated[str, Field(min_length=1, max_length=20, pattern=r"^[^\x00/]+$")]
    query: Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00/]+$")]


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


def film_list(ids: Sequence[int], films: Mapping[int, FoundFilm]) -> FilmList:
    """The films in the order of the ids."""
    return FilmList(items=[Film.of(films[film_id]) for film_id in ids if film_id in films])
