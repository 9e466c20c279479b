"""Looks films up outside while somebody waits: two seconds in all, all sources at once; what comes later is dropped.

Nothing is asked as one types: only when a person wants a title looked up, or answers to a film that nobody here knows.
The questions run beside the request, without a transaction; what they bring is stored afterwards. A question that is
under way is not asked twice, and an answer is kept for minutes by the way out itself (`sources.http`), for all
processes.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from moviefinder.app import App
from moviefinder.errors import MovieFinderError, NotFound, SourceOff
from moviefinder.log import get_logger
from moviefinder.records import NAMESPACES, FilmRecord, Ref
from moviefinder.services import facts, sources
from moviefinder.sources import Capability, FilmSource
from moviefinder.store.models import Film, Title
from moviefinder.titles.fold import fold

log = get_logger(__name__)

BUDGET_S: Final = 2.0
"""So long a person waits for the outside, at most."""

_MARGIN_S: Final = 0.2  # sources give up so much earlier, so that their failure can still be told
_MOST_AT_ONCE: Final = 32  # questions of one process; each is a thread that waits
_MOST_ROWS: Final = 10  # of each source

_lock = threading.Lock()
_under_way: dict[tuple[FilmSource, str], Future[list[FilmRecord]]] = {}


class Answered(StrEnum):
    """How a source took a question."""

    ANSWERED = "answered"
    OFF = "off"
    LATE = "late"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A source that was asked, or would have been: what came of it, and why not where nothing did."""

    source: str
    state: Answered
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LookedUp:
    """The films that were found, best first, and how each source took the question."""

    film_ids: Sequence[int]
    sources: Sequence[Asked]


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a source told of one film."""

    source: FilmSource
    record: FilmRecord


def look_up(app: App, q: str, *, source: str | None = None, now: datetime) -> LookedUp:
    """Ask the sources that are on for films by title, or by IMDb's number; what is new is stored as known by name only.

    Args:
        source: the only one to ask; all that are on without it.

    Raises:
        NotFound: there is no source of this name.
        Busy: something new was found, and the database takes no write now.
    """
    text = " ".join(q.lower().split())
    named = None if source is None else sources.source(app, source)
    able = {name: one for name, one in app.sources.items() if one.hosts and Capability.SEARCH in one.can}
    if named is not None and named.name not in able:
        unable = f"{named.title} cannot be asked for titles as it is set up."
        return LookedUp(film_ids=(), sources=[Asked(source=named.name, state=Answered.FAILED, reason=unable)])
    with app.reading() as session:
        on = sources.on(app, session)
    asked = {name: one for name, one in able.items() if source in (None, name)}
    off = [Asked(source=name, state=Answered.OFF) for name in asked if name not in on]
    ref = Ref("imdb", text) if NAMESPACES["imdb"].fullmatch(text) else None
    futures = {}
    for name in asked.keys() & on:
        one = asked[name]
        by_ref = ref is not None and Capability.FILM in one.can and ref.namespace in one.takes
        question = _film(one, ref) if ref and by_ref else _search(one, text)
        futures[name] = _ask(one, f"{'ref' if by_ref else 'q'}:{fold(text) or text}", question)
    wait([future for future in futures.values() if future], BUDGET_S)
    told: dict[str, list[FilmRecord]] = {}
    states = []
    for name in asked:
        if name in futures:
            told[name], state = _outcome(name, futures[name])
            states.append(state)
    ranked = _ranked(told, text)
    return LookedUp(film_ids=_stored(app, ranked, asked, now=now), sources=[*states, *off])


def find(ref: Ref, on: Mapping[str, FilmSource]) -> Told | None:
    """Ask the sources that are on for one film; the first that knows it is believed, for details follow in any case.

    Returns:
        None when none of them knows it, or none does so within two seconds.
    """
    until = time.monotonic() + BUDGET_S
    waiting = {}
    for name, source in on.items():
        is_able = Capability.FILM in source.can and ref.namespace in source.takes
        if is_able and (future := _ask(source, f"ref:{ref}", _film(source, ref))):
            waiting[future] = name
    while waiting and (left := until - time.monotonic()) > 0:
        done, _ = wait(waiting, left, FIRST_COMPLETED)
        names = {waiting.pop(future): future for future in done}
        for name in facts.by_trust(names):
            records, _ = _outcome(name, names[name])
            if records and ref in records[0].refs and not records[0].adult:
                return Told(source=on[name], record=records[0])
    return None


# Asking


def _search(source: FilmSource, text: str) -> Callable[[], list[FilmRecord]]:
    return lambda: [one for one in source.search(text, limit=_MOST_ROWS) if not one.adult]


def _film(source: FilmSource, ref: Ref) -> Callable[[], list[FilmRecord]]:
    def ask() -> list[FilmRecord]:
        try:
            return [source.film(ref)]
        except NotFound:
            return []

    return ask


def _ask(
    source: FilmSource, question: str, ask: Callable[[], list[FilmRecord]]
) -> Future[list[FilmRecord]] | None:
    """Begin to ask in a thread of its own, or wait with who asks already; None when too many ask at once."""
    key = (source, question)
    with _lock:
        if (under_way := _under_way.get(key)) is not None:
            return under_way
        if len(_under_way) >= _MOST_AT_ONCE:
            return None
        future = _under_way[key] = Future()

    def run() -> None:
        from moviefinder.sources import http

        try:
            with http.within(BUDGET_S - _MARGIN_S):
                future.set_result(ask())
        except Exception as error:  # noqa: BLE001  # it is raised again where the answer is looked at
            future.set_exception(error)
        finally:
            with _lock:
                del _under_way[key]

    # A thread, not a pool: one that hangs must keep neither the next question nor the end of the process waiting.
    threading.Thread(target=run, name="lookup", daemon=True).start()
    return future


def _outcome(name: str, future: Future[list[FilmRecord]] | None) -> tuple[list[FilmRecord], Asked]:
    if future is None:
        return [], Asked(source=name, state=Answered.LATE, reason="Too many questions at once.")
    if not future.done():
        return [], Asked(source=name, state=Answered.LATE, reason=f"No answer within {BUDGET_S:g} seconds.")
    error = future.exception()
    if error is None:
        return future.result(), Asked(source=name, state=Answered.ANSWERED)
    if isinstance(error, SourceOff):
        return [], Asked(source=name, state=Answered.OFF)
    if isinstance(error, MovieFinderError):
        return [], Asked(source=name, state=Answered.FAILED, reason=error.message)
    log.error("lookup.failed", source=name, exc_info=error)
    return [], Asked(source=name, state=Answered.FAILED, reason="Something went wrong here; it was logged.")


# What was told


def _ranked(told: Mapping[str, Sequence[FilmRecord]], text: str) -> list[tuple[str, FilmRecord]]:
    """The films of all sources, each once: those of just this title first, then by the place in their source's list."""
    wanted = fold(text)
    rows = []
    for trust, name in enumerate(facts.by_trust(told)):
        for place, record in enumerate(told[name]):
            titles = (record.title, record.original_title, *record.alternative_titles)
            is_called_so = any(title and fold(title) == wanted for title in titles)
            rows.append((not is_called_so, place, trust, name, record))
    trusted = facts.by_trust(told)
    shown: list[tuple[str, FilmRecord]] = []
    for *_, name, record in sorted(rows, key=lambda row: row[:3]):
        twins = (
            at
            for at, (other, one) in enumerate(shown)
            if other != name and _looks_like(one) == _looks_like(record)
        )
        if (twin := next(twins, None)) is None:
            shown.append((name, record))
        elif trusted.index(name) < trusted.index(shown[twin][0]):
            shown[twin] = (name, record)  # in the other's place
    return shown


