"""Signing in: by password here, by passkeys and providers elsewhere; all end in `sign_in`, `upgrade` or `renew`.

Users are held before anything of theirs, in the order of their numbers, so that two who sign in at once wait for each
other and never for good.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from moviefinder.app import App
from moviefinder.config import Settings
from moviefinder.errors import SessionEnded, WrongSecret
from moviefinder.log import get_logger
from moviefinder.services.accounts import attempts, links, merging, passkeys, passwords, roles, sessions
from moviefinder.services.accounts.attempts import Attempt
from moviefinder.services.accounts.sessions import Asker
from moviefinder.store import limits, models

log = get_logger(__name__)

PASSWORD = "password"  # noqa: S105  # the issuer of such identities, and the way of such sessions

_WRONG = (
    "That e-mail address and that password do not belong together. If you have forgotten the password, or tried very "
    "often, have a mail sent to you."
)
"""One text for every cause: unknown, wrong, and closed after too many failures."""


# By password


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """That somebody knew the password of an identity, as it stood then."""

    identity_id: int
    user_id: int
    secret: str
    rehashed: str | None
    """The same password, hashed with today's parameters, where it was with weaker ones."""


def prove(app: App, attempt: Attempt, email: str, plain: str) -> Proof:
    """Compare a password outside of any transaction: it takes long, and others must be able to write.

    Args:
        attempt: that it was counted; on the path `sign_in` for this very address.
        email: folded.

    Raises:
        WrongSecret: unknown, wrong, or closed; one text, one cost.
        TooMany: too many hash at this moment.
    """
    with app.reading() as session:
        row = session.execute(
            select(models.Identity.id, models.Identity.user_id, models.Identity.secret).where(
                models.Identity.issuer == PASSWORD, models.Identity.subject == email
            )
        ).first()
    is_right = passwords.verify(row.secret if row else None, plain)
    if row is None or not is_right or attempt.is_locked:
        reason = "unknown" if row is None else "locked" if attempt.is_locked else "password"
        log.info("sign_in.failed", way=PASSWORD, user_id=row.user_id if row else None, reason=reason)
        raise WrongSecret(_WRONG)
    rehashed = passwords.hash_password(plain) if passwords.needs_rehash(row.secret) else None
    return Proof(identity_id=row.id, user_id=row.user_id, secret=row.secret, rehashed=rehashed)


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondFactor:
    """What a browser is asked, after the right password, of who wants a passkey asked for too."""

    options: dict[str, Any]
    flow: str
    """The token for the cookie."""


def by_password(
    session: Session,
    settings: Settings,
    proof: Proof,
    attempt: Attempt,
    *,
    asker: Asker | None,
    address: str,
    user_agent: str,
    now: datetime,
) -> tuple[Asker, str] | SecondFactor:
    """Sign in whoever proved a password; see `sign_in`.

    Raises:
        WrongSecret: it was changed in the meantime.
    """
    user = merging.hold(session, [proof.user_id, *_guest(asker)]).get(proof.user_id)
    identity = session.get(models.Identity, proof.identity_id, populate_existing=True)
    if user is None or identity is None or identity.secret != proof.secret:
        raise WrongSecret(_WRONG)
    identity.failed_count = 0
    identity.last_used_at = now
    if proof.rehashed:
        identity.secret = proof.rehashed
    attempts.succeeded(session, attempt)
    if user.asks_passkey and (asked := passkeys.ask_second(session, settings, user.id, now=now)):
        options, flow = asked
        return SecondFactor(options=options, flow=flow)
    return sign_in(session, user, way=PASSWORD, asker=asker, address=address, user_agent=user_agent, now=now)


# By any way


