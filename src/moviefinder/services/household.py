"""Accounts by hand, for who runs the machine: made, found, helped back in, invited."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from moviefinder.config import Settings
from moviefinder.errors import IdentityTaken, Invalid, NotFound
from moviefinder.services import operator
from moviefinder.services.accounts import emails, links, sessions, signing_in, signing_up
from moviefinder.services.accounts.changing import FORGETS_PASSKEY
from moviefinder.services.accounts.emails import Email
from moviefinder.store.models import Identity, User

FIRST_PASSWORD: Final = timedelta(hours=24)
"""How long somebody has to choose the first password of an account that was made for them. There is nothing to take
over in it yet, so they get longer than for a reset."""


def add(
    session: Session,
    settings: Settings,
    email: Email,
    secret: str | None,
    *,
    name: str | None,
    now: datetime,
) -> int:
    """A new account; returns its number. Whatever the setting of registration is: this is how it is got round.

    Args:
        secret: the hash of its password; None: its owner chooses one by a link.

    Raises:
        IdentityTaken: the address has an account.
    """
    user = sessions.make_user(session, now=now)
    user.display_name = name
    signing_up.add_identity(session, user.id, email, secret, now=now)
    signing_in.open_account(session, settings, user, now=now)
    return user.id


def find(session: Session, who: str) -> int:
    """The number of the account that an e-mail address or a number names.

    Raises:
        NotFound: there is none; a guest is nobody who could be named.
    """
    if who.isascii() and who.isdigit() and len(who) < 10:
        found = session.scalar(select(User.id).where(User.id == int(who), operator.has_account()))
    else:
        named = (Identity.issuer == signing_in.PASSWORD, Identity.subject == emails.fold(who))
        found = session.scalar(select(Identity.user_id).where(*named))
    if found is None:
        raise NotFound(f"Nobody here is {who}. 'moviefinder user list' names who has an account.")
    return found


def make_operator(session: Session, email: Email) -> int:
    """Have the account of an address run this install; returns its number.

    Raises:
        NotFound: the address has none.
    """
    user_id = find(session, email.written)
    operator.set_operator(session, user_id)
    return user_id


def password_link(
    session: Session, settings: Settings, user_id: int, *, email: Email | None = None, now: datetime
) -> str:
    """A link by which somebody chooses a new password; with that, no passkey is asked for any more.

    Args:
        email: of an account that has none, or none that is proved: it signs in with this one from then on.

    Raises:
        Invalid: the account signs in without an address, and none is given.
        IdentityTaken: the address is somebody else's.
    """
    mine = select(Identity).where(Identity.user_id == user_id, Identity.issuer == signing_in.PASSWORD)
    identity = session.scalar(mine)
    if identity is None and email is None:
        raise Invalid(
            "This account signs in without an e-mail address. Give it one with --email.", field="email"
        )
    if identity is None and email is not None:
        identity = signing_up.add_identity(session, user_id, email, None, now=now)
    assert identity is not None
    if email is not None and identity.subject != email.folded:
        raise IdentityTaken(f"This account has the address {identity.email}. Leave --email out.")
    links.void(session, user_id=user_id)
    link = links.make(
        session,
        "reset",
        email=identity.subject,
        user_id=user_id,
        data={FORGETS_PASSKEY: True},
        lasts=FIRST_PASSWORD if identity.secret is None else None,
        now=now,
    )
    token = links.seal(session, link.id, now=now)
    return f"{settings.address}/link/reset#{token}"