def _looks_like(record: FilmRecord) -> tuple[str, int | None, str]:
    return fold(record.title), record.year, str(record.kind)


def _stored(
    app: App,
    ranked: Sequence[tuple[str, FilmRecord]],
    asked: Mapping[str, FilmSource],
    *,
    now: datetime,
) -> list[int]:
    """Our number of each film, in order; those that nobody here knows are stored by what the row said."""
    records = [record for _, record in ranked]
    with app.reading() as session:
        known = _known(session, records)
    if len(known) < len(records):
        with app.transaction() as session:
            for name in dict.fromkeys(name for name, _ in ranked):
                new = [at for at, (told_by, _) in enumerate(ranked) if told_by == name and at not in known]
                rows = [records[at] for at in new]
                keeps = asked[name].keeps
                ids = facts.keep_all(session, rows, name, whole=False, now=now, keeps=keeps)
                known |= dict(zip(new, ids, strict=True))
    film_ids = list(dict.fromkeys(known[at] for at in range(len(records))))
    with app.reading() as session:
        adult = set(session.scalars(select(Film.id).where(Film.id.in_(film_ids), Film.adult)))
    return [film_id for film_id in film_ids if film_id not in adult]


def _known(session: Session, records: Sequence[FilmRecord]) -> dict[int, int]:
    """The films that we have, by the place of their record: by reference, else by title, year and kind.

    The latter is for showing alone: it never gives a film a reference.
    """
    by_ref = facts.films_of_refs(session, [ref for record in records for ref in record.refs])
    alike = _alike(session, records)
    refs = facts.refs_of(session, {film_id for ids in alike.values() for film_id in ids})
    known: dict[int, int] = {}
    for at, record in enumerate(records):
        ids: Iterable[int] = (by_ref[ref] for ref in record.refs if ref in by_ref)
        if (film_id := next(iter(ids), None)) is None:
            fitting = [
                one
                for one in alike.get(_looks_like(record), ())
                if not facts.contradict(refs[one], record.refs)
            ]
            film_id = fitting[0] if len(fitting) == 1 else None
        if film_id is not None:
            known[at] = film_id
    return known


def _alike(session: Session, records: Sequence[FilmRecord]) -> dict[Any, list[int]]:
    """Our films by what they look like, of those that look like any of the records."""
    rows = session.execute(
        select(Title.folded, Film.year, Film.kind, Film.id)
        .join(Film, Film.id == Title.film_id)
        .where(
            Title.folded.in_({fold(record.title) for record in records}),
            Film.year.in_({record.year for record in records if record.year}),
        )
        .order_by(Film.id)
    )
    found: dict[Any, list[int]] = {}
    for folded, year, kind, film_id in rows:
        found.setdefault((folded, year, kind), []).append(film_id)
    return found
