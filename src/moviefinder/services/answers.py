"""Answers to reasons: "not because of this one", and "more like this side of it".

An answer is of one pair: the film that was recommended, and the liked film that was named as a reason. It counts while
that film is liked; a liking that is taken back, or that was for a friend, ends its effect, and one that comes back
brings it back. "That was for a friend" itself is an answer of the library (`taste`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Select, and_, func, select
from sqlalchemy.orm import Session

from moviefinder.errors import Full, NotAReason
from moviefinder.records import Say, Verdict
from moviefinder.services.library import hold
from moviefinder.store.models import AnsweredReason, Film, UserFilm

MOST: Final = 1_000
"""So many answered reasons a person can have: more than anybody gives, and each costs every list 0.3 ms by votes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """The answer that stands after a write, and the one before it; None: none."""

    say: Say | None
    before: Say | None


def answer(
    session: Session, user_id: int, film_id: int, because_id: int, say: Say, *, now: datetime
) -> Answered:
    """Say what a reason is worth to the person; saying it twice is saying it once.

    Raises:
        NotAReason: the person does not like the film that is named, or keeps it out of the taste.
        Full: the person has answered as many reasons as are kept.
    """
    hold(session, user_id)
    _check_reason(session, user_id, film_id, because_id)
    row = session.get(AnsweredReason, (user_id, film_id, because_id), populate_existing=True)
    if row is not None:
        before = Say(row.say)
        if before != say:
            row.say, row.said_at = say, now
            session.flush()
        return Answered(say=say, before=before)
    count = select(func.count()).select_from(AnsweredReason).where(AnsweredReason.user_id == user_id)
    if (session.scalar(count) or 0) >= MOST:
        raise Full(f"You have answered {MOST} reasons, and no more are kept. Take some of them back first.")
    session.add(AnsweredReason(user_id=user_id, film_id=film_id, because_id=because_id, say=say, said_at=now))
    session.flush()
    return Answered(say=say, before=None)


def take_back(session: Session, user_id: int, film_id: int, because_id: int) -> Answered:
    """Answer nothing to a reason; taking back twice is taking back once."""
    hold(session, user_id)
    row = session.get(AnsweredReason, (user_id, film_id, because_id), populate_existing=True)
    if row is None:
        return Answered(say=None, before=None)
    session.delete(row)
    session.flush()
    return Answered(say=None, before=Say(row.say))


def _check_reason(session: Session, user_id: int, film_id: int, because_id: int) -> None:
    if film_id == because_id:
        raise NotAReason("A film is no reason for itself. Name one that was given as its reason.")
    likes = session.execute(
        select(UserFilm.verdict, UserFilm.taste).where(
            UserFilm.user_id == user_id, UserFilm.film_id == because_id
        )
    ).first()
    if likes is not None and likes.verdict == Verdict.LIKED and likes.taste:
        return
    title = session.scalar(select(Film.title).where(Film.id == because_id))
    raise NotAReason(
        f"{title} is among no reasons of yours: you have not liked it, or keep it out of your taste. "
        "Like it first, or let it count again."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One answered reason."""

    film_id: int
    because_id: int
    say: Say
    said_at: datetime


def of_films(session: Session, user_id: int, film_ids: Sequence[int]) -> list[Reason]:
    """The answers that count for some films, oldest first."""
    if not film_ids:
        return []
    statement = _counting(user_id).where(AnsweredReason.film_id.in_(film_ids))
    return _reasons(session, statement.order_by(AnsweredReason.said_at, AnsweredReason.because_id))


def newest(session: Session, user_id: int, *, limit: int) -> list[Reason]:
    """The answers that count, newest first."""
    order = (AnsweredReason.said_at.desc(), AnsweredReason.film_id, AnsweredReason.because_id)
    return _reasons(session, _counting(user_id).order_by(*order).limit(limit))


def _counting(user_id: int) -> Select[AnsweredReason]:
    """Those whose reason is a film that shapes the taste now."""
    shapes = and_(
        UserFilm.user_id == AnsweredReason.user_id,
        UserFilm.film_id == AnsweredReason.because_id,
        UserFilm.verdict == Verdict.LIKED,
        UserFilm.taste,
    )
    return select(AnsweredReason).join(UserFilm, shapes).where(AnsweredReason.user_id == user_id)


def _reasons(session: Session, statement: Select[AnsweredReason]) -> list[Reason]:
    return [
        Reason(film_id=row.film_id, because_id=row.because_id, say=Say(row.say), said_at=row.said_at)
        for row in session.scalars(statement)
    ]
