"""The job that sends a mail: the link's secret is made last, and stands in the mail alone."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import delete
from sqlalchemy.orm import Session

from moviefinder.app import App
from moviefinder.errors import MailRefused, MailUnavailable
from moviefinder.log import get_logger
from moviefinder.services.accounts import emails, links
from moviefinder.services.mail import deliver, server
from moviefinder.store.hosts import HostLedger
from moviefinder.store.jobs import Claim
from moviefinder.store.models import Mail, MailLink

log = get_logger(__name__)


class _Sealed(NamedTuple):
    """A mail as it goes out."""

    to: str
    template: str
    language: str
    values: dict[str, str]
    user_id: int | None
    purpose: str | None
    token: str | None
    of: frozenset[int]
    """Whose it is, and whose link it carries."""


def send_mail(app: App, claim: Claim) -> Callable[[Session, datetime], None]:
    """Send a mail that is still wanted: who was erased meanwhile gets none, nor whoever's link is void.

    A worker that dies on the way leaves the mail to the next one, which makes the link's secret anew: of two mails that
    went out the later one's link works.

    Raises:
        MailUnavailable: the mail is kept, and tried again later; likewise `NotYet`.
    """
    mail_id = int(claim.payload["mail_id"])
    with app.transaction() as session:
        sealed = _seal(session, mail_id, now=datetime.now(UTC))
    path = _send(app, mail_id, sealed) if sealed and not _is_a_leftover(app, sealed) else None

    def write(session: Session, _now: datetime) -> None:
        was_wanted = session.scalar(delete(Mail).where(Mail.id == mail_id).returning(Mail.id)) is not None
        if path is not None and not was_wanted:  # whose it was has been erased in this moment
            path.unlink(missing_ok=True)

    return write


def _seal(session: Session, mail_id: int, *, now: datetime) -> _Sealed | None:
    mail = session.get(Mail, mail_id)
    if mail is None or mail.template == "none":
        return None
    purpose = token = None
    of = {mail.user_id}
    if mail.link_id is not None:
        link = session.get(MailLink, mail.link_id)
        token = links.seal(session, mail.link_id, now=now)
        if link is None or token is None:
            return None
        purpose = link.purpose
        of.add(link.user_id)
    return _Sealed(
        mail.to,
        mail.template,
        mail.language,
        dict(mail.data),
        mail.user_id,
        purpose,
        token,
        frozenset(user_id for user_id in of if user_id is not None),
    )


def _is_a_leftover(app: App, mail: _Sealed) -> bool:
    """In a folder nobody reads a farewell, and it would be all that is left of the person."""
    return mail.template == "account_erased" and server(app.settings) is None


def _send(app: App, mail_id: int, mail: _Sealed) -> Path | None:
    link = f"{app.settings.address}/link/{mail.purpose}#{mail.token}" if mail.token else None
    told = {"mail": mail.template, "user_id": mail.user_id}
    began = time.monotonic()
    try:
        with _noted(app):
            path = deliver(
                app.settings,
                number=mail_id,
                to=mail.to,
                template=mail.template,
                language=mail.language,
                values=mail.values,
                link=link,
                folded=emails.fold(mail.to),
                of=sorted(mail.of),
                now=datetime.now(UTC),
            )
    except MailRefused as error:  # for good: nobody is served by trying again
        log.warning("mail.refused", **told, reason=error.message)
        return None
    if path is None:
        log.info("mail.sent", **told, took_ms=round(1000 * (time.monotonic() - began), 1))
    else:
        log.info("mail.written", **told, path=str(path))
    return path


@contextmanager
def _noted(app: App) -> Iterator[None]:
    """Leave a server alone that was down five times in a row, and count what leaves this machine.

    Raises:
        NotYet: it is left alone just now.
    """
    to = server(app.settings)
    if to is None:
        yield
        return
    ledger = HostLedger(app.engine)
    ledger.admit(to.host, every_s=0, patience_s=1)
    try:
        yield
    except MailUnavailable as error:
        ledger.failed(to.host, error.message)
        raise
    except MailRefused:
        ledger.answered(to.host)
        raise
    ledger.answered(to.host)
