"""Changing how one signs in: password and e-mail address, and the links of mails by which that is done.

After each, nothing that was open before is open any more: links are void, other sessions end, and the mailbox that was
known before is told.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final, Literal

from sqlalchemy import Select, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from moviefinder.config import Settings
from moviefinder.errors import (
    Conflict,
    IdentityTaken,
    Invalid,
    LinkVoid,
    NotAllowed,
    SessionEnded,
    SignInAgain,
)
from moviefinder.log import get_logger
from moviefinder.services.accounts import (
    links,
    merging,
    passkeys,
    passwords,
    sessions,
    signing_in,
    signing_up,
)
from moviefinder.services.accounts.attempts import MOST_FAILURES, Attempt
from moviefinder.services.accounts.emails import Email
from moviefinder.services.accounts.sessions import Asker
from moviefinder.services.accounts.signing_in import PASSWORD
from moviefinder.services.accounts.telling import Place, tell
from moviefinder.services.mail import folder, post
from moviefinder.store.models import Identity, MailLink, User

log = get_logger(__name__)

FORGETS_PASSKEY: Final = "forgets_passkey"
"""In the data of a link: with it a password alone is enough again, for somebody whose passkeys are lost."""

_TEMPLATES: Final = {"reset": "reset", "unlock": "sign_in_locked"}


# Signed in


def set_password(
    session: Session, asker: Asker, secret: str, *, place: Place, now: datetime
) -> tuple[Asker, str]:
    """Another password of who asks, who has just proved who they are.

    Args:
        session: the transaction.
        asker: who.
        secret: the hash of the new password.
        place: where from.
        now: the time.

    Raises:
        Conflict: there is no address to sign in with.
        SessionEnded: the session has ended meanwhile.
    """
    user = _held(session, asker)
    identity = password_of(session, asker.user_id)
    if identity is None:
        raise Conflict(
            "Your account has no e-mail address. Add one, and a password with it: PUT /account/email."
        )
    renewed = signing_in.renew(session, asker, address=place.address, user_agent=place.user_agent, now=now)
    _set(session, identity, secret)
    tell(session, user, identity.email, "password_changed", place, now)
    log.info("password.changed", user_id=asker.user_id)
    return renewed


def ask_email(
    session: Session,
    asker: Asker,
    email: Email,
    attempt: Attempt,  # noqa: ARG001  # that it was counted is what it is for
    *,
    secret: str | None,
    place: Place,
    now: datetime,
) -> None:
    """Have a mailbox asked whether its owner wants to be this account's; the one known until now is told at once.

    The same answer, at the same cost, whether the address has an account already.

    Args:
        session: the transaction.
        asker: whose account.
        email: the new address.
        attempt: that it was counted.
        secret: the hash of a password, for an account that has had none.
        place: where from.
        now: the time.

    Raises:
        NotAllowed: a guest must sign up.
        Invalid: a password is missing, or is one too many.
    """
    if asker.is_guest:
        raise NotAllowed("A guest has no account yet. Sign up with the address: POST /account.")
    user = _held(session, asker)
    mine = password_of(session, asker.user_id)
    if mine is None and secret is None:
        raise Invalid("Choose a password to go with the address.", field="password")
    if mine is not None and secret is not None:
        raise Invalid("Your account has a password already. Leave it out here.", field="password")
    other = session.scalar(_by_subject(email).where(Identity.user_id != asker.user_id))
    links.void(session, user_id=asker.user_id, purpose="email")  # the latest wish counts
    link = links.make(
        session,
        "email",
        email=email.folded,
        user_id=asker.user_id,
        data={"email": email.written, "secret": secret},
        now=now,
    )
    post(
        session,
        other.email if other and other.email else email.written,
        "known" if other else "email_change",
        language=user.locale,
        link=None if other else link,  # nobody's mail: whose list it stood in would tell whose the address is
        now=now,
        address=place.address,
        user_agent=place.user_agent,
    )
    if mine is not None:
        tell(session, user, mine.email, "email_asked", place, now)


def change_profile(session: Session, asker: Asker, changes: dict[str, object], *, now: datetime) -> None:
    """Change what the account says of its owner; a field that is not named stays.

    Args:
        session: the transaction.
        asker: whose.
        changes: any of `name`, `language`, `asks_passkey`.
        now: the time.

    Raises:
        SessionEnded: the session has ended meanwhile.
        SignInAgain: whether a passkey is asked for is changed only after a fresh sign-in.
        Invalid: there is no passkey to ask for.
    """
    user = _held(session, asker)
    if "asks_passkey" in changes and bool(changes["asks_passkey"]) != user.asks_passkey:
        if not asker.is_fresh(now):
            raise SignInAgain("For this, prove once more who you are: POST /session/again.")
        if changes["asks_passkey"] and not passkeys.has_any(session, user.id):
            raise Invalid("Add a passkey first.", field="asks_passkey")
        user.asks_passkey = bool(changes["asks_passkey"])
    if "name" in changes:
        user.display_name = str(changes["name"] or "").strip() or None
    if "language" in changes:
        user.locale = str(changes["language"] or "") or None
    session.flush()


# By mail


def send_link(
    session: Session,
    email: Email,
    purpose: Literal["reset", "unlock"],
    attempt: Attempt,  # noqa: ARG001  # that it was counted is what it is for
    *,
    language: str | None,
    place: Place,
    now: datetime,
) -> None:
    """Send a link to who reads the mailbox of an account; where there is none, the same is written, and not sent."""
    known = session.scalar(_by_subject(email))
    if not merging.hold(session, [known.user_id if known else None]):
        known = None  # erased just now, or never there
    is_wanted = known is not None and (purpose == "reset" or known.failed_count > MOST_FAILURES)
    link = links.make(session, purpose, email=email.folded, user_id=known.user_id if known else None, now=now)
    post(
        session,
        known.email if known and known.email else email.written,
        _TEMPLATES[purpose] if is_wanted else "none",
        language=language,
        user_id=known.user_id if known else None,
        link=link,
        now=now,
        address=place.address,
        user_agent=place.user_agent,
    )


def reset(
    session: Session,
    link: MailLink,
    token: str,
    attempt: Attempt,
    *,
    secret: str,
    asker: Asker | None,
    place: Place,
    now: datetime,
) -> tuple[Asker, str] | None:
    """Another password for who reads the mailbox. All sessions end; signs in where a passkey need not be asked for.

    Args:
        session: the transaction.
        link: as it was found.
        token: the link's.
        attempt: that it was counted.
        secret: the hash of the new password.
        asker: whose session this browser has.
        place: where from.
        now: the time.

    Raises:
        LinkVoid: the link was used meanwhile, or the account or its address is gone.
    """
    held = merging.hold(session, [link.user_id, asker.user_id if asker and asker.is_guest else None])
    links.hold(session, email=link.email)
    data = links.take(session, token, "reset", attempt, now=now).data
    user = held.get(link.user_id or 0)
    identity = password_of(session, user.id) if user else None
    if user is None or identity is None or identity.subject != link.email:
        raise LinkVoid("This link is void: the account has changed since. Ask for another one.")
    if data.get(FORGETS_PASSKEY):
        user.asks_passkey = False
    _set(session, identity, secret)
    sessions.end_sessions(session, user.id)
    tell(session, user, identity.email, "password_changed", place, now)
    log.info("password.changed", user_id=user.id, by="mail")
    if user.asks_passkey and passkeys.has_any(session, user.id):
        return None
    return signing_in.sign_in(
        session,
        user,
        way=PASSWORD,
        asker=None if asker is not None and asker.user_id == user.id else asker,
        address=place.address,
        user_agent=place.user_agent,
        now=now,
        identity=identity,
    )


def prove_owner(
    link: MailLink,
    secret: str | None,
    attempt: Attempt,  # noqa: ARG001  # that it was counted is what it is for
    *,
    asker: Asker | None,
    plain: str | None,
) -> None:
    """That whoever uses a link to change an address is the account's owner, not only the mailbox's.

    Else somebody could have a stranger's click make the stranger's address theirs. Hashes a password: not for within a
    transaction.

    Args:
        link: as it was found.
        secret: the hash of the account's password, if it has one.
        attempt: that it was counted.
        asker: who is signed in.
        plain: the account's password; of one that had none, the one that was chosen with the address.

    Raises:
        WrongSecret: nobody who has shown to be the owner.
        TooMany: too many hash at this moment.
    """
    if asker is not None and asker.user_id == link.user_id and not asker.is_guest:
        return
    if plain is None or not passwords.verify(secret or link.data["secret"], plain):
        raise signing_up.wants_password(
            "Give your account's password, or open the link where you are signed in."
        )


def use_email(
    session: Session,
    settings: Settings,
    link: MailLink,
    token: str,
    attempt: Attempt,
    *,
    asker: Asker | None,
    place: Place,
    now: datetime,
) -> tuple[Asker, str] | None:
    """Make a mailbox the account's. All other sessions end; who is signed in to it here goes on, with a new token.

    Args:
        session: the transaction.
        settings: of the install.
        link: as it was found, and proved.
        token: the link's.
        attempt: that it was counted.
        asker: whose session this browser has.
        place: where from.
        now: the time.

    Raises:
        LinkVoid: the link was used meanwhile, or the account is gone.
        IdentityTaken: the address has got an account meanwhile.
    """
    user = merging.hold(session, [link.user_id]).get(link.user_id or 0)
    links.hold(session, email=link.email)
    data = links.take(session, token, "email", attempt, now=now).data
    if user is None:
        raise LinkVoid("This link is void: the account is not there any more.")
    email = Email(written=data["email"], folded=link.email)
    identity = password_of(session, user.id)
    before = identity.email if identity else None
    if identity is None:
        if data["secret"] is None:
            raise LinkVoid("This link is void: the account has changed since. Ask for another one.")
        signing_up.add_identity(session, user.id, email, data["secret"], now=now)
    else:
        folder.forget(settings, to=[identity.subject])  # the last time that it is known to be theirs
        try:
            with session.begin_nested():
                identity.subject, identity.email, identity.failed_count = email.folded, email.written, 0
        except IntegrityError as error:
            raise IdentityTaken("This e-mail address belongs to another account here.") from error
    links.void(session, user_id=user.id, email=email.folded)
    tell(session, user, before, "email_changed", place, now)
    log.info("email.changed", user_id=user.id)
    if asker is not None and asker.user_id == user.id:
        return signing_in.renew(session, asker, address=place.address, user_agent=place.user_agent, now=now)
    sessions.end_sessions(session, user.id)
    return None


def unlock(session: Session, link: MailLink, token: str, attempt: Attempt, *, now: datetime) -> None:
    """Let passwords be tried again on an account that was closed after a hundred wrong ones.

    Raises:
        LinkVoid: the link was used meanwhile, or the account is gone.
    """
    user_id = links.take(session, token, "unlock", attempt, now=now).user_id
    identity = password_of(session, user_id) if user_id else None
    if identity is None or identity.subject != link.email:
        raise LinkVoid("This link is void: the account has changed since.")
    identity.failed_count = 0
    log.info("sign_in.unlocked", user_id=identity.user_id)


def password_of(session: Session, user_id: int) -> Identity | None:
    """The address and password of a person."""
    return session.scalar(
        select(Identity)
        .where(Identity.user_id == user_id, Identity.issuer == PASSWORD)
        .execution_options(populate_existing=True)
    )


def _held(session: Session, asker: Asker) -> User:
    """Who asks, held; the session goes on that they ask with.

    Raises:
        SessionEnded: it, or the person, is gone meanwhile.
    """
    user = merging.hold(session, [asker.user_id]).get(asker.user_id)
    if user is None or not signing_in.stands(session, asker):
        raise SessionEnded("This session has ended meanwhile. Sign in again.")
    return user


def _by_subject(email: Email) -> Select[Identity]:
    return select(Identity).where(Identity.issuer == PASSWORD, Identity.subject == email.folded)


def _set(session: Session, identity: Identity, secret: str) -> None:
    """Another password: failures are forgotten, and links that were sent are void."""
    identity.secret = secret
    identity.failed_count = 0
    links.void(session, user_id=identity.user_id, email=identity.subject)
    session.flush()
