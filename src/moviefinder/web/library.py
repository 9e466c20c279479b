"""What the user said of films: read, say, forget, look back, undo."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from flask import Response, request
from flask_openapi import APIBlueprint, Tag
from sqlalchemy.orm import Session

from moviefinder.errors import FilmNotFound, Invalid, Malformed, Stale, TooMany
from moviefinder.records import FoundFilm, Ref
from moviefinder.services import facts, fetching, films, library, lookup, posters, sources
from moviefinder.store import jobs
from moviefinder.web import schemas
from moviefinder.web.answers import failures
from moviefinder.web.askers import keep_session_alive, limit_lookups, moviefinder, reader
from moviefinder.web.repeats import written_once
from moviefinder.web.security import Access, access, parse_json

blueprint = APIBlueprint(
    "library",
    __name__,
    url_prefix="/api/v1/library",
    abp_tags=[Tag(name="library")],
    abp_responses=failures(400, 422),
)

_KEY_TYPES: Mapping[str, type[Any] | tuple[type[Any], ...]] = {
    "recent": datetime,
    "title": str,
    "year": int,
    "score": (int, float),
    "changes": type(None),
}
"""What a cursor holds besides a number, by sorting."""


@blueprint.get("", responses={200: schemas.EntryList, **failures(401)})
@access(Access.READER)
def list_entries(query: schemas.LibraryQuery) -> schemas.EntryList:
    """What was said of films, newest first unless sorted otherwise; one list of it with `show`."""
    after = _read_cursor(query.cursor, query.sort)
    with moviefinder().reading() as session:
        asker = reader(session)
        if asker is None:
            return schemas.EntryList(items=[], next=None, count=0, counts=schemas.LibraryCounts.none())
        page = library.entries(
            session,
            asker.user_id,
            today=_today(),
            show=query.show,
            q=query.q,
            film_ids=query.film,
            sort=query.sort,
            after=after,
            limit=query.limit,
        )
        counts = library.counts(session, asker.user_id, today=_today())
        found = _films(session, [entry.film_id for entry in page.entries])
    keep_session_alive()
    return schemas.EntryList(
        items=[schemas.Entry.of_entry(entry, found) for entry in page.entries],
        next=_write_cursor(page.next, query.sort),
        count=page.count,
        counts=schemas.LibraryCounts(**counts),
    )


@blueprint.get("/changes", responses={200: schemas.ChangeList, **failures(401)})
@access(Access.READER)
def list_changes(query: schemas.ChangeQuery) -> schemas.ChangeList:
    """Every write, newest first."""
    after = _read_cursor(query.cursor, "changes")
    with moviefinder().reading() as session:
        asker = reader(session)
        if asker is None:
            return schemas.ChangeList(items=[], next=None)
        rows = library.changes(session, asker.user_id, before_id=after and after[1], limit=query.limit)
        found = _films(session, [row.film_id for row in rows])
    shown = rows[: query.limit]
    return schemas.ChangeList(
        items=[schemas.PastChange.of(row, found) for row in shown],
        next=_write_cursor((None, shown[-1].id), "changes") if len(rows) > len(shown) else None,
    )


@blueprint.post("/changes/<int:change>/undo", responses={200: schemas.Said, **failures(401, 403, 404, 409)})
@access(Access.WRITER)
def undo_change(path: schemas.ChangePath) -> Response | schemas.Said:
    """Put a film's answers back to what they were before the change; doing it twice is doing it once."""
    return _write(lambda session, user_id: library.undo(session, user_id, path.change, now=_now()))


@blueprint.get("/<film>", responses={200: schemas.Entry, **failures(401, 404)})
@access(Access.READER)
def show_entry(path: schemas.FilmPath) -> Response:
    """What was said of one film; 404 when nothing was. Its `ETag` is the version that `If-Match` takes."""
    with moviefinder().reading() as session:
        asker = reader(session)
        film_id = films.film_id_of(session, path.film)
        entry = library.entry_of(session, asker.user_id if asker else 0, film_id)
        body = schemas.Entry.of_entry(entry, _films(session, [film_id])).model_dump_json()
    response = Response(body, mimetype="application/json")
    response.set_etag(str(entry.version))
    return response


@blueprint.patch(
    "/<film>", responses={200: schemas.Said, **failures(400, 401, 403, 404, 412, 413, 415, 429, 503)}
)
@access(Access.WRITER)
def say(path: schemas.FilmPath, body: schemas.EntryChange) -> Response | schemas.Said:
    """Merge answers into what was said; durable when answered, and saying it again changes nothing.

    The first write without a cookie makes a guest. `If-Match: "version"` refuses a stale write with 412;
    `Idempotency-Key` has a repeated one answered as the first was, for a day. A reference that nobody here knows is
    looked up, for two seconds at most; where nobody tells, the answer is kept for a film that is called by it.
    """
    said = body.model_dump(exclude_unset=True, exclude={"said_at"})
    if not said:
        raise Invalid('Say something of the film, such as {"verdict": "liked"}.', field="body")

    told = _told_outside(path.film)  # before the write, which waits for nobody

    def write(session: Session, user_id: int) -> library.Said:
        now, film_id = _now(), _film_to_speak_of(session, path.film, told)
        done = library.say(
            session,
            user_id,
            film_id,
            said,
            now=now,
            said_at=body.said_at,
            expected_version=_expected_version(),
            via=_via(),
        )
        fetching.want(session, sources.sources_on(moviefinder(), session), [film_id], now=now)
        return done

    return _write(write)


