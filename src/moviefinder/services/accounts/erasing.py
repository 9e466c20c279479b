"""Erase a person: every row, every file, and what is left of them in the files of the database.

One transaction takes all rows, most by the foreign keys, so that nobody ever sees half a person; whoever writes for
them at the same time waits for it, and then finds nobody. What cannot go with it goes within a minute: the notice that
they were erased, which itself names their address, and the traces of what was deleted.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from secrets import token_hex
from typing import Final

from sqlalchemy import delete, func, or_, select
from sqlalchemy.orm import Session

from moviefinder.app import App
from moviefinder.config import Settings
from moviefinder.errors import NotFound, NotYet
from moviefinder.log import get_logger
from moviefinder.services.accounts import attempts
from moviefinder.services.mail import folder, post
from moviefinder.store import jobs
from moviefinder.store.jobs import Claim
from moviefinder.store.models import Identity, Invitation, Mail, MailLink, Passkey, User
from moviefinder.store.traces import forget_traces

log = get_logger(__name__)

NOTICE: Final = "account_erased"

NOTICE_KEPT: Final = timedelta(seconds=30)
"""So long a mail server has for the notice that somebody was erased; then it goes unsent."""

LATER: Final = timedelta(seconds=35)
"""When what is left goes: within the minute, with time for trying again."""


def erase(
    session: Session,
    settings: Settings,
    user_id: int,
    *,
    address: str | None = None,
    user_agent: str | None = None,
    now: datetime,
) -> None:
    """Delete all that is kept of a person, of the guests that they brought along as well, and tell their mailbox.

    Args:
        session: the transaction; files go at its end, so commit right after.
        settings: of the install.
        user_id: who.
        address: from where it was asked for, for the notice.
        user_agent: with what it was asked for, for the notice.
        now: the time.

    Raises:
        NotFound: there is no such user.
    """
    held = select(User).where(or_(User.id == user_id, User.merged_into == user_id)).order_by(User.id)
    found = {user.id: user for user in session.scalars(held.with_for_update())}
    if user_id not in found:
        raise NotFound("There is no such user any more.")
    users, locale = list(found), found[user_id].locale
    proved = _mailboxes(session, users)
    folded = sorted(proved)
    counted = [*folded, *(f"user:{one}" for one in users), *_passkeys(session, users)]
    # What waits for their mailbox, whoever asked for it: a sign-up begun again, a mail that says so.
    session.execute(delete(Mail).where(or_(Mail.user_id.in_(users), func.lower(Mail.to).in_(folded))))
    session.execute(delete(MailLink).where(or_(MailLink.user_id.in_(users), MailLink.email.in_(folded))))
    session.execute(delete(Invitation).where(Invitation.used_by.in_(users)))  # its note may hold their name
    session.execute(delete(User).where(User.id.in_(users)))  # and all that refers to them
    # After their identities, as whoever counts a try takes them in that order.
    attempts.forget(session, counted)
    folder.forget(settings, to=folded, of=users)  # after the rows: who writes one now takes it back
    for email in proved.values():
        post(session, email, NOTICE, language=locale, now=now, address=address, user_agent=user_agent)
    # A key of its own: the job of somebody erased a moment ago may just be settled, and has looked before this.
    jobs.enqueue(session, "forget_traces", token_hex(8), now=now, run_after=now + LATER, priority=1)
    log.info("user.erased", user_id=user_id, guests=len(users) - 1)


def _mailboxes(session: Session, users: list[int]) -> dict[str, str]:
    """The addresses that were shown to be theirs, folded, with how they wrote them."""
    found = select(Identity.subject, Identity.email)
    found = found.where(Identity.user_id.in_(users), Identity.provider == "password")
    return {folded: email or folded for folded, email in session.execute(found)}


def _passkeys(session: Session, users: list[int]) -> list[str]:
    """Their passkeys, as browsers write their numbers."""
    found = select(Passkey.credential_id).where(Passkey.user_id.in_(users))
    return [base64.urlsafe_b64encode(number).decode().rstrip("=") for number in session.scalars(found)]


def forget_the_rest(app: App, _claim: Claim) -> Callable[[Session, datetime], None]:
    """Drop notices that no mail server took in time, and the traces of what was deleted.

    Raises:
        NotYet: something is left, to be tried again in a moment.
    """
    now = datetime.now(UTC)
    with app.transaction(lasting=False) as session:
        session.execute(delete(Mail).where(Mail.template == NOTICE, Mail.created_at <= now - NOTICE_KEPT))
        is_left = session.scalar(select(Mail.id).where(Mail.template == NOTICE).limit(1)) is not None
    if not forget_traces(app.engine) or is_left:
        raise NotYet("Somebody reads what was deleted, or a notice waits.", retry_after_s=3)
    return _nothing


def _nothing(_session: Session, _now: datetime) -> None:
    """All was done before."""
