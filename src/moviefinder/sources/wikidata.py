"""Wikidata: facts of films that anybody may use for anything (CC0), trailers among them. Needs no key."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from pydantic import TypeAdapter, ValidationError

from moviefinder.config import Settings
from moviefinder.errors import FilmNotFound, NotFound
from moviefinder.records import Credit, FilmRecord, Kind, Ref, Role
from moviefinder.sources import Capability, OutsideHost
from moviefinder.sources.addresses import name_of
from moviefinder.sources.answers import Line, YouTubeKey, film_record
from moviefinder.sources.wikibase import API, HOST, TAKES, Item, Statement, find_item, labels

if TYPE_CHECKING:
    from moviefinder.sources.http import PoliteClient

# Wikimedia asks for questions one after the other, and limits those of programs without a log-in
EVERY_S: Final = 1.0

PEOPLE: Final = 10
OTHERS: Final = (
    6  # genres, countries, languages: with the people no more than 50 names, which are one question
)

_DIRECTOR, _CREATOR, _CAST = "P57", "P170", "P161"
_GENRE, _COUNTRY, _LANGUAGE = "P136", "P495", "P364"
_PUBLISHED, _BEGAN, _ENDED = "P577", "P580", "P582"
_DURATION, _TITLE, _YOUTUBE = "P2047", "P1476", "P1651"
_TRAILER: Final = "Q622550"
_MINUTES: Final = {"Q7727": 1.0, "Q25235": 60.0, "Q11574": 1 / 60}
_PORNOGRAPHIC: Final = "pornographic"

# Wikidata's genres are free: "romantic comedy film", "crime television series". Each of these words names one of ours.
_GENRES: Final = {
    "action": "action",
    "adventure": "adventure",
    "animated": "animation",
    "animation": "animation",
    "anime": "animation",
    "biographical": "biography",
    "children's": "children",
    "comedy": "comedy",
    "crime": "crime",
    "documentary": "documentary",
    "drama": "drama",
    "family": "family",
    "fantasy": "fantasy",
    "film noir": "film-noir",
    "neo-noir": "film-noir",
    "historical": "history",
    "horror": "horror",
    "music": "music",
    "musical": "musical",
    "mystery": "mystery",
    "news": "news",
    "political": "politics",
    "reality": "reality",
    "romance": "romance",
    "romantic": "romance",
    "science fiction": "sci-fi",
    "soap opera": "soap",
    "sports": "sport",
    "talk show": "talk",
    "thriller": "thriller",
    "war": "war",
    "western": "western",
}
_GENRE_WORDS: Final = re.compile(rf"\b(?:{'|'.join(map(re.escape, _GENRES))})\b")
_PLACES: Final = {
    "british hong kong": "hong kong",
    "kingdom of denmark": "denmark",
    "kingdom of the netherlands": "netherlands",
    "people's republic of china": "china",
    "republic of china": "taiwan",
    "west germany": "germany",
}
_LANGUAGES: Final = {
    "american english": "english",
    "british english": "english",
    "standard mandarin": "mandarin",
    "standard chinese": "mandarin",
}
_LINE: Final[TypeAdapter[str]] = TypeAdapter(Line)
_KEY: Final[TypeAdapter[str]] = TypeAdapter(YouTubeKey)


class WikidataSource:
    """Films of Wikidata."""

    name = "wikidata"
    title = "Wikidata"
    can = frozenset({Capability.FILM})
    takes: tuple[str, ...] = TAKES
    keeps: timedelta | None = None  # CC0: for as long as one likes
    needs: str | None = None
    credit = "Facts from Wikidata (https://www.wikidata.org), CC0 1.0."

    def __init__(self, client: PoliteClient, settings: Settings) -> None:
        own = settings.source(self.name)
        self._api, self._language = own.address or API, settings.language
        self.hosts: tuple[OutsideHost, ...] = (
            OutsideHost(
                host=name_of(own.address or f"https://{HOST}"),
                purpose="Facts and trailers of films.",
                sends="Numbers of films at IMDb, TMDB or Wikidata, and the language set here.",
            ),
        )
        self._outlet = client.outlet(self.name, hosts=self.hosts, every_s=EVERY_S)

    def search(self, title: str, *, year: int | None = None, limit: int = 10) -> list[FilmRecord]:
        """Titles are not looked up here: what Wikidata finds is mostly no film."""
        return []

    def film(self, ref: Ref) -> FilmRecord:
        """What Wikidata has of one film.

        Raises:
            FilmNotFound: no item has this reference, or several do, or it is no film.
        """
        try:
            item = find_item(self._outlet, self._api, ref, language=self._language)
            return self._record(item)
        except FilmNotFound:
            raise
        except NotFound as error:
            raise FilmNotFound(ref) from error

    def similar(self, ref: Ref, *, limit: int = 25) -> list[FilmRecord]:
        """Wikidata knows of no likeness."""
        return []

    def poster(self, pointer: str) -> bytes:
        """Posters are not free, so Wikidata has none.

        Raises:
            FilmNotFound: always.
        """
        raise FilmNotFound(pointer)

    def _record(self, item: Item) -> FilmRecord:
        people = {
            Role.DIRECTOR: item.items(_DIRECTOR)[:PEOPLE],
            Role.CREATOR: item.items(_CREATOR)[:PEOPLE] if item.kind is Kind.SERIES else [],
            Role.ACTOR: item.items(_CAST)[:PEOPLE],
        }
        others = {name: item.items(name)[:OTHERS] for name in (_GENRE, _COUNTRY, _LANGUAGE)}
        numbers = [number for rows in (*people.values(), *others.values()) for number in rows]
        names = labels(self._outlet, self._api, numbers, language=self._language)
        in_english = {
            name: [text for number in rows if (text := _name(names, number, ("en", "mul")))]
            for name, rows in others.items()
        }
        credits = []
        for role, rows in people.items():
            known = [_name(names, number, (self._language, "mul", "en")) for number in rows]
            credits += [
                Credit(name=name[:200], role=role, position=position)
                for position, name in enumerate(dict.fromkeys(name for name in known if name))
            ]
        began = _years(item, _BEGAN) if item.kind is Kind.SERIES else []
        ended = _years(item, _ENDED) if item.kind is Kind.SERIES else []
        return film_record(
            self.name,
            refs=item.refs,
            kind=item.kind,
            title=item.title,
            original_title=_original_title(item),
            alternative_titles=item.alternative_titles,
            year=min(began or _years(item, _PUBLISHED), default=None),
            end_year=max(ended, default=None),
            runtime_min=_runtime(item),
            genres=_genres(in_english[_GENRE]),
            languages=_codes("languages", in_english[_LANGUAGE], _LANGUAGES),
            countries=_codes("countries", in_english[_COUNTRY], _PLACES),
            credits=credits,
            trailer=_trailer(item),
            adult=any(_PORNOGRAPHIC in text.lower() for text in in_english[_GENRE]),
        )


def _name(names: dict[str, dict[str, str]], number: str, languages: Iterable[str]) -> str | None:
    by_language = names.get(number, {})
    return next((by_language[language] for language in languages if language in by_language), None)


def _years(item: Item, property_id: str) -> list[int]:
    return [claim.year for claim in item.all(property_id) if claim.year is not None]


def _original_title(item: Item) -> str | None:
    for claim in item.all(_TITLE):
        text = claim.value.get("text") if isinstance(claim.value, dict) else None
        if (read := _read(_LINE, text)) is not None:
            return read
    return None


def _runtime(item: Item) -> int | None:
    """The first duration whose unit is known, in minutes."""
    for claim in item.all(_DURATION):
        value = claim.value if isinstance(claim.value, dict) else {}
        amount, unit = value.get("amount"), str(value.get("unit")).rpartition("/")[2]
        if (
            unit in _MINUTES
            and isinstance(amount, str)
            and re.fullmatch(r"\+[0-9]{1,6}(\.[0-9]{1,6})?", amount)
        ):
            minutes = round(float(amount) * _MINUTES[unit])
            if 1 <= minutes <= 10_000:
                return minutes
    return None


def _trailer(item: Item) -> str | None:
    """A video that is said to be the trailer, else one of which nothing is said; never one that is something else."""
    claims = item.all(_YOUTUBE)

    def is_trailer(claim: Statement) -> bool:
        return _TRAILER in claim.qualifying_items()

    plain = [claim for claim in claims if not claim.qualifying_items()]
    for claim in (*filter(is_trailer, claims), *plain):
        if (key := _read(_KEY, claim.value)) is not None:
            return key
    return None


def _genres(names: Iterable[str]) -> tuple[str, ...]:
    words = (word for name in names for word in _GENRE_WORDS.findall(name.lower()))
    return tuple(dict.fromkeys(_GENRES[word] for word in words))


def _codes(what: str, names: Iterable[str], ours: dict[str, str]) -> tuple[str, ...]:
    from moviefinder.catalogue import places  # brings the names of all places, which only this asks for

    return tuple(getattr(places, what)(ours.get(name.lower(), name) for name in names))


def _read(adapter: TypeAdapter[str], value: Any) -> str | None:
    try:
        return adapter.validate_python(value)
    except ValidationError:
        return None
