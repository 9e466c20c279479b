"""Who asks: sessions of guests and accounts, begun, found, put off and ended; tokens of programs, found."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, Delete, delete, select, update
from sqlalchemy.orm import Session

from moviefinder.errors import NotFound, SessionEnded
from moviefinder.services.accounts.secrets import hash_of, new_secret
from moviefinder.store import limits, models

GUEST: Final = "guest"
"""The way of a session that nobody signed in to."""

GUEST_IDLE: Final = timedelta(days=180)
"""A guest that was not seen for so long is forgotten."""

ACCOUNT_IDLE: Final = timedelta(days=14)
"""The session of an account ends when it was not used for so long,"""

ACCOUNT_LONGEST: Final = timedelta(days=30)
"""or so long after signing in, however much it is used (OWASP ASVS 5.0.0, 7.3)."""

FRESH: Final = timedelta(minutes=10)
"""For so long after signing in somebody may do what needs a fresh proof of who they are."""

SEEN_EVERY: Final = timedelta(hours=1)
"""`last_seen_at` is written at most so often; reads never wait for it."""

MERGED_KEPT: Final = timedelta(days=1)
"""A guest whose answers were brought along is kept for so long, for undoing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Who a request comes from."""

    user_id: int
    created_at: datetime
    """When the user was."""
    is_operator: bool
    session_id: int | None = None
    """None where a token asks."""
    way: str = GUEST
    """How the session was signed in: `guest`, `password`, `passkey`, a provider's name; `token`."""
    began_at: datetime | None = None
    """When the session did."""
    last_seen_at: datetime | None = None
    fresh_at: datetime | None = None
    """When the person last proved who they are."""
    scope: str | None = None
    """What a token may: `read` or `write`."""
    token_id: int | None = None
    """None where a session asks."""
    name: str | None = None
    """What the person wants to be called."""

    @property
    def is_guest(self) -> bool:
        """Whether this is a user without any way to sign in."""
        return self.way == GUEST

    def is_fresh(self, now: datetime) -> bool:
        """Whether the person has just proved who they are; of a guest the session is all there is."""
        return self.is_guest or (self.fresh_at is not None and now - self.fresh_at <= FRESH)


def make_guest(
    session: Session, *, address: str, user_agent: str, per_hour: int | None, now: datetime
) -> tuple[Asker, str]:
    """A user without identity, and the token of its session, of which only the hash is kept.

    Args:
        per_hour: how many guests an address may make in an hour; None counts nothing.

    Raises:
        TooMany: the address has made that many.
    """
    if per_hour is not None:
        limits.count(session, f"guest:{address}", limit=per_hour, window=timedelta(hours=1), now=now)
    user = make_user(session, now=now)
    return begin_session(session, user, way=GUEST, address=address, user_agent=user_agent, now=now)


def make_user(session: Session, *, now: datetime) -> models.User:
    """A user without any way to sign in."""
    user = models.User(settings={}, is_operator=False, created_at=now, last_seen_at=now)
    session.add(user)
    session.flush()
    return user


def begin_session(
    session: Session,
    user: models.User,
    *,
    way: str,
    address: str,
    user_agent: str,
    renews: Asker | None = None,
    now: datetime,
) -> tuple[Asker, str]:
    """A new session, and its token. Who begins one has just proved who they are, but for guests.

    Args:
        renews: whose session goes on under a new token; nothing is proved by that, and no time is won.
    """
    token = new_secret()
    began_at, fresh_at = now, None if way == GUEST else now
    if renews is not None:
        began_at, fresh_at = renews.began_at or now, renews.fresh_at
    row = models.Session(
        token_hash=hash_of(token),
        user_id=user.id,
        created_at=began_at,
        last_seen_at=now,
        expires_at=_end(way, began_at=began_at, now=now),
        user_agent=user_agent[:300],
        address=address,
        way=way,
        fresh_at=fresh_at,
    )
    session.add(row)
    session.flush()
    asker = Asker(
        user_id=user.id,
        created_at=user.created_at,
        is_operator=user.is_operator,
        session_id=row.id,
        way=way,
        began_at=began_at,
        last_seen_at=now,
        fresh_at=fresh_at,
        name=user.display_name,
    )
    return asker, token


def _end(way: str, *, began_at: datetime, now: datetime) -> datetime:
    return now + GUEST_IDLE if way == GUEST else min(now + ACCOUNT_IDLE, began_at + ACCOUNT_LONGEST)


def asker_of(session: Session, token: str, *, now: datetime) -> Asker:
    """Who the token of a browser's session belongs to.

    Raises:
        SessionEnded: the token is unknown, or its session is over.
    """
    row = session.execute(
        select(
            models.Session.id,
            models.Session.user_id,
            models.User.created_at,
            models.User.is_operator,
            models.Session.created_at.label("began_at"),
            models.Session.last_seen_at,
            models.Session.expires_at,
            models.Session.way,
            models.Session.fresh_at,
            models.User.display_name,
        )
        .join(models.User, models.User.id == models.Session.user_id)
        .where(models.Session.token_hash == hash_of(token))
    ).first()
    if row is None or row.expires_at <= now:
        raise SessionEnded(
            "This session has ended or never was. Delete the cookie to begin anew: DELETE /session."
        )
    return Asker(
        user_id=row.user_id,
        created_at=row.created_at,
        is_operator=row.is_operator,
        session_id=row.id,
        way=row.way,
        began_at=row.began_at,
        last_seen_at=row.last_seen_at,
        fresh_at=row.fresh_at,
        name=row.display_name,
    )


