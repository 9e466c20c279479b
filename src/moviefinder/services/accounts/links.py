"""Links of mails: what the reader of a mailbox may do, once.

A link is made with the mail that carries it; its token is made when the mail is sent, and stands in the mail alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from moviefinder.errors import LinkVoid
from moviefinder.services.accounts.attempts import Attempt
from moviefinder.services.accounts.secrets import hash_of, new_secret
from moviefinder.store.models import MailLink

Purpose = Literal["confirm", "reset", "email", "unlock", "operator"]

LASTS: Final[Mapping[Purpose, timedelta]] = {
    "confirm": timedelta(hours=24),
    "email": timedelta(hours=24),
    "reset": timedelta(minutes=60),
    "unlock": timedelta(minutes=60),
    "operator": timedelta(minutes=60),
}

_VOID: Final = "This link was used, replaced by a later change, or is too old. Ask for another one."


def make(
    session: Session,
    purpose: Purpose,
    *,
    email: str,
    user_id: int | None,
    data: Mapping[str, Any] | None = None,
    lasts: timedelta | None = None,
    now: datetime,
) -> MailLink:
    """A link that opens nothing before it is sealed.

    Args:
        session: the transaction of what calls for it.
        purpose: what it is for.
        email: folded; the mailbox whose owner may use it.
        user_id: whose it is, where it is already somebody's.
        data: what must be known when it is used.
        lasts: how long; by its purpose unless told.
        now: the time.
    """
    link = MailLink(
        purpose=purpose,
        token_hash=None,
        user_id=user_id,
        email=email,
        data=dict(data or {}),
        created_at=now,
        expires_at=now + (lasts or LASTS[purpose]),
    )
    session.add(link)
    session.flush()
    return link


def seal(session: Session, link_id: int, *, now: datetime) -> str | None:
    """Make a link's token; one made before opens nothing any more. None: the link is void or too old by now."""
    token = new_secret()
    sealed = (
        update(MailLink)
        .where(MailLink.id == link_id, MailLink.expires_at > now)
        .values(token_hash=hash_of(token))
    )
    return token if session.execute(sealed).rowcount else None  # type: ignore[attr-defined]  # an UPDATE has it


def find(session: Session, token: str, attempt: Attempt, *, now: datetime) -> MailLink:  # noqa: ARG001
    """The link of a token, which stays: for what must be looked at before it is used.

    Args:
        attempt: that it was counted.

    Raises:
        LinkVoid: it was used, replaced, or is too old; or never was.
    """
    link = session.scalar(select(MailLink).where(MailLink.token_hash == hash_of(token)))
    if link is None or link.expires_at <= now:
        raise LinkVoid(_VOID)
    return link


def take(
    session: Session,
    token: str,
    purpose: Purpose,
    attempt: Attempt,  # noqa: ARG001  # that it was counted is what it is for
    *,
    now: datetime,
) -> MailLink:
    """Use a link up. Of two browsers that come with it at once, one gets it.

    Raises:
        LinkVoid: it was used, replaced, or is too old; or never was, or is for something else.
    """
    taking = (
        delete(MailLink)
        .where(MailLink.token_hash == hash_of(token), MailLink.purpose == purpose)
        .returning(MailLink)
    )
    link = session.scalar(taking)
    if link is None or link.expires_at <= now:
        raise LinkVoid(_VOID)
    return link


def hold(session: Session, *, email: str) -> None:
    """Have those who use links to one mailbox wait for each other until the transaction ends."""
    session.execute(
        select(MailLink.id).where(MailLink.email == email).order_by(MailLink.id).with_for_update()
    )


def void(
    session: Session, *, user_id: int | None = None, email: str | None = None, purpose: Purpose | None = None
) -> None:
    """Delete the links of a person and of a mailbox, with the mails that were to carry them.

    Args:
        purpose: only these.
    """
    whose = [MailLink.user_id == user_id] if user_id is not None else []
    whose += [MailLink.email == email] if email is not None else []
    if whose:
        gone = delete(MailLink).where(or_(*whose))
        session.execute(gone if purpose is None else gone.where(MailLink.purpose == purpose))


def forget_old(session: Session, *, now: datetime) -> None:
    """Delete what nobody used in time."""
    session.execute(delete(MailLink).where(MailLink.expires_at <= now))