def _told_outside(film: str) -> lookup.Told | None:
    """What a source tells of a film that nobody here knows; None where one does, or none tells."""
    ref = _outside_ref(film)
    if ref is None:
        return None
    app = moviefinder()
    with app.reading() as session:
        if facts.film_of_ref(session, ref) is not None:
            return None
        reader(session)  # nobody is asked for the sake of somebody whose session has ended
        on = sources.sources_on(app, session)
    try:
        limit_lookups()
    except TooMany:  # no reason to refuse the answer: details follow at the pace of the queue
        return None
    return lookup.find(ref, on)


def _film_to_speak_of(session: Session, film: str, told: lookup.Told | None) -> int:
    ref = _outside_ref(film)
    if ref is not None and facts.film_of_ref(session, ref) is None:
        if told is None:
            return facts.stub(session, ref, now=_now())
        keeps = told.source.keeps
        return facts.keep(session, told.record, told.source.name, whole=True, now=_now(), keeps=keeps)
    return films.film_id_of(session, film, for_writing=True)


def _outside_ref(film: str) -> Ref | None:
    """The reference, where a film is named by one that others gave out."""
    ref = None if film.isdigit() else Ref.parse(film)
    return None if ref is None or ref.namespace == "mf" else ref


@blueprint.delete("/<film>", responses={204: None, **failures(401, 403, 404, 412, 429, 503)})
@access(Access.WRITER)
def forget(path: schemas.FilmPath) -> Response:
    """Forget all that was said of the film; the history can bring it back. `If-Match` as in `PATCH`."""

    def write(session: Session, user_id: int) -> library.Said:
        return library.forget(
            session,
            user_id,
            films.film_id_of(session, path.film, for_writing=True),
            now=_now(),
            expected_version=_expected_version(),
            via=_via(),
        )

    _write(write)
    return Response(status=204)


def _write(write: Callable[[Session, int], library.Said]) -> Response | schemas.Said:
    def answer(session: Session, user_id: int) -> schemas.Said:
        said = write(session, user_id)
        ids = [said.entry.film_id] if said.entry else []
        pending = jobs.pending(session, now=_now(), film_ids=ids)
        return schemas.Said.of(said, _films(session, ids), pending)

    try:
        return written_once(answer)
    except Stale as error:
        raise _with_current_entry(error) from error


def _films(session: Session, ids: Sequence[int]) -> dict[int, FoundFilm]:
    return posters.with_posters(moviefinder(), session, films.films(session, ids))


def _with_current_entry(error: Stale) -> Stale:
    with moviefinder().reading() as session:
        asker = reader(session)
        try:
            film_id = films.film_id_of(session, str((request.view_args or {}).get("film")))
        except FilmNotFound:
            film_id = 0
        page = library.entries(session, asker.user_id if asker else 0, today=_today(), film_ids=[film_id])
        found = _films(session, [film_id])
    current = [schemas.Entry.of_entry(entry, found).model_dump(mode="json") for entry in page.entries]
    error.more["entry"] = current[0] if current else None
    return error


def _expected_version() -> int | None:
    named = request.headers.get("If-Match")
    if named is None:
        return None
    version = named.strip().strip('"')
    if not (version.isascii() and version.isdigit() and len(version) < 10):
        raise Invalid('If-Match must hold a version, such as "3".', field="If-Match")
    return int(version)


def _via() -> str:
    return "page" if request.headers.get("Sec-Fetch-Site") == "same-origin" else "api"


def _now() -> datetime:
    return datetime.now(UTC)


def _today() -> date:
    return _now().date()


def _write_cursor(place: tuple[Any, int] | None, sort: str) -> str | None:
    if place is None:
        return None
    key, number = place
    key = key.isoformat() if isinstance(key, datetime) else key
    return base64.urlsafe_b64encode(json.dumps([sort, key, number]).encode()).decode().rstrip("=")


def _read_cursor(cursor: str | None, sort: str) -> tuple[Any, int] | None:
    """The place that `_write_cursor` wrote, for the same sorting."""
    if not cursor:
        return None
    try:
        written, key, number = parse_json(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        expected = _KEY_TYPES[sort]
        key = datetime.fromisoformat(key).astimezone(UTC) if expected is datetime else key
        is_near = not isinstance(key, int | float) or abs(key) < 2**31
        if written != sort or not isinstance(key, expected) or not is_near or type(number) is not int:
            raise ValueError("of another list")
        if not 0 <= number < 2**31:
            raise ValueError("of no film")
    except (ValueError, TypeError, OverflowError, Malformed) as error:
        raise Invalid(
            "This is no cursor of this list. Take it from 'next' of the answer before.", field="cursor"
        ) from error
    return key, number
