"""What the jobs do that ask outside sources: look whether the answer is still wanted, ask, keep what was told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from moviefinder.app import App
from moviefinder.errors import NotFound, SourceError, SourceNonsense
from moviefinder.records import Ref, Verdict
from moviefinder.services import facts, films, sources
from moviefinder.services.fetching.asking import LIKED, renew, waiting, want, want_neighbours
from moviefinder.services.fetching.wishes import State, is_stale, ref_for, said_of, wishes_of
from moviefinder.sources import FilmSource
from moviefinder.store import jobs
from moviefinder.store.jobs import Claim
from moviefinder.store.models import UserFilm

Write = Callable[[Session, datetime], None]
"""What a job writes, in the transaction that settles it."""

_TELL_BOTH: Final = frozenset({"tmdb", "imdb-graphql"})
"""Sources whose answer to a film names its neighbours as well: these cost no further question."""


def fetch_film(app: App, claim: Claim) -> Write:
    """Ask one source for all that it knows of one film; and for its neighbours, where these come along.

    The neighbours of a film that nobody likes are kept as far as they are known already: by its own list a film is
    placed far better than by its facts. None becomes known by this.
    """
    with app.reading() as session:
        errand = _errand(app, session, claim)
    if errand is None:
        return _nothing
    source, ref = errand.source, errand.ref
    record, near = None, None
    with suppress(NotFound):
        record = source.film(ref)
    if record is not None and ref not in record.refs:
        raise SourceNonsense(f"{source.title} was asked for one film and told of another.")
    if record is not None and errand.lacks_list and source.name in _TELL_BOTH:
        with suppress(NotFound, SourceError):
            near = source.similar(ref)

    def write(session: Session, now: datetime) -> None:
        with facts.one_change(session):
            facts.hold(session)
            film_id = films.today(session, errand.film_id)
            if film_id is None:
                return
            on = sources.sources_on(app, session)
            if source.name not in on:  # who switched it off may have had it forgotten
                return
            by = facts.Told(source=source.name, now=now, keeps=source.keeps)
            if record is None:
                facts.keep_nothing(session, film_id, source.name, now=now)
            elif near is None:
                film_id = facts.keep(
                    session, record, source.name, whole=True, now=now, keeps=source.keeps, film_id=film_id
                )
            else:
                kept = facts.keep_near(session, film_id, record, near, by, known_only=not errand.is_liked)
                film_id = kept.film_id
                if errand.is_liked:
                    want_neighbours(session, on, film_id, kept.stubs, first=source.name, now=now)
            if near is None or not errand.is_liked or on.keys() - {source.name}:
                want(session, on, [film_id], now=now)  # perhaps somebody has come to like it meanwhile

    return write


def fetch_similar(app: App, claim: Claim) -> Write:
    """Ask one source for a film's neighbours; those that are new are asked for in their turn."""
    with app.reading() as session:
        errand = _errand(app, session, claim)
    if errand is None:
        return _nothing
    source = errand.source
    try:
        near = source.similar(errand.ref)
    except NotFound:
        near = []

    def write(session: Session, now: datetime) -> None:
        with facts.one_change(session):
            facts.hold(session)
            film_id = films.today(session, errand.film_id)
            if film_id is None:
                return
            on = sources.sources_on(app, session)
            if source.name not in on:
                return
            by = facts.Told(source=source.name, now=now, keeps=source.keeps)
            kept = facts.keep_near(session, film_id, None, near, by)
            want_neighbours(session, on, film_id, kept.stubs, first=source.name, now=now)

    return write


def refresh_facts(app: App, claim: Claim) -> Write:
    """Ask again for what must go soon, and let go of what must go now; or ask a source that was switched on."""
    waiting_for = claim.payload.get("source")

    def write(session: Session, now: datetime) -> None:
        on = sources.sources_on(app, session)
        if waiting_for is None:
            renew(session, on, now=now)
            if facts.expire(session, now=now) >= facts.MOST_AT_ONCE:
                jobs.enqueue(session, claim.kind, claim.key, now=now, priority=9)
            return
        source = on.get(waiting_for)
        if source is not None and want(session, {source.name: source}, waiting(session, source), now=now):
            jobs.enqueue(session, claim.kind, claim.key, claim.payload, now=now, priority=LIKED)

    return write


def _nothing(_session: Session, _now: datetime) -> None:
    """What was asked for is not wanted any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Errand:
    """A question that is still wanted: whom to ask, for what, and for which film of ours."""

    source: FilmSource
    ref: Ref
    film_id: int
    is_liked: bool
    lacks_list: bool
    """Whether nothing is kept of the film's neighbours by this source, or only a part that somebody wants whole."""


def _errand(app: App, session: Session, claim: Claim) -> _Errand | None:
    """The question of a job; None when nobody wants it answered any more, or it may not be asked."""
    source = sources.sources_on(app, session).get(claim.payload["source"])
    film_id = films.today(session, claim.film_id) if claim.film_id else None
    if source is None or film_id is None:
        return None
    state = State.of(session, [film_id])
    ref = ref_for(source, state.refs[film_id])
    is_of_film = claim.kind == "fetch_film"
    have = (state.facts if is_of_film else state.lists).get((film_id, source.name))
    if ref is None or not is_stale(have, datetime.now(UTC)):
        return None
    wish = wishes_of(said_of(session, [film_id]), state).get(film_id)
    if is_of_film:
        is_wanted = wish is not None or claim.payload.get("renews") or _is_liked(session, claim.payload)
    else:
        is_wanted = wish is not None and wish.neighbours
    is_liked = wish is not None and wish.neighbours
    listed = state.lists.get((film_id, source.name))
    lacks_list = is_stale(listed, datetime.now(UTC)) if is_liked else listed is None
    if not is_wanted:
        return None
    return _Errand(source=source, ref=ref, film_id=film_id, is_liked=is_liked, lacks_list=lacks_list)


def _is_liked(session: Session, payload: Mapping[str, Any]) -> bool:
    """Whether somebody still likes the film for whose sake a neighbour was to be asked for."""
    because = films.today(session, payload["because"]) if "because" in payload else None
    liked = select(UserFilm.film_id).where(UserFilm.film_id == because, UserFilm.verdict == Verdict.LIKED)
    return bool(because is not None and session.scalar(liked.limit(1)))
