"""What people said of films."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, StrictBool

from moviefinder import records
from moviefinder.records import FoundFilm, Verdict
from moviefinder.services import library as library_service
from moviefinder.store import jobs
from moviefinder.web.schemas.base import (
    Answer,
    Cursor,
    Day,
    Moment,
    Number,
    PageSize,
    Query,
    Rating,
    Request,
    Text,
)
from moviefinder.web.schemas.films import Film, Pending


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


_SAYABLE = ("verdict", "seen", "seen_on", "saved", "snoozed_until", "taste", "rating")


class EntryChange(Request):
    """What is said of a film. A field that is left out stays as it is, null takes an answer back."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={"anyOf": [{"required": [name]} for name in _SAYABLE]},
    )

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
    pending: Pending

    @classmethod
    def of(cls, said: library_service.Said, films: Mapping[int, FoundFilm], pending: jobs.Pending) -> Said:
        change = None if said.change_id is None else Change(id=said.change_id, overtaken=list(said.overtaken))
        entry = None if said.entry is None else Entry.of_entry(said.entry, films)
        return cls(entry=entry, change=change, pending=Pending.of(pending))


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
    via: Literal["page", "api", "merge"]
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
            via=change.via,  # type: ignore[arg-type]  # only these are written
            undone=change.undone,
        )


class ChangeList(Answer):
    items: list[PastChange]
    next: str | None
