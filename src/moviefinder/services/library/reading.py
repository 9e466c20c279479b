"""Reading a library: its lists, one entry, the history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, and_, case, func, or_, select, tuple_
from sqlalchemy.orm import Session

from moviefinder.errors import EntryNotFound
from moviefinder.records import Answers, Verdict
from moviefinder.services.library.entry import Entry, entry_from, from_json
from moviefinder.store.models import Change, Film, Title, UserFilm
from moviefinder.titles.fold import fold

Show = Literal["liked", "fine", "disliked", "seen", "saved", "snoozed"]
Sort = Literal["recent", "title", "year", "score"]


def entry_of(session: Session, user_id: int, film_id: int) -> Entry:
    """What the person says of the film.

    Raises:
        EntryNotFound: nothing.
    """
    entry = entry_from(session.get(UserFilm, (user_id, film_id)))
    if entry is None:
        raise EntryNotFound("You have said nothing of this film.")
    return entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A part of a list: its entries, where the next part begins (None at the end), and how many there are in all."""

    entries: Sequence[Entry]
    next: tuple[Any, int] | None
    count: int


def entries(
    session: Session,
    user_id: int,
    *,
    today: date,
    show: Show | None = None,
    q: str = "",
    film_ids: Sequence[int] = (),
    sort: Sort = "recent",
    after: tuple[Any, int] | None = None,
    limit: int = 20,
) -> Page:
    """A person's entries, newest first unless sorted otherwise; unknown years and scores come last.

    Args:
        q: only films one of whose titles has this in it.
        film_ids: only these films, and those that they turned out to be.
        after: where the part before ended, as its `next` said.
    """
    conditions = [UserFilm.user_id == user_id, _shown(show, today)]
    if film_ids:
        became = select(Film.merged_into).where(Film.id.in_(film_ids), Film.merged_into.is_not(None))
        conditions.append(or_(UserFilm.film_id.in_(film_ids), UserFilm.film_id.in_(became)))
    if folded := fold(q):
        named = select(Title.film_id).where(
            Title.film_id == UserFilm.film_id, Title.folded.contains(folded, autoescape=True)
        )
        conditions.append(named.exists())
    count = session.scalar(select(func.count()).select_from(UserFilm).where(*conditions)) or 0
    key, descending = _sort_key(sort)
    statement = select(UserFilm, key.label("key")).join(Film, Film.id == UserFilm.film_id).where(*conditions)
    place = tuple_(key, UserFilm.film_id)
    if after is not None:
        statement = statement.where(place < after if descending else place > after)
    order = [key.desc(), UserFilm.film_id.desc()] if descending else [key, UserFilm.film_id]
    rows = session.execute(statement.order_by(*order).limit(limit + 1)).all()
    shown = rows[:limit]
    return Page(
        entries=[entry for row in shown if (entry := entry_from(row[0]))],
        next=(shown[-1].key, shown[-1][0].film_id) if len(rows) > limit else None,
        count=count,
    )


def counts(session: Session, user_id: int, *, today: date) -> dict[str, int]:
    """How many films stand in each list of the library."""
    shows: tuple[Show, ...] = ("liked", "fine", "disliked", "seen", "saved", "snoozed")
    columns = [func.coalesce(func.sum(case((_shown(show, today), 1), else_=0)), 0) for show in shows]
    row = session.execute(select(*columns).where(UserFilm.user_id == user_id)).one()
    return {show: int(count) for show, count in zip(shows, row, strict=True)}


@dataclass(frozen=True, slots=True, kw_only=True)
class PastChange:
    """One write in a person's history."""

    id: int
    film_id: int
    before: Answers
    after: Answers
    overtaken: Sequence[str]
    said_at: datetime
    via: str
    undone: bool


def changes(session: Session, user_id: int, *, before_id: int | None, limit: int) -> list[PastChange]:
    """A person's writes, newest first; one more than `limit` when there are more."""
    statement = select(Change).where(Change.user_id == user_id).order_by(Change.id.desc()).limit(limit + 1)
    if before_id is not None:
        statement = statement.where(Change.id < before_id)
    return [
        PastChange(
            id=row.id,
            film_id=row.film_id,
            before=from_json(row.before),
            after=from_json(row.after),
            overtaken=sorted(row.overtaken or {}),
            said_at=row.said_at,
            via=row.via,
            undone=row.undone_at is not None,
        )
        for row in session.scalars(statement)
    ]


def _shown(show: Show | None, today: date) -> ColumnElement[bool]:
    snoozed = and_(UserFilm.snoozed_until.is_not(None), UserFilm.snoozed_until > today)
    has_seen = or_(UserFilm.seen, UserFilm.verdict.in_([Verdict.LIKED, Verdict.FINE]))
    match show:
        case "liked" | "fine" | "disliked":
            return UserFilm.verdict == show
        case "seen":
            return has_seen
        case "saved":
            return UserFilm.saved_at.is_not(None)
        case "snoozed":
            return snoozed
        case None:
            blank = and_(
                UserFilm.verdict.is_(None),
                ~UserFilm.seen,
                UserFilm.seen_on.is_(None),
                UserFilm.saved_at.is_(None),
                UserFilm.snoozed_until.is_(None),
                UserFilm.taste,
                UserFilm.rating.is_(None),
            )
            return ~blank


def _sort_key(sort: Sort) -> tuple[ColumnElement[Any], bool]:
    match sort:
        case "recent":
            return UserFilm.updated_at.expression, True
        case "title":
            return func.lower(Film.title), False
        case "year":
            return func.coalesce(Film.year, 0), True
        case "score":
            return func.coalesce(Film.score, -1.0), True