def sign_in(
    session: Session,
    user: models.User,
    *,
    way: str,
    asker: Asker | None,
    address: str,
    user_agent: str,
    now: datetime,
    identity: models.Identity | None = None,
) -> tuple[Asker, str]:
    """A new session of somebody who has proved who they are, and its token.

    What a guest has said in this browser is brought along; the browser's session until now ends.

    Args:
        session: the transaction.
        user: who it is.
        way: how they proved it: `password`, `passkey`, the name of a provider.
        asker: whose session the browser had; found in this transaction.
        address: of the network.
        user_agent: of the browser.
        now: the time.
        identity: by which it was proved.

    Raises:
        SessionEnded: they were erased in the meantime.
    """
    held = merging.hold(session, [user.id, *_guest(asker)])
    if user.id not in held:
        raise SessionEnded("This account is not there any more.")
    for guest_id in _guest(asker):
        if guest_id != user.id and guest_id in held and stands(session, asker):
            merging.bring_along(session, guest_id, user.id, now=now)
    if asker is not None and asker.session_id is not None:
        session.execute(delete(models.Session).where(models.Session.id == asker.session_id))
    held[user.id].last_seen_at = now
    if identity is not None:
        identity.last_used_at = now
    begun = sessions.begin_session(
        session, held[user.id], way=way, address=address, user_agent=user_agent, now=now
    )
    log.info("signed_in", user_id=user.id, way=way)
    return begun


def upgrade(
    session: Session,
    settings: Settings,
    asker: Asker,
    *,
    way: str,
    address: str,
    user_agent: str,
    now: datetime,
) -> tuple[Asker, str]:
    """Make a guest an account, in place: everything said stays theirs. The caller has added the way to sign in.

    Raises:
        SessionEnded: the guest became an account, or was brought along to one, in another browser just now.
    """
    held = merging.hold(session, [asker.user_id])
    if not stands(session, asker) or held[asker.user_id].merged_into is not None:
        raise SessionEnded("You have signed in elsewhere meanwhile. Sign in here as well.")
    open_account(session, settings, held[asker.user_id], now=now)
    return sign_in(
        session,
        held[asker.user_id],
        way=way,
        asker=None,
        address=address,
        user_agent=user_agent,
        now=now,
    )


def open_account(session: Session, settings: Settings, user: models.User, *, now: datetime) -> None:
    """What becomes of a user who has got the first way to sign in: what was open to a guest's holder ends.

    On a local install the first account runs it.
    """
    sessions.end_sessions(session, user.id)
    session.execute(delete(models.Token).where(models.Token.user_id == user.id))
    links.void(session, user_id=user.id)
    if settings.is_local and not roles.has_operator(session):
        # A row that all who come this far write: of two first accounts the second waits, and then looks again.
        limits.count(session, "first-operator", limit=2**31 - 1, window=timedelta(days=1), now=now)
        if not roles.has_operator(session):
            user.is_operator = True
    session.flush()
    log.info("signed_up", user_id=user.id, operator=user.is_operator)


def renew(
    session: Session, asker: Asker, *, address: str, user_agent: str, now: datetime
) -> tuple[Asker, str]:
    """End all sessions of who asks, and go on with a new one, as fresh as the one before: the ways in have changed.

    Raises:
        SessionEnded: theirs has ended in the meantime.
    """
    held = merging.hold(session, [asker.user_id])
    if asker.user_id not in held or not stands(session, asker):
        raise SessionEnded("This session has ended meanwhile. Sign in again.")
    sessions.end_sessions(session, asker.user_id)
    return sessions.begin_session(
        session,
        held[asker.user_id],
        way=asker.way,
        address=address,
        user_agent=user_agent,
        renews=asker,
        now=now,
    )


def email_of(session: Session, user_id: int) -> str | None:
    """The address that somebody has shown to be theirs, as they wrote it: where notices go."""
    return session.scalar(
        select(models.Identity.email).where(
            models.Identity.user_id == user_id, models.Identity.provider == PASSWORD
        )
    )


def _guest(asker: Asker | None) -> Iterable[int]:
    """The guest who asks, if one does."""
    return [asker.user_id] if asker is not None and asker.is_guest else []


def stands(session: Session, asker: Asker | None) -> bool:
    """Whether a session goes on, now that nobody can end it any more: its user is held."""
    found = select(models.Session.id).where(models.Session.id == (asker and asker.session_id))
    return session.scalar(found) is not None
