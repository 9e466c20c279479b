"""The ranked list and its filters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated

from pydantic import Field

from moviefinder.records import FoundFilm, Kind
from moviefinder.services import recommendations as recommendation_service
from moviefinder.web.schemas.base import (
    Answer,
    Certificate,
    CountryCode,
    Cursor,
    LanguageCode,
    Minutes,
    Number,
    PageSize,
    Query,
    Slug,
    Year,
)
from moviefinder.web.schemas.films import Film


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
