"""Puts questions to outside sources into the queue: what is missing of the films that somebody wants to know of."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import and_, bindparam, func, literal, or_, select
from sqlalchemy.orm import Session

from moviefinder.records import Verdict
from moviefinder.services import facts
from moviefinder.services.fetching.wishes import (
    KEEPS_A_CARD,
    LATELY,
    RENEW_AHEAD,
    SAYS_ANYTHING,
    State,
    is_stale,
    ref_for,
    said_of,
    wishes_of,
)
from moviefinder.sources import Capability, FilmSource
from moviefinder.store import jobs
from moviefinder.store.models import ExternalId, Fact, Job, SimilarList, UserFilm

_BATCH: Final = 200
LIKED, _SIMILAR, _NEIGHBOUR, _RENEWAL = 2, 5, 7, 8
"""Priorities: smaller is more urgent."""


def want(session: Session, on: Mapping[str, FilmSource], film_ids: Collection[int], *, now: datetime) -> int:
    """Ask for what is missing of films, by what was said of them.

    Args:
        on: the sources that may be asked, in order of trust.

    Returns:
        How many questions were put into the queue.
    """
    said = said_of(session, film_ids) if on and film_ids else ()
    if not said:
        return 0
    state = State.of(session, film_ids)
    wishes = wishes_of(said, state)
    asked = []
    for film_id, wish in wishes.items():
        for name, source in on.items():
            if ref_for(source, state.refs[film_id]) is None:
                continue
            fact, neighbours = state.facts.get((film_id, name)), state.lists.get((film_id, name))
            is_unknown = fact is not None and not fact.record
            if Capability.FILM in source.can and is_stale(fact, now):
                asked.append(_Question("fetch_film", name, film_id, LIKED))
            elif Capability.SIMILAR not in source.can or not wish.neighbours or is_unknown:
                continue
            elif is_stale(neighbours, now):
                asked.append(_Question("fetch_similar", name, film_id, _SIMILAR))
    return _ask(session, asked, now=now)


def ask_for_waiting(session: Session, source: str, now: datetime) -> None:
    """A source was switched on: ask it, in the background, for what people's films lack."""
    jobs.enqueue(session, "refresh_facts", f"waiting:{source}", {"source": source}, now=now, priority=LIKED)


@dataclass(frozen=True, slots=True)
class _Question:
    kind: str
    source: str
    film_id: int
    priority: int
    more: tuple[tuple[str, Any], ...] = ()

    @property
    def key(self) -> str:
        return f"{self.source}:{self.film_id}"


def _ask(session: Session, questions: Sequence[_Question], *, now: datetime) -> int:
    """Put questions into the queue that are not there yet; returns how many those were."""
    if not questions:
        return 0
    ids = {"ids": [one.film_id for one in questions]}
    # Looked for before, so that nobody waits for a job that is just being settled, by somebody who waits for us.
    open_ones = {tuple(row) for row in session.connection().execute(_OPEN, ids)}
    asked = [
        {
            "kind": one.kind,
            "key": one.key,
            "payload": {"source": one.source, **dict(one.more)},
            "priority": one.priority,
            "film_id": one.film_id,
        }
        for one in questions
        if (one.kind, one.key) not in open_ones
    ]
    return jobs.enqueue_all(session, asked, now=now)


_OPEN: Final = select(Job.kind, Job.key).where(
    Job.state.in_(["queued", "running"]), Job.film_id.in_(bindparam("ids", expanding=True))
)


def want_neighbours(
    session: Session,
    on: Mapping[str, FilmSource],
    because: int,
    stubs: Collection[int],
    *,
    first: str,
    now: datetime,
) -> None:
    """Ask for the details of neighbours that are known by name only, each of one source: best the one that named it."""
    able = {name: source for name, source in on.items() if Capability.FILM in source.can}
    told = facts.facts_of(session, stubs)
    unknown = {
        film_id for film_id in stubs if first not in able or _is_unknown(told.get(film_id, {}).get(first))
    }
    refs = facts.refs_of(session, unknown)
    asked = []
    for film_id in stubs:
        names = [first] if film_id not in unknown else able
        for name in names:
            by_ref = name == first or ref_for(able[name], refs[film_id])
            if by_ref and not _is_unknown(told.get(film_id, {}).get(name)):
                why = (("because", because),)
                asked.append(_Question("fetch_film", name, film_id, _NEIGHBOUR, why))
                break
    _ask(session, asked, now=now)


def _is_unknown(fact: Mapping[str, Any] | None) -> bool:
    """Whether a source has said that it does not know the film."""
    return fact is not None and not fact["record"]


def renew(session: Session, on: Mapping[str, FilmSource], *, now: datetime) -> None:
    """Ask again for what must go soon of the films that people spoke of, and of their neighbours."""
    soon, names = now + RENEW_AHEAD, [name for name, source in on.items() if Capability.FILM in source.can]
    ending = session.execute(
        select(Fact.film_id, Fact.source)
        .where(Fact.expires_at <= soon, Fact.is_whole, Fact.source.in_(names))
        .where(Fact.fetched_at <= now - LATELY)
        .order_by(Fact.expires_at)
    ).all()
    dear = facts.dear(session) if ending else set()
    renews = (("renews", True),)
    asked = [
        _Question("fetch_film", source, film_id, _RENEWAL, renews)
        for film_id, source in ending
        if film_id in dear
    ][:_BATCH]
    lists = session.execute(
        select(SimilarList.film_id, SimilarList.source)
        .where(SimilarList.expires_at <= soon, SimilarList.source.in_(list(on)))
        .where(SimilarList.fetched_at <= now - LATELY)
        .where(SimilarList.film_id.in_(select(UserFilm.film_id).where(UserFilm.verdict == Verdict.LIKED)))
        .order_by(SimilarList.expires_at)
        .limit(_BATCH)
    )
    asked += [_Question("fetch_similar", source, film_id, _RENEWAL) for film_id, source in lists]
    _ask(session, asked, now=now)


def waiting(session: Session, source: FilmSource) -> list[int]:
    """Films in people's libraries of which a source could tell and has not, those answered to last first."""
    key = f"{source.name}:"
    told = select(Fact.film_id).where(
        Fact.film_id == UserFilm.film_id, Fact.source == source.name, Fact.is_whole
    )
    listed = select(SimilarList.film_id).where(
        SimilarList.film_id == UserFilm.film_id, SimilarList.source == source.name
    )
    lacks_details = and_(literal(Capability.FILM in source.can), ~told.exists())
    lacks_neighbours = and_(
        literal(Capability.SIMILAR in source.can), UserFilm.verdict == Verdict.LIKED, ~listed.exists()
    )
    can_be_asked = select(ExternalId.film_id).where(
        ExternalId.film_id == UserFilm.film_id, ExternalId.namespace.in_(source.takes)
    )
    asked = select(Job.id).where(
        Job.film_id == UserFilm.film_id, Job.state.in_(["queued", "running"]), Job.key.startswith(key)
    )
    nameless = ~select(Fact.film_id).where(Fact.film_id == UserFilm.film_id).exists()
    return list(
        session.scalars(
            select(UserFilm.film_id)
            .where(or_(lacks_details, lacks_neighbours), or_(KEEPS_A_CARD, and_(SAYS_ANYTHING, nameless)))
            .where(can_be_asked.exists(), ~asked.exists())
            .group_by(UserFilm.film_id)
            .order_by(func.max(UserFilm.updated_at).desc())
            .limit(_BATCH)
        )
    )
