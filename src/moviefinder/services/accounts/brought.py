"""What else a guest brings along to an account: answered reasons, showings, remembered replies; and taken out again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from moviefinder.store import insert_or
from moviefinder.store.models import AnsweredReason, Film, Reply, Shown

# Answered reasons


def bring_reasons(session: Session, guest_id: int, user_id: int) -> list[list[Any]]:
    """What was said later stands; returns what that replaced: film, film that was named, answer, when."""
    mine = _reasons(session, user_id)
    replaced: list[list[Any]] = []
    for pair, row in _reasons(session, guest_id).items():
        own = mine.get(pair)
        if own is None:
            session.add(AnsweredReason(user_id=user_id, film_id=pair[0], because_id=pair[1], **_answer(row)))
        elif own.said_at < row.said_at:
            replaced.append([*pair, own.say, own.said_at.isoformat()])
            own.say, own.said_at = row.say, row.said_at
    session.flush()
    return replaced


def take_reasons_out(session: Session, guest_id: int, user_id: int, replaced: list[list[Any]]) -> None:
    """Take out the guest's answers that nobody gave anew; `replaced` is what `bring_reasons` returned."""
    became = _became(session, {number for row in replaced for number in row[:2]})
    before = {(became[film], became[because]): (say, at) for film, because, say, at in replaced}
    mine = _reasons(session, user_id)
    for pair, row in _reasons(session, guest_id).items():
        own = mine.get(pair)
        if own is None or _answer(own) != _answer(row):
            continue  # answered anew since
        if pair in before:
            own.say, own.said_at = before[pair][0], datetime.fromisoformat(before[pair][1])
        else:
            session.delete(own)
    session.flush()


def _reasons(session: Session, user_id: int) -> dict[tuple[int, int], AnsweredReason]:
    rows = select(AnsweredReason).where(AnsweredReason.user_id == user_id)
    found = session.scalars(rows.execution_options(populate_existing=True))
    return {(row.film_id, row.because_id): row for row in found}


def _answer(row: AnsweredReason) -> dict[str, Any]:
    return {"say": row.say, "said_at": row.said_at}


# Showings


def bring_shown(session: Session, guest_id: int, user_id: int) -> list[list[Any]]:
    """Each as it was the first time; returns what that replaced: film, first and last time, rank, confidence, model."""
    mine = _showings(session, user_id)
    replaced: list[list[Any]] = []
    for film_id, row in _showings(session, guest_id).items():
        own = mine.get(film_id)
        if own is None:
            session.add(Shown(user_id=user_id, film_id=film_id, last_at=row.last_at, **_first(row)))
            continue
        first, last = own.first_at.isoformat(), own.last_at.isoformat()
        replaced.append([film_id, first, last, own.rank, own.confidence, own.model])
        own.last_at = max(own.last_at, row.last_at)
        if row.first_at < own.first_at:
            for name, value in _first(row).items():
                setattr(own, name, value)
    session.flush()
    return replaced


def take_shown_out(session: Session, guest_id: int, user_id: int, replaced: list[list[Any]]) -> None:
    """Take out the guest's showings, but of films shown again since; `replaced` is what `bring_shown` returned."""
    became = _became(session, {row[0] for row in replaced})
    before = {became[film_id]: rest for film_id, *rest in replaced}
    mine = _showings(session, user_id)
    for film_id, row in _showings(session, guest_id).items():
        own = mine.get(film_id)
        if own is None or own.last_at > max(row.last_at, _last(before.get(film_id), row)):
            continue  # shown since, and so it was shown
        if film_id not in before:
            session.delete(own)
            continue
        first, last, own.rank, own.confidence, own.model = before[film_id]
        own.first_at, own.last_at = datetime.fromisoformat(first), datetime.fromisoformat(last)
    session.flush()


def _showings(session: Session, user_id: int) -> dict[int, Shown]:
    rows = select(Shown).where(Shown.user_id == user_id).execution_options(populate_existing=True)
    return {row.film_id: row for row in session.scalars(rows)}


def _first(row: Shown) -> dict[str, Any]:
    """Of the first time."""
    return {name: getattr(row, name) for name in ("first_at", "rank", "confidence", "model")}


def _last(before: list[Any] | None, row: Shown) -> datetime:
    return datetime.fromisoformat(before[1]) if before else row.last_at


# Replies


def move_replies(session: Session, guest_id: int, user_id: int) -> None:
    """A write that comes again with its key after signing in is answered as it was, and not done twice."""
    rows = select(Reply.key, Reply.request_hash, Reply.status, Reply.body, Reply.created_at)
    moved = [
        {**row._mapping, "user_id": user_id}  # noqa: SLF001  # the documented way to a row's names
        for row in session.execute(rows.where(Reply.user_id == guest_id))
    ]
    if moved:
        session.execute(insert_or(session, Reply).on_conflict_do_nothing(), moved)


def _became(session: Session, film_ids: set[int]) -> Mapping[int, int]:
    """Which film each has turned out to be since."""
    found = session.execute(select(Film.id, Film.merged_into).where(Film.id.in_(film_ids)))
    return defaultdict(int, {film_id: became or film_id for film_id, became in found})