def asker_of_token(session: Session, token: str) -> Asker:
    """Who a program's token belongs to.

    Raises:
        SessionEnded: the token is unknown, or was revoked.
    """
    row = session.execute(
        select(
            models.Token.id.label("token_id"),
            models.Token.scope,
            models.Token.last_used_at,
            models.User.id,
            models.User.created_at,
            models.User.is_operator,
        )
        .join(models.User, models.User.id == models.Token.user_id)
        .where(models.Token.token_hash == hash_of(token))
    ).first()
    if row is None:
        raise SessionEnded("This token is unknown or was revoked. Make another on the account page.")
    return Asker(
        user_id=row.id,
        created_at=row.created_at,
        is_operator=row.is_operator,
        way="token",
        scope=row.scope,
        token_id=row.token_id,
        last_seen_at=row.last_used_at,
    )


def is_seen_lately(asker: Asker, now: datetime) -> bool:
    """Whether that the session or token was used need not be written again."""
    return asker.last_seen_at is not None and now - asker.last_seen_at < SEEN_EVERY


def note_seen(session: Session, asker: Asker, *, now: datetime) -> bool:
    """Note that a session or a token was used, at most once an hour; returns whether a session's end was put off."""
    if is_seen_lately(asker, now):
        return False
    # The user first, as whoever signs in or out holds them before their sessions.
    session.execute(update(models.User).where(models.User.id == asker.user_id).values(last_seen_at=now))
    if asker.token_id is not None:
        used = update(models.Token).where(models.Token.id == asker.token_id).values(last_used_at=now)
        session.execute(used)
    elif asker.began_at is not None:
        session.execute(
            update(models.Session)
            .where(models.Session.id == asker.session_id)
            .values(last_seen_at=now, expires_at=_end(asker.way, began_at=asker.began_at, now=now))
        )
    return asker.token_id is None


def end_session(session: Session, token: str) -> None:
    """End the session of a token at once; unknown tokens are no error."""
    session.execute(delete(models.Session).where(models.Session.token_hash == hash_of(token)))


def end_sessions(session: Session, user_id: int, *, but: Iterable[int] = ()) -> int:
    """End all sessions of a person, but those by number; returns how many."""
    ended = delete(models.Session).where(
        models.Session.user_id == user_id, models.Session.id.not_in(list(but))
    )
    return int(session.execute(ended).rowcount)  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenSession:
    """A browser that somebody uses."""

    id: int
    way: str
    began_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    user_agent: str
    address: str


def open_sessions(session: Session, user_id: int, *, now: datetime) -> list[OpenSession]:
    """A person's sessions that go on, the one used last first."""
    found = select(models.Session).where(models.Session.user_id == user_id, models.Session.expires_at > now)
    return [
        OpenSession(
            id=row.id,
            way=row.way,
            began_at=row.created_at,
            last_seen_at=row.last_seen_at,
            expires_at=row.expires_at,
            user_agent=row.user_agent,
            address=row.address,
        )
        for row in session.scalars(
            found.order_by(models.Session.last_seen_at.desc(), models.Session.id.desc())
        )
    ]


def end_one(session: Session, user_id: int, session_id: int) -> None:
    """End one of a person's sessions.

    Raises:
        NotFound: this person has none of this number.
    """
    ended = delete(models.Session).where(models.Session.user_id == user_id, models.Session.id == session_id)
    if not session.execute(ended).rowcount:  # type: ignore[attr-defined]  # a DELETE has a row count
        raise NotFound(f"You have no session with the number {session_id}.")


def forget_ended(session: Session, *, now: datetime) -> int:
    """Delete the sessions that are over, and the guests to whom nobody can come back any more.

    Returns:
        How many guests were deleted.
    """
    session.execute(delete(models.Session).where(models.Session.expires_at <= now))
    gone = 0
    for lost in (
        _without_a_way_in(models.User.last_seen_at <= now - GUEST_IDLE),
        _without_a_way_in(models.User.merged_at <= now - MERGED_KEPT),
    ):
        gone += int(session.execute(lost).rowcount)  # type: ignore[attr-defined]
    return gone


def _without_a_way_in(condition: ColumnElement[bool]) -> Delete:
    """Deletes users of a kind who have neither a session nor any way to sign in."""
    of_user = (
        select(table.id).where(table.user_id == models.User.id).exists()
        for table in (models.Session, models.Identity, models.Passkey)
    )
    return delete(models.User).where(condition, *(~found for found in of_user))
