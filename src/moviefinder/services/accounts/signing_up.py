"""Signing up by e-mail: asked for here, an account only once the mailbox's owner has used the link.

Until then nothing of it is anybody's: no session, no identity, nothing that a sign-in could be merged with. Whether the
address has an account already is told to its mailbox alone; whoever asks gets the same answer, at the same cost.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from moviefinder.config import Settings
from moviefinder.errors import IdentityTaken, WrongSecret
from moviefinder.services.accounts import invitations, links, merging, passwords, sessions, signing_in
from moviefinder.services.accounts.attempts import Attempt
from moviefinder.services.accounts.emails import Email
from moviefinder.services.accounts.secrets import hash_of, new_secret
from moviefinder.services.accounts.sessions import Asker
from moviefinder.services.accounts.signing_in import PASSWORD
from moviefinder.services.mail import post
from moviefinder.store.models import Identity, MailLink, User


def ask(
    session: Session,
    email: Email,
    attempt: Attempt,  # noqa: ARG001  # that it was counted is what it is for
    *,
    secret: str,
    name: str | None,
    language: str | None,
    invitation: int | None,
    asker: Asker | None,
    address: str,
    user_agent: str,
    now: datetime,
) -> str:
    """Have a mailbox asked whether its owner wants this account; returns the token by which this browser is known.

    Args:
        session: the transaction.
        email: the mailbox.
        attempt: that it was counted.
        secret: the hash of the password.
        name: what the person wants to be called.
        language: theirs.
        invitation: the number of the one that they came with.
        asker: a guest becomes the account; anybody else gets another one.
        address: of the network.
        user_agent: of the browser.
        now: the time.
    """
    guest_id = asker.user_id if asker is not None and asker.is_guest else None
    held = merging.hold(session, [guest_id] if guest_id else [])
    known = session.execute(
        select(Identity.email, User.locale)
        .join(User, User.id == Identity.user_id)
        .where(Identity.issuer == PASSWORD, Identity.subject == email.folded)
    ).first()
    flow = new_secret()
    # Of a known address as well, so that both cost the same; there it is never sealed, and opens nothing.
    link = links.make(
        session,
        "confirm",
        email=email.folded,
        user_id=guest_id if guest_id in held else None,
        data={
            "email": email.written,
            "secret": secret,
            "name": name,
            "language": language,
            "invitation": invitation,
            "flow": hash_of(flow).hex(),
        },
        now=now,
    )
    post(
        session,
        known.email if known and known.email else email.written,
        "known" if known else "confirm",
        language=known.locale if known and known.locale else language,
        link=None if known else link,
        now=now,
        address=address,
        user_agent=user_agent,
    )
    return flow


def prove(
    link: MailLink,
    attempt: Attempt,  # noqa: ARG001  # that it was counted is what it is for
    *,
    flow: str | None,
    plain: str | None,
) -> None:
    """That whoever uses a link to confirm also asked for it: by the browser's cookie, else by the password.

    Else a stranger could sign up with somebody's address, have them click the link, and share their account from then
    on. Hashes a password: not for within a transaction.

    Raises:
        WrongSecret: neither; the problem says what is needed.
        TooMany: too many hash at this moment.
    """
    if flow is not None and hash_of(flow).hex() == link.data["flow"]:
        return
    if plain is None or not passwords.verify(link.data["secret"], plain):
        raise wants_password(
            "The account was asked for in another browser. Give the password that was chosen there."
        )


def wants_password(message: str) -> WrongSecret:
    """What is missing beside a link, in a form that the page knows."""
    error = WrongSecret(message)
    error.more["needs"] = "password"
    return error


def confirm(
    session: Session,
    settings: Settings,
    link: MailLink,
    token: str,
    attempt: Attempt,
    *,
    asker: Asker | None,
    address: str,
    user_agent: str,
    now: datetime,
) -> tuple[Asker, str]:
    """Make the account that a link stands for, and sign in to it.

    The guest who asked for it becomes the account. All other links to this mailbox are void then, and of two who use
    one at once the second finds that.

    Args:
        session: the transaction.
        settings: of the install.
        link: as it was found, and proved.
        token: the link's.
        attempt: that it was counted.
        asker: whose session this browser has; a guest's answers are brought along.
        address: of the network.
        user_agent: of the browser.
        now: the time.

    Raises:
        LinkVoid: the link, or the invitation behind it, was used meanwhile.
        IdentityTaken: the address has got an account in another way meanwhile.
    """
    others = [asker.user_id] if asker is not None and asker.is_guest else []
    held = merging.hold(session, [link.user_id, *others])
    links.hold(session, email=link.email)
    data: dict[str, Any] = links.take(session, token, "confirm", attempt, now=now).data
    user = held.get(link.user_id or 0)
    if user is None or not merging.is_guest(session, user):
        user = sessions.make_user(session, now=now)
    email = Email(written=data["email"], folded=link.email)
    identity = add_identity(session, user.id, email, data["secret"], now=now)
    user.display_name = data["name"] or user.display_name
    user.locale = data["language"] or user.locale
    if data["invitation"] is not None:
        invitations.take(session, data["invitation"], user.id, now=now)
    links.void(session, email=link.email)
    signing_in.open_account(session, settings, user, now=now)
    return signing_in.sign_in(
        session,
        user,
        way=PASSWORD,
        asker=None if asker is not None and asker.user_id == user.id else asker,
        address=address,
        user_agent=user_agent,
        now=now,
        identity=identity,
    )


def add_identity(
    session: Session, user_id: int, email: Email, secret: str | None, *, now: datetime
) -> Identity:
    """Give a user an address and a password to sign in with.

    Args:
        session: the transaction.
        user_id: whose.
        email: shown to be theirs.
        secret: the hash of the password; None: there is none until a link sets one.
        now: the time.

    Raises:
        IdentityTaken: the address has an account.
    """
    identity = Identity(
        user_id=user_id,
        provider=PASSWORD,
        issuer=PASSWORD,
        subject=email.folded,
        secret=secret,
        email=email.written,
        failed_count=0,
        created_at=now,
        last_used_at=None,
    )
    try:
        with session.begin_nested():
            session.add(identity)
    except IntegrityError as error:
        raise IdentityTaken("This e-mail address has an account here already. Sign in.") from error
    return identity
