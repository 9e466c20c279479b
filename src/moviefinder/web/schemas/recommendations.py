"""The ranked list and its filters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated

from pydantic import Field

from moviefinder.records import Confidence, FoundFilm, Kind, Say
from moviefinder.services import answers as answer_service
from moviefinder.services import recommendations as recommendation_service
from moviefinder.services import track as track_service
from moviefinder.store import jobs
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
    Request,
    Slug,
    Year,
)
from moviefinder.web.schemas.films import Film, Pending

Dial = Annotated[float, Field(ge=0, le=1)]


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
    known: Dial | None = Field(
        default=None,
        description="1: well known, 0: little known; left out: what was measured to fit most people.",
    )
    spread: Dial | None = Field(
        default=None, description="0: close to what is liked, 1: adventurous; left out: as measured."
    )
    by: recommendation_service.By | None = Field(
        default=None, description="What ranks; left out: what was measured to rank best."
    )
    limit: PageSize = 20
    cursor: Cursor | None = None


class FilmName(Answer):
    id: int
    title: str
    year: int | None
    kind: Kind

    @classmethod
    def of(cls, found: FoundFilm) -> FilmName:
        return cls(id=found.id, title=found.record.title, year=found.record.year, kind=found.record.kind)


class Reason(Answer):
    film: FilmName
    share: float
    say: Say | None = Field(description="What the person has answered to it.")


class Recommendation(Answer):
    film: Film
    score: float
    confidence: Confidence | None
    because: list[Reason]
    not_because: list[FilmName] = Field(description="Liked films that the person took out of the reasons.")

    @classmethod
    def of(
        cls,
        item: recommendation_service.Recommendation,
        films: Mapping[int, FoundFilm],
        answered: Sequence[answer_service.Reason],
    ) -> Recommendation:
        said = {reason.because_id: reason.say for reason in answered if reason.film_id == item.film_id}
        return cls(
            film=Film.of(films[item.film_id]),
            score=round(item.score, 4),
            confidence=item.confidence,
            because=[
                Reason(film=FilmName.of(films[film_id]), share=round(share, 4), say=said.get(film_id))
                for film_id, share in item.because
                if film_id in films
            ],
            not_because=[FilmName.of(films[film_id]) for film_id, say in said.items() if say is Say.NOT],
        )


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
    known: float = Field(description="Where the dial stood.")
    spread: float = Field(description="Where the dial stood.")
    next: str | None
    pending: Pending

    @classmethod
    def of(
        cls,
        ranked: recommendation_service.Recommendations,
        films: Mapping[int, FoundFilm],
        answered: Sequence[answer_service.Reason],
        pending: Sequence[jobs.Pending],
    ) -> RecommendationList:
        return cls(
            items=[
                Recommendation.of(item, films, answered) for item in ranked.items if item.film_id in films
            ],
            count=ranked.count,
            left_out=dict(ranked.left_out),
            hint=ranked.hint,
            relax=[Relief(filter=row.filter, frees=row.frees) for row in ranked.relax],
            known=ranked.known,
            spread=ranked.spread,
            next=ranked.next,
            pending=Pending.of(*pending),
        )


class ReasonAnswer(Request):
    say: Say = Field(description="Not because of this one, or more like this side of it.")


class AnsweredReason(Answer):
    """What stands now, and what stood before, which undoing says again; null: nothing."""

    say: Say | None
    before: Say | None

    @classmethod
    def of(cls, answered: answer_service.Answered) -> AnsweredReason:
        return cls(say=answered.say, before=answered.before)


class PastReason(Answer):
    film: FilmName
    because: FilmName
    say: Say
    said_at: datetime

    @classmethod
    def of(cls, reason: answer_service.Reason, films: Mapping[int, FoundFilm]) -> PastReason:
        return cls(
            film=FilmName.of(films[reason.film_id]),
            because=FilmName.of(films[reason.because_id]),
            say=reason.say,
            said_at=reason.said_at,
        )


class PastReasonList(Answer):
    items: list[PastReason]
    next: str | None = None


class PastReasonQuery(Query):
    limit: PageSize = 20


class ShownFilm(Request):
    film: Number
    rank: Annotated[int, Field(ge=1, le=100_000, description="Its place in the list, from 1.")]


class ShownFilms(Request):
    films: Annotated[list[ShownFilm], Field(min_length=1, max_length=100)]


class Tally(Answer):
    """Films that got a verdict after they were shown."""

    tried: int
    liked: int
    fine: int
    disliked: int

    @classmethod
    def of(cls, tally: track_service.Tally) -> Tally:
        return cls(tried=tally.tried, liked=tally.liked, fine=tally.fine, disliked=tally.disliked)


class Record(Tally):
    """What came of what was shown, beside what a list of the best-known films would have got."""

    since: datetime | None = Field(description="When the first film was shown; null: none was.")
    shown: int = Field(description="How many films were shown.")
    enough: bool = Field(description="Whether enough were tried for a share to say something.")
    popular: Tally = Field(
        description="Of a list of as many best-known films, those that got a verdict since the first showing."
    )
    confidence: dict[Confidence, Tally] = Field(
        description="The same by the confidence they were shown with."
    )

    @classmethod
    def of_record(cls, record: track_service.Record) -> Record:
        return cls(
            **Tally.of(record.here).model_dump(),
            since=record.since,
            shown=record.shown,
            enough=record.is_enough,
            popular=Tally.of(record.popular),
            confidence={name: Tally.of(tally) for name, tally in record.by_confidence.items()},
        )
