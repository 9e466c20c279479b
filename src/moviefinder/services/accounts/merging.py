"""Bringing what a guest has said along to the account that they sign in to, and undoing that within a day.

Per answer, what was said later stands, as if one person had said both; what the guest took back again is no answer.
Each film that changes is one change in the account's history, with the times that were there before, by which undoing
finds what still stands and puts back exactly that. The guest's own rows are kept meanwhile, and go after a day.

All of it is one transaction, and a guest is brought along once: whoever comes second finds nothing left to bring.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import delete, exists, or_, select, update
from sqlalchemy.orm import Session

from moviefinder.errors import Conflict, NotFound
from moviefinder.log import get_logger
from moviefinder.services.accounts import sessions
from moviefinder.services.accounts.sessions import MERGED_KEPT
from moviefinder.services.library.entry import (
    ANSWERS,
    NOTHING,
    answers_of,
    default_of,
    from_json,
    plain_values,
    put,
    to_json,
)
from moviefinder.store import insert_or
from moviefinder.store.models import (
    AnsweredReason,
    Change,
    Film,
    Flow,
    Identity,
    MailLink,
    Passkey,
    Reply,
    Shown,
    Token,
    User,
    UserFilm,
)

log = get_logger(__name__)

VIA: Final = "merge"
_KEPT: Final = "merge"
"""In the guest's `settings`: what undoing needs to know, for as long as the guest is kept."""

