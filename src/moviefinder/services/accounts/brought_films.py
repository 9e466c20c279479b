"""Films that a guest brings along to an account: answer by answer, what was said later stands; and taken out again.

What the guest took back again is no answer; a verdict and *seen* end *saved* and *snoozed*, as they do when said.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Select, insert, select
from sqlalchemy.orm import Session

from moviefinder.services.library.entry import (
    ANSWERS,
    answers_of,
    default_of,
    from_json,
    plain_values,
    put,
    to_json,
)
from moviefinder.store.models import Change, Film, UserFilm

VIA: Final = "merge"

_ENDED_BY: Final = ("saved", "snoozed_until")
"""Answers that a verdict and *seen* end."""


def bring(session: Session, guest_id: int, user_id: int, now: datetime) -> int:
    """Bring a guest's films along, the caller holding both users; returns how many films of the account changed."""
    theirs = _rows_held(session, guest_id)
    own = select(UserFilm).where(UserFilm.user_id == user_id, UserFilm.film_id.in_(_spoken_of(guest_id)))
    mine = {row.film_id: row for row in session.scalars(own.execution_options(populate_existing=True))}
    new: list[UserFilm] = []
    changes: list[dict[str, Any]] = []
    for row in sorted(theirs.values(), key=lambda row: (row.updated_at, row.film_id)):
        own_row = mine.get(row.film_id) or _nothing_said(user_id, row)
        if (change := _bring_film(row, own_row, now)) is not None:
            changes.append(change | {"user_id": user_id, "guest_id": guest_id})
            if not change["undone_at"] and row.film_id not in mine:
                new.append(own_row)
    session.flush()
    # By the thousand where a guest had imported files: the unit of work would double what that takes.
    columns = [column.key for column in UserFilm.__table__.columns]
    _insert(session, UserFilm, [{name: getattr(row, name) for name in columns} for row in new])
    _insert(session, Change, changes)
    return sum(not change["undone_at"] for change in changes)


def _insert(session: Session, table: Any, rows: list[dict[str, Any]]) -> None:
    if rows:
        session.execute(insert(table), rows)


def _nothing_said(user_id: int, theirs: UserFilm) -> UserFilm:
    """The account's row of a film that it has not spoken of; not in the database yet."""
    return UserFilm(
        user_id=user_id,
        film_id=theirs.film_id,
        seen=False,
        taste=True,
        said={},
        version=0,
        created_at=theirs.created_at,
        updated_at=theirs.updated_at,
    )


def _rows_held(session: Session, user_id: int) -> dict[int, UserFilm]:
    """What somebody said, by film, with the films held: none of them becomes another until the transaction ends."""
    rows = select(UserFilm).where(UserFilm.user_id == user_id).execution_options(populate_existing=True)
    held: set[int] = set()
    while True:
        found = {row.film_id: row for row in session.scalars(rows)}
        if found.keys() <= held:
            return found
        films = select(Film.id).where(Film.id.in_(_spoken_of(user_id))).order_by(Film.id)
        held.update(session.scalars(films.with_for_update(read=True, key_share=True)))


def _spoken_of(user_id: int) -> Select[int]:
    return select(UserFilm.film_id).where(UserFilm.user_id == user_id)


