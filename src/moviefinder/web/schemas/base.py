"""What all bodies and queries are made of: bounded values, requests that refuse what they do not know, problems."""

from __future__ import annotations

import functools
import re
from datetime import UTC, date, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

YEAR_MIN, YEAR_MAX = 1870, 2100
FILM_PATTERN = (
    r"^(?:[1-9][0-9]{0,17}|imdb:tt[0-9]{7,9}|tmdb(?:-tv)?:[1-9][0-9]{0,8}|wikidata:Q[1-9][0-9]{0,9}"
    r"|mf:[a-z0-9-]{1,40})$"
)

Text = Annotated[str, Field(max_length=200, pattern=r"^[^\x00]*$")]
Number = Annotated[int, Field(ge=1, le=2**31 - 1)]
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


def _in_utc(value: datetime) -> datetime:
    try:
        return value.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("must lie between the years 1 and 9999 in UTC") from error


Moment = Annotated[AwareDatetime, BeforeValidator(_only_text), AfterValidator(_in_utc)]
Rating = Annotated[int, Field(ge=1, le=10), BeforeValidator(_only_whole)]
Days = Annotated[int, Field(ge=1, le=90), BeforeValidator(_only_whole)]


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


def _film_name(value: str) -> str:
    if not re.fullmatch(FILM_PATTERN, value):
        raise ValueError("must be our number, or a reference: imdb:tt0133093, tmdb:603 or tmdb-tv:1399")
    return value


FilmInPath = Annotated[
    str,
    AfterValidator(_film_name),
    Field(
        description="Our number, or a reference such as imdb:tt0133093.",
        json_schema_extra={"pattern": FILM_PATTERN},
    ),
]


class FilmPath(Request):
    film: FilmInPath


class ReasonPath(Request):
    film: FilmInPath
    because: FilmInPath


class ChangePath(Request):
    change: Number


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
