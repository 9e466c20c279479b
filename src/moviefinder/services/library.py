"""What a person said of films: say, forget, undo, read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime
from typing import Any, Final, Literal

from sqlalchemy import ColumnElement, and_, case, func, or_, select, tuple_
from sqlalchemy.orm import Session

from moviefinder.errors import ChangeNotFound, Conflict, EntryNotFound, Stale
from moviefinder.records import Answers, Verdict
from moviefinder.store.models import Change, Film, Title, User, UserFilm
from moviefinder.titles.fold import fold

Show = Literal["liked", "fine", "disliked", "seen", "saved", "snoozed"]
Sort = Literal["recent", "title", "year", "score"]

ANSWERS: Final = tuple(field.name for field in fields(Answers))
NOTHING: Final = Answers()


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What one person says of one film now."""

    film_id: int
    answers: Answers
    saved_at: datetime | None
    version: int
    updated_at: datetime


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
    before = _answers(row) if row else NOTHING
    said_times: dict[str, str] = dict(row.said) if row else {}
    wanted = {name: _default(name) if value is None else value for name, value in said.items()}
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
    if row is None or _is_blank(row):
        return Said(entry=None, change_id=None)
    at = _not_before(row.said, ANSWERS, now).astimezone(UTC)
    said_times = dict.fromkeys(ANSWERS, at.isoformat())
    return _store(
        session, user_id, film_id, row, _answers(row), NOTHING, said_times, {}, at=at, now=now, via=via
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
    row = _row_for_writing(session, user_id, change.film_id)
    if row is None or change.undone_at is not None:
        return Said(entry=_entry(row), change_id=change_id)
    later = select(Change.id).where(
        Change.user_id == user_id,
        Change.film_id == change.film_id,
        Change.id > change_id,
        Change.undone_at.is_(None),
    )
    if (standing := session.scalar(later.order_by(Change.id.desc()).limit(1))) is not None:
        raise Conflict(f"The film was answered again since, by change {standing}. Undo that one first.")
    at = _not_before(row.said, ANSWERS, now).astimezone(UTC)
    _write(row, _from_json(change.before), dict.fromkeys(ANSWERS, at.isoformat()), now=now)
    if row.saved_at and (saved_at := change.before.get("saved_at")):
        row.saved_at = datetime.fromisoformat(saved_at)
    change.undone_at = now
    session.flush()
    return Said(entry=_entry(row), change_id=change_id)


def entry_of(session: Session, user_id: int, film_id: int) -> Entry:
    """What the person says of the film.

    Raises:
        EntryNotFound: nothing.
    """
    entry = _entry(session.get(UserFilm, (user_id, film_id)))
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
        film_ids: only these films.
        after: where the part before ended, as its `next` said.
    """
    conditions = [UserFilm.user_id == user_id, _shown(show, today)]
    if film_ids:
        conditions.append(UserFilm.film_id.in_(film_ids))
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
        entries=[entry for row in shown if (entry := _entry(row[0]))],
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
            before=_from_json(row.before),
            after=_from_json(row.after),
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


def hold(session: Session, user_id: int) -> None:
    """Have the writers of one person wait for each other until the transaction ends.

    By the user's row on PostgreSQL; SQLite has its one write lock.
    """
    session.execute(select(User.id).where(User.id == user_id).with_for_update())


def _row_for_writing(session: Session, user_id: int, film_id: int) -> UserFilm | None:
    hold(session, user_id)
    return session.get(UserFilm, (user_id, film_id), populate_existing=True)


def _check_version(row: UserFilm | None, expected: int | None) -> None:
    if expected is not None and expected != (row.version if row and not _is_blank(row) else 0):
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
        return Said(entry=_entry(row), change_id=None, overtaken=tuple(sorted(overtaken)))
    if row is None:
        row = UserFilm(user_id=user_id, film_id=film_id, version=0, created_at=now)
        session.add(row)
    saved_at = row.saved_at
    if not is_same:
        _write(row, after, said_times, now=now)
    change = Change(
        user_id=user_id,
        film_id=film_id,
        before=_to_json(before) | {"saved_at": saved_at.isoformat() if saved_at else None},
        after=_to_json(after),
        said_at=at,
        via=via,
        overtaken=_plain_values(overtaken) or None,
        undone_at=now if is_same else None,  # nothing of it stands, so nothing is there to undo
    )
    session.add(change)
    session.flush()
    return Said(entry=_entry(row), change_id=change.id, overtaken=tuple(sorted(overtaken)))


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
    return _plain_values(overtaken) in session.scalars(late).all()


def _write(row: UserFilm, answers: Answers, said_times: dict[str, str], *, now: datetime) -> None:
    row.verdict = answers.verdict
    row.seen = answers.seen
    row.seen_on = answers.seen_on
    row.saved_at = (row.saved_at or now) if answers.saved else None
    row.snoozed_until = answers.snoozed_until
    row.taste = answers.taste
    row.rating = answers.rating
    row.said = said_times
    row.version += 1
    row.updated_at = now


def _answers(row: UserFilm) -> Answers:
    return Answers(
        verdict=Verdict(row.verdict) if row.verdict else None,
        seen=row.seen,
        seen_on=row.seen_on,
        saved=row.saved_at is not None,
        snoozed_until=row.snoozed_until,
        taste=row.taste,
        rating=row.rating,
    )


def _is_blank(row: UserFilm) -> bool:
    return _answers(row).says_nothing


def _entry(row: UserFilm | None) -> Entry | None:
    if row is None or _is_blank(row):
        return None
    return Entry(
        film_id=row.film_id,
        answers=_answers(row),
        saved_at=row.saved_at,
        version=row.version,
        updated_at=row.updated_at,
    )


def _default(name: str) -> Any:
    return getattr(NOTHING, name)


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def _plain_values(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _plain(value) for name, value in values.items()}


def _to_json(answers: Answers) -> dict[str, Any]:
    return {name: _plain(getattr(answers, name)) for name in ANSWERS}


def _from_json(stored: Mapping[str, Any]) -> Answers:
    days: dict[str, Any] = {
        name: date.fromisoformat(stored[name]) for name in ("seen_on", "snoozed_until") if stored.get(name)
    }
    verdict = Verdict(stored["verdict"]) if stored.get("verdict") else None
    plain = {name: stored[name] for name in ("seen", "saved", "taste", "rating")}
    return Answers(verdict=verdict, **plain, **days)
