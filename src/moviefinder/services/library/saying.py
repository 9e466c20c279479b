"""Writing into a library: say, forget, undo. Each write is one change, which the history keeps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from moviefinder.errors import ChangeNotFound, Conflict, SessionEnded, Stale
from moviefinder.records import Answers
from moviefinder.services import films
from moviefinder.services.library.entry import (
    ANSWERS,
    NOTHING,
    Entry,
    answers_of,
    default_of,
    entry_from,
    from_json,
    is_blank,
    plain_values,
    put,
    to_json,
)
from moviefinder.store.models import Change, User, UserFilm


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """The outcome of a write.

    The entry (None when nothing is said any more), the change (None when nothing changed), and the answers that later
    ones had overtaken.
    """

    entry: Entry | None
    change_id: int | None
    overtaken: tuple[str, ...] = ()


def say(
    session: Session,
    user_id: int,
    film_id: int,
    said: Mapping[str, Any],
    *,
    now: datetime,
    said_at: datetime | None = None,
    expected_version: int | None = None,
    via: str = "api",
) -> Said:
    """Merge answers into what the person said of the film: per answer, what was said later wins.

    Saying the same twice is saying it once. A verdict or *seen* ends *saved* and *snoozed*, which have done their
    duty; saying that a film was seen on a day says that it was seen.

    Args:
        said: answer name to value; None takes an answer back.
        said_at: when it was said, for writes that waited; never taken to be ahead of `now`.
        expected_version: the version that the caller has seen (0: nothing said); None merges whatever stands.

    Raises:
        Stale: the entry's version is another; nothing was changed.
    """
    row = _row_for_writing(session, user_id, film_id)
    _check_version(row, expected_version)
    before = answers_of(row) if row else NOTHING
    said_times: dict[str, str] = dict(row.said) if row else {}
    wanted = {name: default_of(name) if value is None else value for name, value in said.items()}
    if wanted.get("seen_on") is not None:
        wanted.setdefault("seen", True)
    elif wanted.get("seen") is False:
        wanted.setdefault("seen_on", None)
    if wanted.get("verdict") is not None or wanted.get("seen"):
        wanted.setdefault("saved", False)
        wanted.setdefault("snoozed_until", None)
    at = min(said_at, now) if said_at else _not_before(said_times, wanted, now)
    at = at.astimezone(UTC)  # one zone, so that stored times compare as text
    fresh = {name: value for name, value in wanted.items() if said_times.get(name, "") <= at.isoformat()}
    overtaken = {
        name: said[name] for name in said if name not in fresh and getattr(before, name) != wanted[name]
    }
    after = replace(before, **fresh)
    said_times |= dict.fromkeys(fresh, at.isoformat())
    return _store(
        session, user_id, film_id, row, before, after, said_times, overtaken, at=at, now=now, via=via
    )


def _not_before(said_times: Mapping[str, str], names: Iterable[str], now: datetime) -> datetime:
    """Now, but never before the answers that stand: what is said without a time is said last, whatever our clock."""
    return max([now, *(datetime.fromisoformat(said_times[name]) for name in names if name in said_times)])


def forget(
    session: Session,
    user_id: int,
    film_id: int,
    *,
    now: datetime,
    expected_version: int | None = None,
    via: str = "api",
) -> Said:
    """Forget all that was said of the film; when that was remains, so that older writes do not bring it back.

    Raises:
        Stale: the entry's version is another than expected; nothing was changed.
    """
    row = _row_for_writing(session, user_id, film_id)
    _check_version(row, expected_version)
    if row is None or is_blank(row):
        return Said(entry=None, change_id=None)
    at = _not_before(row.said, ANSWERS, now).astimezone(UTC)
    said_times = dict.fromkeys(ANSWERS, at.isoformat())
    return _store(
        session, user_id, film_id, row, answers_of(row), NOTHING, said_times, {}, at=at, now=now, via=via
    )


def undo(session: Session, user_id: int, change_id: int, *, now: datetime) -> Said:
    """Put a film's answers back to what they were before a change; undoing twice is undoing once.

    Raises:
        ChangeNotFound: this user made no such change.
        Conflict: a later change of the same film stands; that one must be undone first.
    """
    hold(session, user_id)
    change = session.scalar(select(Change).where(Change.user_id == user_id, Change.id == change_id))
    if change is None:
        raise ChangeNotFound(f"You made no change with the number {change_id}.")
    if films.today(session, change.film_id, hold=True) != change.film_id:
        session.refresh(change)  # the film turned out to be another just now
    row = _row(session, user_id, change.film_id)
    if row is None or change.undone_at is not None:
        return Said(entry=entry_from(row), change_id=change_id)
    later = select(Change.id).where(
        Change.user_id == user_id,
        Change.film_id == change.film_id,
        Change.id > change_id,
        Change.undone_at.is_(None),
    )
    if (standing := session.scalar(later.order_by(Change.id.desc()).limit(1))) is not None:
        raise Conflict(f"The film was answered again since, by change {standing}. Undo that one first.")
    at = _not_before(row.said, ANSWERS, now).astimezone(UTC)
    before, after, stands = from_json(change.before), from_json(change.after), answers_of(row)
    # All that stands is what this change left, but where two films turned out to be one.
    taken = {
        name: getattr(before, name)
        for name in ANSWERS
        if getattr(before, name) != getattr(after, name) == getattr(stands, name)
    }
    put(row, replace(stands, **taken), dict.fromkeys(ANSWERS, at.isoformat()), now=now)
    if "saved" in taken and row.saved_at and (saved_at := change.before.get("saved_at")):
        row.saved_at = datetime.fromisoformat(saved_at)
    change.undone_at = now
    session.flush()
    return Said(entry=entry_from(row), change_id=change_id)


def hold(session: Session, user_id: int) -> None:
    """Have the writers of one person wait for each other until the transaction ends.

    By the user's row on PostgreSQL; SQLite has its one write lock.

    Raises:
        SessionEnded: the person was erased since they were found to be who asks, or, a guest, was brought along to an
            account: what they said now would go with the guest.
    """
    held = session.execute(select(User.merged_into).where(User.id == user_id).with_for_update()).first()
    if held is None or held.merged_into is not None:
        raise SessionEnded("This session has ended just now, and nothing was written.")


def _row_for_writing(session: Session, user_id: int, film_id: int) -> UserFilm | None:
    hold(session, user_id)
    return _row(session, user_id, film_id)


def _row(session: Session, user_id: int, film_id: int) -> UserFilm | None:
    return session.get(UserFilm, (user_id, film_id), populate_existing=True)


def _check_version(row: UserFilm | None, expected: int | None) -> None:
    if expected is not None and expected != (row.version if row and not is_blank(row) else 0):
        raise Stale("The answers were changed since. Read them again and repeat what you want changed.")


def _store(
    session: Session,
    user_id: int,
    film_id: int,
    row: UserFilm | None,
    before: Answers,
    after: Answers,
    said_times: dict[str, str],
    overtaken: dict[str, Any],
    *,
    at: datetime,
    now: datetime,
    via: str,
) -> Said:
    is_same = before == after
    if row is not None and is_same:
        row.said = said_times
        session.flush()
    if is_same and (not overtaken or _is_recorded(session, user_id, film_id, at, overtaken)):
        return Said(entry=entry_from(row), change_id=None, overtaken=tuple(sorted(overtaken)))
    if row is None:
        row = UserFilm(user_id=user_id, film_id=film_id, version=0, created_at=now)
        session.add(row)
    saved_at = row.saved_at
    if not is_same:
        put(row, after, said_times, now=now)
    change = Change(
        user_id=user_id,
        film_id=film_id,
        before=to_json(before) | {"saved_at": saved_at.isoformat() if saved_at else None},
        after=to_json(after),
        said_at=at,
        via=via,
        overtaken=plain_values(overtaken) or None,
        undone_at=now if is_same else None,  # nothing of it stands, so nothing is there to undo
    )
    session.add(change)
    session.flush()
    return Said(entry=entry_from(row), change_id=change.id, overtaken=tuple(sorted(overtaken)))


def _is_recorded(
    session: Session, user_id: int, film_id: int, at: datetime, overtaken: Mapping[str, Any]
) -> bool:
    """Whether this very late write has come before."""
    late = select(Change.overtaken).where(
        Change.user_id == user_id,
        Change.film_id == film_id,
        Change.said_at == at,
        Change.overtaken.is_not(None),
    )
    return plain_values(overtaken) in session.scalars(late).all()