def _bring_film(theirs: UserFilm, mine: UserFilm, now: datetime) -> dict[str, Any] | None:
    """Have the account say what the guest said later; the change to tell of, if there is one."""
    said: dict[str, str] = dict(mine.said)
    before, guests = answers_of(mine), answers_of(theirs)
    told = {name: value for name in ANSWERS if (value := getattr(guests, name)) != default_of(name)}
    # What both say keeps the account's time: with another's, it would be the guest's to take out.
    times = {
        name: theirs.said[name]
        for name, value in told.items()
        if theirs.said[name] > said.get(name, "") and getattr(before, name) != value
    }
    if ends := max((theirs.said[name] for name in ("verdict", "seen") if name in told), default=""):
        for name in _ENDED_BY:
            if name not in told and getattr(before, name) != default_of(name) and said.get(name, "") <= ends:
                times[name] = ends
    overtaken = {
        name: value for name, value in told.items() if name not in times and getattr(before, name) != value
    }
    if not times and not overtaken:
        return None
    after = replace(before, **{name: told.get(name, default_of(name)) for name in times})
    was = {name: said.get(name) for name in times}
    saved_at = mine.saved_at
    if times:
        updated_at = max(theirs.updated_at, mine.updated_at)
        put(mine, after, said | times, now=now)
        mine.created_at, mine.updated_at = min(mine.created_at, theirs.created_at), updated_at
        if "saved" in times and after.saved:
            mine.saved_at = theirs.saved_at
    at = max(times.values() or (theirs.said[name] for name in overtaken))
    return {
        "film_id": theirs.film_id,
        "before": to_json(before) | {"saved_at": saved_at.isoformat() if saved_at else None, "said": was},
        "after": to_json(after) | {"said": times},
        "said_at": datetime.fromisoformat(at),
        "via": VIA,
        "overtaken": plain_values(overtaken) or None,
        "undone_at": None if times else now,  # nothing of it stands, so nothing is there to undo
    }


def take_out(session: Session, guest_id: int, user_id: int, now: datetime) -> int:
    """Take out what was brought, as far as it stands; returns how many films changed."""
    _rows_held(session, user_id)  # first the films: one that becomes another takes its changes along
    standing = select(Change).where(
        Change.user_id == user_id, Change.guest_id.is_not(None), Change.undone_at.is_(None)
    )
    brought: dict[int, list[Change]] = defaultdict(list)
    others: dict[int, list[Change]] = defaultdict(list)
    for change in session.scalars(standing.order_by(Change.id).execution_options(populate_existing=True)):
        (brought if change.guest_id == guest_id else others)[change.film_id].append(change)
    own = select(UserFilm).where(UserFilm.user_id == user_id, UserFilm.film_id.in_(brought))
    rows = {row.film_id: row for row in session.scalars(own)}
    taken = sum(
        _take_film_out(rows.get(film_id), changes, others[film_id], now)
        for film_id, changes in brought.items()
    )
    session.flush()
    return taken


def _take_film_out(
    row: UserFilm | None, changes: Iterable[Change], others: Iterable[Change], now: datetime
) -> bool:
    """Put back what stood before.

    Args:
        row: what the account says of the film now.
        changes: what this guest brought; several where films have become one since.
        others: what other guests brought: taken out later, they must not bring this guest's answers back.
        now: the time.
    """
    brought = {(name, at) for change in changes for name, at in change.after["said"].items()}
    before: dict[str, tuple[str, Any, str | None]] = {}
    for change in changes:
        answers = from_json(change.before)
        for name, at in change.before["said"].items():
            if (name, at) not in brought and (name not in before or (at or "") > before[name][0]):
                before[name] = (at or "", getattr(answers, name), change.before["saved_at"])
        change.undone_at = now
    for other in others:
        _forget_brought(other, brought, before)
    back = {
        name: stood for name, stood in before.items() if row and (name, row.said.get(name)) in brought
    }  # what was said anew since stands
    if row is None or not back:
        return False
    answers = replace(answers_of(row), **{name: value for name, (_, value, _) in back.items()})
    said = {name: at for name, at in row.said.items() if name not in back}
    put(row, answers, said | {name: at for name, (at, _, _) in back.items() if at}, now=now)
    if "saved" in back and answers.saved and back["saved"][2]:
        row.saved_at = datetime.fromisoformat(back["saved"][2])
    return True


def _forget_brought(
    other: Change, brought: set[tuple[str, str]], before: Mapping[str, tuple[str, Any, str | None]]
) -> None:
    """Have a change of another guest's remember what stood before both."""
    stood: dict[str, Any] = dict(other.before)
    said = dict(stood["said"])
    for name, at in said.items():
        if (name, at) in brought and name in before:
            said[name] = before[name][0] or None
            stood |= plain_values({name: before[name][1]})
            if name == "saved":
                stood["saved_at"] = before[name][2]
    other.before = stood | {"said": said}
