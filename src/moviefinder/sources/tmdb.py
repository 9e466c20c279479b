"""The Movie Database (TMDB), API version 3, with the operator's own free key; posters of its image host without one.

One call tells all of a film and which films are alike; it is kept for a day, so that asking for both costs one call.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from moviefinder.config import Settings
from moviefinder.errors import FilmNotFound, NotFound, SourceNonsense, SourceOff
from moviefinder.records import Credit, FilmRecord, Kind, Offer, Ref, Role, Way
from moviefinder.sources import Capability, OutsideHost
from moviefinder.sources.addresses import name_of
from moviefinder.sources.answers import film_record, ref_or_none
from moviefinder.sources.tmdb_answers import (
    GENRES,
    POSTER,
    Details,
    Found,
    Page,
    Providers,
    Row,
    Video,
    Ways,
)

if TYPE_CHECKING:
    from moviefinder.sources.http import PoliteClient

HOST: Final = "api.themoviedb.org"
IMAGES_HOST: Final = "image.tmdb.org"
KEEPS: Final = timedelta(days=180)
"""Six months: the longest that TMDB's terms of use let an answer be kept (API terms of use, "Restrictions")."""

EVERY_S: Final = 0.05  # 20 a second; TMDB's own limit is "somewhere in the 40 requests per second range"
FRESH: Final = timedelta(days=1)
FRESH_SEARCH: Final = timedelta(hours=1)
CAST: Final = 10

_WIDTH: Final = "w500"  # the least of TMDB's sizes that is no narrower than the widest of ours (480)
_NAMESPACES: Final = {Kind.MOVIE: "tmdb", Kind.SERIES: "tmdb-tv"}
_PATHS: Final = {"tmdb": "movie", "tmdb-tv": "tv"}
_APPENDED: Final = {
    "tmdb": "credits,recommendations,similar,videos,external_ids,release_dates,watch/providers",
    "tmdb-tv": "credits,recommendations,similar,videos,external_ids,content_ratings,watch/providers",
}
_OVER: Final = frozenset({"Ended", "Canceled"})
_WAYS: Final = {
    "flatrate": Way.SUBSCRIPTION,
    "free": Way.FREE,
    "ads": Way.ADS,
    "rent": Way.RENT,
    "buy": Way.BUY,
}


