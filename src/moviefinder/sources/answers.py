"""What outside answers are read with: fields of one type, length and range; what is anything else is unknown.

A source describes an answer as models of `Answer`. A field that is not what it should be takes its default, a row of a
list that is not is left out, and only an answer that is nothing at all is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Annotated, Any, Final, Self, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    field_validator,
)
from pydantic_core import PydanticOmit

from moviefinder.errors import SourceNonsense
from moviefinder.records import GENRES, NAMESPACES, FilmRecord, Kind, Ref, Role, Way

__all__ = [
    "Answer",
    "Certificate",
    "Count",
    "Country",
    "Flag",
    "ImdbId",
    "Language",
    "Line",
    "Many",
    "Minutes",
    "Name",
    "Prose",
    "Score",
    "Year",
    "YearOfDate",
    "YouTubeKey",
    "checked",
    "film_record",
    "ref_or_none",
]

T = TypeVar("T")

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202d\u202e\ufeff]")
_SURROGATE: Final = re.compile(r"[\ud800-\udfff]")
_DATE: Final = re.compile(r"([0-9]{4})-[0-9]{2}-[0-9]{2}")
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,3}")
_NO_LANGUAGE: Final = frozenset({"xx", "und", "zxx", "mul", "mis"})  # unknown, none (silent), several
_OWN_LANGUAGES: Final = {"cn": "yue"}  # TMDB's own code for Cantonese

# ISO 3166-1 alpha-2, as assigned: without states that are gone (SU, YU) and codes of TMDB's own (XC, XG).
_COUNTRIES: Final = frozenset(
    """AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA
    CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB
    GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG
    KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV
    MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB
    SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US
    UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW""".split()
)


def _tidy(text: str) -> str:
    """One line without control characters or a direction that it would force upon what follows."""
    if _SURROGATE.search(text):
        raise ValueError("half a character")
    tidied = " ".join(_CONTROL.sub(" ", text).split())
    if not tidied:
        raise ValueError("empty")
    return tidied


def _year_of(value: object) -> int:
    found = _DATE.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError("no date")
    return int(found[1])


def _language(code: str) -> str:
    if not _LANGUAGE.fullmatch(code) or code in _NO_LANGUAGE:
        raise ValueError("no language")
    return _OWN_LANGUAGES.get(code, code)


def _country(code: str) -> str:
    if code not in _COUNTRIES:
        raise ValueError("no country")
    return code


def _genre(slug: str) -> str:
    if slug not in GENRES:
        raise ValueError("no genre")
    return slug


def _left_out_where_wrong(value: Any, read: ValidatorFunctionWrapHandler) -> Any:
    try:
        return read(value)
    except ValidationError:
        raise PydanticOmit from None


Flag = Annotated[bool, Field(strict=True)]
Certificate = Annotated[str, Field(strict=True, min_length=1, max_length=20), AfterValidator(_tidy)]
Minutes = Annotated[int, Field(strict=True, ge=1, le=10_000)]
Genre = Annotated[str, Field(strict=True), AfterValidator(_genre)]
Link = Annotated[str, Field(strict=True, max_length=2_000, pattern=r"^https://[\x21-\x7e]+$")]
Count = Annotated[int, Field(strict=True, ge=0, le=2**31 - 1)]
Score = Annotated[float, Field(strict=True, ge=0, le=10, allow_inf_nan=False)]
Year = Annotated[int, Field(strict=True, ge=1870, le=2100)]
YearOfDate = Annotated[int, Field(ge=1870, le=2100), BeforeValidator(_year_of)]
Line = Annotated[str, Field(strict=True, max_length=500), AfterValidator(_tidy)]
"""A title, or anything of its length."""
Name = Annotated[str, Field(strict=True, max_length=200), AfterValidator(_tidy)]
Prose = Annotated[str, Field(strict=True, max_length=5_000), AfterValidator(_tidy)]
Language = Annotated[str, Field(strict=True, max_length=35), AfterValidator(_language)]
Country = Annotated[str, Field(strict=True), AfterValidator(_country)]
ImdbId = Annotated[str, Field(strict=True, pattern=rf"^{NAMESPACES['imdb'].pattern}$")]
YouTubeKey = Annotated[str, Field(strict=True, pattern=r"^[A-Za-z0-9_-]{11}$")]
Many = Annotated[list[Annotated[T, WrapValidator(_left_out_where_wrong)]], Field(max_length=5_000)]
"""Those rows of a list that can be read."""


class Answer(BaseModel):
    """An answer, or a part of one. Give a default to what may be missing; without one its owner cannot be read."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    @field_validator("*", mode="wrap")
    @classmethod
    def _unknown_where_wrong(
        cls, value: Any, read: ValidatorFunctionWrapHandler, info: ValidationInfo
    ) -> Any:
        try:
            return read(value)
        except ValidationError:
            field = cls.model_fields[info.field_name or ""]
            if field.is_required():
                raise
            return field.get_default(call_default_factory=True, validated_data={})

    @classmethod
    def of(cls, value: Any) -> Self:
        """Read an answer.

        Raises:
            SourceNonsense: it is no object, or lacks what makes it one of these.
        """
        try:
            return cls.model_validate(value)
        except ValidationError as error:
            raise SourceNonsense("The answer lacks what it is documented to hold.") from error