_ENDED_BY: Final = ("saved", "snoozed_until")
"""Answers that a verdict and *seen* end, as they do when somebody says them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge:
    """How many films were brought along, or taken out again."""

    films: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PastMerge:
    """A guest who was brought along, and until when that can be undone."""

    guest_id: int
    at: datetime
    films: int
    until: datetime


def hold(session: Session, user_ids: Iterable[int | None]) -> dict[int, User]:
    """Users, read anew and held until the transaction ends, in the order of their numbers; those gone are missing."""
    wanted = {user_id for user_id in user_ids if user_id is not None}
    held = select(User).where(User.id.in_(wanted)).order_by(User.id).with_for_update()
    return {user.id: user for user in session.scalars(held.execution_options(populate_existing=True))}


def is_guest(session: Session, user: User) -> bool:
    """Whether a user is a guest still: neither an account, nor brought along to one."""
    return user.merged_into is None and not session.scalar(
        select(
            or_(
                exists().where(Identity.user_id == user.id),
                exists().where(Passkey.user_id == user.id),
            )
        )
    )


def bring_along(session: Session, guest_id: int, user_id: int, *, now: datetime) -> Merge:
    """Bring what a guest has said along to an account, and end the guest's sessions.

    Whoever calls this has seen that the guest's session is the asker's. A guest who has become an account, or was
    brought along before, brings nothing.
    """
    held = hold(session, [guest_id, user_id])
    if guest_id not in held or user_id not in held or not is_guest(session, held[guest_id]):
        return Merge(films=0)
    guest = held[guest_id]
    films = _bring_films(session, guest_id, user_id, now)
    kept = {
        "films": films,
        "reasons": _bring_reasons(session, guest_id, user_id),
        "shown": _bring_shown(session, guest_id, user_id),
    }
    _move_replies(session, guest_id, user_id)
    session.execute(update(MailLink).where(MailLink.user_id == guest_id).values(user_id=None))
    session.execute(delete(Flow).where(Flow.user_id == guest_id))
    session.execute(delete(Token).where(Token.user_id == guest_id))
    sessions.end_sessions(session, guest_id)
    guest.merged_into, guest.merged_at = user_id, now
    guest.settings = dict(guest.settings) | {_KEPT: kept}
    session.flush()
    log.info("guest.merged", user_id=user_id, guest_id=guest_id, films=films)
    return Merge(films=films)


def merges(session: Session, user_id: int, *, now: datetime) -> list[PastMerge]:
    """What was brought along to an account and can be undone, newest first."""
    found = select(User).where(User.merged_into == user_id, User.merged_at > now - MERGED_KEPT)
    return [
        PastMerge(
            guest_id=guest.id,
            at=guest.merged_at,
            films=guest.settings[_KEPT]["films"],
            until=guest.merged_at + MERGED_KEPT,
        )
        for guest in session.scalars(found.order_by(User.merged_at.desc(), User.id.desc()))
        if guest.merged_at is not None and not guest.settings[_KEPT].get("undone")
    ]


def undo(session: Session, user_id: int, guest_id: int, *, now: datetime) -> Merge:
    """Take out of an account what a guest brought along, as far as nothing was said since; twice is once.

    Raises:
        NotFound: no such guest was brought along to this account, or the guest is forgotten by now.
        Conflict: it was more than a day ago.
    """
    held = hold(session, [guest_id, user_id])
    guest = held.get(guest_id)
    if guest is None or guest.merged_into != user_id or guest.merged_at is None:
        raise NotFound("No such guest was brought along to your account, or it was more than a day ago.")
    if guest.merged_at + MERGED_KEPT <= now:
        raise Conflict("This was more than a day ago. What was brought along can be changed film by film.")
    kept: dict[str, Any] = guest.settings[_KEPT]
    if kept.get("undone"):
        return Merge(films=0)
    films = _take_films_out(session, guest_id, user_id, now)
    _take_reasons_out(session, guest_id, user_id, kept["reasons"])
    _take_shown_out(session, guest_id, user_id, kept["shown"])
    guest.settings = dict(guest.settings) | {_KEPT: {"films": kept["films"], "undone": True}}
    session.flush()
    log.info("guest.merge_undone", user_id=user_id, guest_id=guest_id, films=films)
    return Merge(films=films)


# Films


def _bring_films(session: Session, guest_id: int, user_id: int, now: datetime) -> int:
    theirs = _rows_held(session, guest_id)
    own = select(UserFilm).where(UserFilm.user_id == user_id, UserFilm.film_id.in_(theirs))
    mine = {row.film_id: row for row in session.scalars(own.execution_options(populate_existing=True))}
    brought = 0
    for row in sorted(theirs.values(), key=lambda row: (row.updated_at, row.film_id)):
        change = _bring_film(session, row, mine.get(row.film_id), user_id, now)
        if change is not None:
            change.guest_id = guest_id
            session.add(change)
            brought += change.undone_at is None
    session.flush()
    return brought


def _rows_held(session: Session, user_id: int) -> dict[int, UserFilm]:
    """What somebody said, by film, with the films held: none of them becomes another until the transaction ends."""
    rows = select(UserFilm).where(UserFilm.user_id == user_id).execution_options(populate_existing=True)
    held: set[int] = set()
    while True:
        found = {row.film_id: row for row in session.scalars(rows)}
        if found.keys() <= held:
            return found
        films = select(Film.id).where(Film.id.in_(found)).order_by(Film.id)
        held.update(session.scalars(films.with_for_update(read=True, key_share=True)))


def _bring_film(
    session: Session, theirs: UserFilm, mine: UserFilm | None, user_id: int, now: datetime
) -> Change | None:
    """Have the account say what the guest said later; the change, if there is anything to tell."""
    said: dict[str, str] = dict(mine.said) if mine else {}
    before = answers_of(mine) if mine else NOTHING
    told = {
        name: value for name in ANSWERS if (value := getattr(answers_of(theirs), name)) != default_of(name)
    }
    times = {name: theirs.said[name] for name in told if theirs.said[name] > said.get(name, "")}
    if ends := max((times[name] for name in ("verdict", "seen") if name in times), default=""):
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
    saved_at = mine.saved_at if mine else None
    if times:
        row = mine or UserFilm(
            user_id=user_id,
            film_id=theirs.film_id,
            version=0,
            created_at=theirs.created_at,
            updated_at=theirs.updated_at,
        )
        updated_at = max(theirs.updated_at, row.updated_at)
        put(row, after, said | times, now=now)
        row.created_at, row.updated_at = min(row.created_at, theirs.created_at), updated_at
        if "saved" in times and after.saved:
            row.saved_at = theirs.saved_at
        session.add(row)
    if before == after and not overtaken:
        return None  # the same was said once more, and later
    at = max(times.values() or (theirs.said[name] for name in overtaken))
    return Change(
        user_id=user_id,
        film_id=theirs.film_id,
        before=to_json(before) | {"saved_at": saved_at.isoformat() if saved_at else None, "said": was},
        after=to_json(after) | {"said": times},
        said_at=datetime.fromisoformat(at),
        via=VIA,
        overtaken=plain_values(overtaken) or None,
        undone_at=now if before == after else None,  # nothing of it stands, so nothing is there to undo
    )


def _take_films_out(session: Session, guest_id: int, user_id: int, now: datetime) -> int:
    changes = select(Change).where(
        Change.guest_id == guest_id, Change.user_id == user_id, Change.undone_at.is_(None)
    )
    by_film: dict[int, list[Change]] = defaultdict(list)
    _rows_held(session, user_id)  # first the films, for one that becomes another takes its changes along
    for change in session.scalars(changes.order_by(Change.id).execution_options(populate_existing=True)):
        by_film[change.film_id].append(change)
    own = select(UserFilm).where(UserFilm.user_id == user_id, UserFilm.film_id.in_(by_film))
    rows = {row.film_id: row for row in session.scalars(own)}
    taken = sum(_take_film_out(rows.get(film_id), brought, now) for film_id, brought in by_film.items())
    session.flush()
    return taken


def _take_film_out(row: UserFilm | None, changes: list[Change], now: datetime) -> bool:
    """Put back what stood before; several changes where films that were brought along have become one since."""
    for change in changes:
        change.undone_at = now
    if row is None:
        return False
    brought = {(name, at) for change in changes for name, at in change.after["said"].items()}
    back: dict[str, tuple[str, Any, str | None]] = {}
    for change in changes:
        before = from_json(change.before)
        for name, at in change.before["said"].items():
            if row.said.get(name) is None or (name, row.said[name]) not in brought:
                continue  # said anew since, and so it stands
            if (name, at) not in brought and (name not in back or (at or "") > back[name][0]):
                back[name] = (at or "", getattr(before, name), change.before["saved_at"])
    if not back:
        return False
    answers = replace(answers_of(row), **{name: value for name, (_, value, _) in back.items()})
    said = {name: at for name, at in row.said.items() if name not in back}
    put(row, answers, said | {name: at for name, (at, _, _) in back.items() if at}, now=now)
    if "saved" in back and answers.saved and back["saved"][2]:
        row.saved_at = datetime.fromisoformat(back["saved"][2])
    return True


# Answered reasons


def _bring_reasons(session: Session, guest_id: int, user_id: int) -> list[list[Any]]:
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


def _take_reasons_out(session: Session, guest_id: int, user_id: int, replaced: list[list[Any]]) -> None:
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


def _bring_shown(session: Session, guest_id: int, user_id: int) -> list[list[Any]]:
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


def _take_shown_out(session: Session, guest_id: int, user_id: int, replaced: list[list[Any]]) -> None:
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


# The rest


def _became(session: Session, film_ids: set[int]) -> Mapping[int, int]:
    """Which film each has turned out to be since."""
    found = session.execute(select(Film.id, Film.merged_into).where(Film.id.in_(film_ids)))
    return defaultdict(int, {film_id: became or film_id for film_id, became in found})


def _move_replies(session: Session, guest_id: int, user_id: int) -> None:
    """A write that comes again with its key after signing in is answered as it was, and not done twice."""
    rows = select(Reply.key, Reply.request_hash, Reply.status, Reply.body, Reply.created_at)
    moved = [
        {**row._mapping, "user_id": user_id}  # noqa: SLF001  # the documented way to a row's names
        for row in session.execute(rows.where(Reply.user_id == guest_id))
    ]
    if moved:
        session.execute(insert_or(session, Reply).on_conflict_do_nothing(), moved)