class TmdbSource:
    """Films of The Movie Database."""

    name = "tmdb"
    title = "The Movie Database (TMDB)"
    takes: tuple[str, ...] = ("tmdb", "tmdb-tv", "imdb")
    keeps: timedelta | None = KEEPS
    credit = (
        "This product uses TMDB and the TMDB APIs but is not endorsed, certified, or otherwise approved by TMDB. "
        "Where to watch: JustWatch."
    )

    def __init__(self, client: PoliteClient, settings: Settings) -> None:
        own = settings.source(self.name)
        self._key = own.key.get_secret_value()
        self._api = own.address or f"https://{HOST}/3"
        self._images = own.images or f"https://{IMAGES_HOST}/t/p"
        self._language, self._country = settings.language, settings.country
        posters = OutsideHost(
            host=name_of(own.images or f"https://{IMAGES_HOST}"),
            purpose="Posters of films.",
            sends="The name of an image file.",
        )
        facts = OutsideHost(
            host=name_of(own.address or f"https://{HOST}"),
            purpose="Finds films, their details, trailers, films like them, and where they can be watched.",
            sends="Titles that are looked up, numbers of films, your key, and the language set here.",
        )
        self.hosts: tuple[OutsideHost, ...] = (facts, posters) if self._key else (posters,)
        self.can = (
            frozenset(
                {Capability.SEARCH, Capability.FILM, Capability.SIMILAR, Capability.POSTER, Capability.ALL}
            )
            if self._key
            else frozenset({Capability.POSTER})
        )
        self.needs = None if self._key else "key"
        self._outlet = client.outlet(self.name, hosts=self.hosts, every_s=EVERY_S)

    def search(self, title: str, *, year: int | None = None, limit: int = 10) -> list[FilmRecord]:
        """Movies and series by title, best first by TMDB's own measure."""
        wanted = " ".join(title.split())[:200]
        if not wanted:
            return []
        try:
            rows = self._ask(
                "/search/multi", Page.of, FRESH_SEARCH, query=wanted, include_adult="false", page="1"
            )
        except NotFound as error:
            raise SourceNonsense(
                "TMDB has no search where it should be. Is sources.tmdb.address right?"
            ) from error
        found = [record for row in rows.results if (record := self._row(row))]
        return [record for record in found if year is None or record.year == year][:limit]

    def film(self, ref: Ref) -> FilmRecord:
        """All that TMDB knows of one film.

        Raises:
            FilmNotFound: it does not know it.
        """
        details, namespace = self._details(ref)
        return self._record(details, namespace, asked=ref)

    def similar(self, ref: Ref, *, limit: int = 25) -> list[FilmRecord]:
        """What TMDB recommends beside a film, then what it deems similar.

        Raises:
            FilmNotFound: it does not know the film.
        """
        details, namespace = self._details(ref)
        kind = Kind.MOVIE if namespace == "tmdb" else Kind.SERIES
        rows = [*details.recommendations.results, *details.similar.results]
        itself = Ref(namespace, str(details.id))
        found: dict[Ref, FilmRecord] = {}
        for row in rows:
            record = self._row(row, kind)
            if record and record.refs[0] != itself:
                found.setdefault(record.refs[0], record)
        return list(found.values())[:limit]

    def poster(self, pointer: str) -> bytes:
        """The poster, 500 pixels wide.

        Raises:
            FilmNotFound: there is no such image.
            SourceNonsense: the pointer is not one of TMDB's.
        """
        if not POSTER.fullmatch(pointer):
            raise SourceNonsense("This is no path of an image at TMDB.")
        try:
            return self._outlet.get_bytes(
                f"{self._images}/{_WIDTH}{pointer}", types=("image/jpeg", "image/png", "image/webp")
            )
        except NotFound as error:
            raise FilmNotFound(pointer) from error

    def _ask(
        self, path: str, shape: Callable[[Any], Any], fresh: timedelta, **query: str
    ) -> Any:  # what `shape` gives
        if not self._key:
            raise SourceOff("TMDB needs a key. It is free: see docs/sources.md, then set sources.tmdb.key.")
        headers = {}
        query["language"] = self._language
        if self._key.startswith("eyJ"):  # a token of version 4, which goes where no log keeps it
            headers["Authorization"] = f"Bearer {self._key}"
        else:
            query["api_key"] = self._key
        url = f"{self._api}{path}?{urlencode(query)}"
        return self._outlet.get_json(url, headers=headers, fresh=fresh, shape=shape)

    def _details(self, ref: Ref) -> tuple[Details, str]:
        """All of one film, and the namespace of its number."""
        try:
            if ref.namespace == "imdb":
                found: Found = self._ask(f"/find/{ref.value}", Found.of, FRESH, external_source="imdb_id")
                numbered = [("tmdb", row) for row in found.movie_results]
                numbered += [("tmdb-tv", row) for row in found.tv_results]
                if not numbered:
                    raise FilmNotFound(ref)
                namespace, number = numbered[0][0], numbered[0][1].id
            elif ref.namespace in _PATHS:
                namespace, number = ref.namespace, int(ref.value)
            else:
                raise FilmNotFound(ref)
            details = self._ask(
                f"/{_PATHS[namespace]}/{number}",
                lambda answer: _details_of(answer, number),
                FRESH,
                append_to_response=_APPENDED[namespace],
                include_video_language=",".join(dict.fromkeys((self._language, "en", "null"))),
            )
        except FilmNotFound:
            raise
        except NotFound as error:
            raise FilmNotFound(ref) from error
        return details, namespace

    def _row(self, row: Row, kind: Kind | None = None) -> FilmRecord | None:
        """A film of a list; None for a person, a collection, or one without a title."""
        kind = {"movie": Kind.MOVIE, "tv": Kind.SERIES}.get(row.media_type or "") or (
            kind if row.media_type is None else None
        )
        title = row.title or row.name
        if kind is None or title is None:
            return None
        return film_record(self.name, **self._shared(row, kind, title), genres=_slugs(row.genre_ids))

    def _shared(self, row: Row, kind: Kind, title: str) -> dict[str, Any]:
        """What lists and details have in common."""
        has_votes = bool(row.vote_count)
        return {
            "refs": [Ref(_NAMESPACES[kind], str(row.id))],
            "kind": kind,
            "title": title,
            "original_title": row.original_title or row.original_name,
            "year": row.release_date if kind is Kind.MOVIE else row.first_air_date,
            "languages": [row.original_language] if row.original_language else [],
            "description": row.overview,
            "score": row.vote_average if has_votes else None,
            "votes": row.vote_count if has_votes else None,
            "poster": row.poster_path,
            "adult": row.adult,
        }

    def _record(self, details: Details, namespace: str, *, asked: Ref) -> FilmRecord:
        is_movie = namespace == "tmdb"
        kind = Kind.MOVIE if is_movie else Kind.SERIES
        title = details.title if is_movie else details.name
        if title is None:
            raise SourceNonsense("TMDB answered with a film that has no title.")
        ids = details.external_ids
        shared = self._shared(details, kind, title)
        shared["refs"] += [
            ref_or_none("imdb", asked.value if asked.namespace == "imdb" else details.imdb_id or ids.imdb_id),
            ref_or_none("wikidata", ids.wikidata_id),
        ]
        spoken = list(dict.fromkeys(language.iso_639_1 for language in details.spoken_languages))
        made_in = [place.iso_3166_1 for place in details.production_countries]
        countries = (made_in or details.origin_country) if is_movie else (details.origin_country or made_in)
        return film_record(
            self.name,
            **shared | {"languages": spoken or shared["languages"]},
            end_year=details.last_air_date if details.status in _OVER and not is_movie else None,
            runtime_min=details.runtime if is_movie else next(iter(details.episode_run_time), None),
            genres=_slugs(genre.id for genre in details.genres),
            countries=tuple(dict.fromkeys(countries)),
            credits=_credits(details),
            certificate=self._certificate(details),
            trailer=self._trailer(details.videos.results),
            offers=self._offers(details.providers),
        )

    def _certificate(self, details: Details) -> str | None:
        """What the country that is set certified; a movie may have several releases there."""
        for rating in (*details.release_dates.results, *details.content_ratings.results):
            if rating.iso_3166_1 == self._country:
                given = [rating.rating, *(release.certification for release in rating.release_dates)]
                return next((text for text in given if text), None)
        return None

    def _trailer(self, videos: Iterable[Video]) -> str | None:
        """The best trailer on YouTube, else a teaser: official before others, then by language, then the newest."""
        best = max(
            (video for video in videos if video.site == "YouTube" and video.type in ("Trailer", "Teaser")),
            key=lambda video: (
                video.type == "Trailer",
                video.official,
                video.iso_639_1 == self._language,
                video.published_at,
            ),
            default=None,
        )
        return best.key if best else None

    def _offers(self, providers: Providers) -> tuple[Offer, ...]:
        try:
            ways = Ways.of(providers.results.get(self._country, {}))
        except SourceNonsense:
            return ()
        offers = [
            Offer(country=self._country, provider=provider.provider_name, way=way)
            for name, way in _WAYS.items()
            for provider in getattr(ways, name)
        ]
        return tuple(dict.fromkeys(offers))


def _details_of(answer: Any, number: int) -> Details:
    details = Details.of(answer)
    if details.id != number:
        raise SourceNonsense("TMDB answered with another film than the one asked for.")
    return details


def _slugs(numbers: Iterable[int]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(slug for number in numbers for slug in GENRES.get(number, ())))


def _credits(details: Details) -> tuple[Credit, ...]:
    """Directors (creators of a series) and the first of the cast, each person once a role."""
    cast = sorted(details.credits.cast, key=lambda person: person.order)
    directors = [person for person in details.credits.crew if person.job == "Director"]
    credits = []
    for role, people in (
        (Role.DIRECTOR, directors),
        (Role.CREATOR, details.created_by),
        (Role.ACTOR, cast),
    ):
        characters: dict[str, str | None] = {}
        for person in people:
            characters.setdefault(person.name, person.character if role is Role.ACTOR else None)
        credits += [
            Credit(name=name, role=role, position=position, character=character)
            for position, (name, character) in enumerate(list(characters.items())[:CAST])
        ]
    return tuple(credits)