def ref_or_none(namespace: str, value: object) -> Ref | None:
    """A reference, if the value is of the form that its namespace has."""
    text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    return Ref(namespace, text) if NAMESPACES[namespace].fullmatch(text) else None


def film_record(
    source: str, *, refs: Iterable[Ref | None], kind: Kind, title: str, **facts: Any
) -> FilmRecord:
    """A record of what one source says: unknown values left out, each known one marked with the source."""
    known: dict[str, Any] = {
        name: tuple(fact) if isinstance(fact, list) else fact for name, fact in facts.items()
    }
    known = {name: fact for name, fact in known.items() if fact is not None and fact != ()}
    if known.get("original_title") == title:
        del known["original_title"]
    named = dict.fromkeys(["title", *(name for name in known if name != "adult")], source)
    found = tuple(dict.fromkeys(ref for ref in refs if ref is not None))
    return FilmRecord(refs=found, kind=kind, title=title, **known, sources=named)


class _Credit(Answer):
    name: Name
    role: Role
    position: Annotated[int, Field(strict=True, ge=0, lt=1000)]
    character: Name | None = None


class _Offer(Answer):
    country: Country
    provider: Name
    way: Way


class _Record(Answer):
    """A whole record, field by field as `FilmRecord` describes it."""

    kind: Kind
    title: Line
    original_title: Line | None = None
    alternative_titles: Many[Line] = []
    year: Year | None = None
    end_year: Year | None = None
    runtime_min: Minutes | None = None
    genres: Many[Genre] = []
    languages: Many[Language] = []
    countries: Many[Country] = []
    certificate: Certificate | None = None
    score: Score | None = None
    votes: Count | None = None
    poster: Line | None = None
    trailer: YouTubeKey | None = None
    description: Prose | None = None
    description_url: Link | None = None
    adult: Flag = False


def checked(record: FilmRecord, source: str) -> FilmRecord:
    """The record of a source that is not ours, read as strictly as outside answers are.

    Raises:
        SourceNonsense: it has no title, no kind, or no reference that is one.
    """
    try:
        facts = {name: getattr(record, name) for name in _Record.model_fields}
        facts = {name: list(fact) if isinstance(fact, tuple) else fact for name, fact in facts.items()}
        refs = [ref_or_none(ref.namespace, ref.value) for ref in record.refs if ref.namespace in NAMESPACES]
        people = [credit for credit in record.credits if _fits(_Credit, credit)]
        offers = [offer for offer in record.offers if _fits(_Offer, offer)]
    except (AttributeError, TypeError) as error:
        raise SourceNonsense("A film source gave something that is no record of a film.") from error
    if not any(refs):
        raise SourceNonsense("A film source gave a film without a reference.")
    read = _Record.of(facts).model_dump()
    return film_record(source, refs=refs, credits=people, offers=offers, **read)


def _fits(shape: type[Answer], part: object) -> bool:
    """Whether a part of a record is what it should be, to the letter."""
    try:
        read = shape.of({name: getattr(part, name, None) for name in shape.model_fields})
    except SourceNonsense:
        return False
    return all(getattr(read, name) == getattr(part, name) for name in shape.model_fields)
