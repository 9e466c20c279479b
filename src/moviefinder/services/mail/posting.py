"""Ask for a mail: a row, and the job that sends it, in the transaction of what calls for it."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from sqlalchemy import delete
from sqlalchemy.orm import Session

from moviefinder.services.mail.addresses import check_address
from moviefinder.store import jobs
from moviefinder.store.models import Mail, MailLink

KEPT: Final = timedelta(days=2)
"""A mail that could not be handed in for so long goes: its link, if it had one, is over."""

SEND: Final = "send_mail"
URGENT: Final = 1  # somebody sits and waits for it


class Post(NamedTuple):
    """A kind of mail: whether it carries a link, and which values its text may name."""

    has_link: bool = False
    values: frozenset[str] = frozenset()


_ASKED: Final = frozenset({"address", "user_agent"})

POSTS: Final[Mapping[str, Post]] = {
    "confirm": Post(has_link=True, values=_ASKED),
    "known": Post(values=_ASKED),  # somebody wanted to sign up with an address that has an account
    "reset": Post(has_link=True, values=_ASKED),
    "email_change": Post(has_link=True, values=_ASKED),  # to the new address
    "email_asked": Post(values=_ASKED),  # to the old one, when the change is asked for
    "email_changed": Post(values=_ASKED),  # to the old one, when it is done
    "password_changed": Post(values=_ASKED),
    "identity_linked": Post(values=_ASKED | {"provider"}),
    "identity_unlinked": Post(values=_ASKED | {"provider"}),
    "passkey_added": Post(values=_ASKED),
    "passkey_removed": Post(values=_ASKED),
    "account_erased": Post(values=_ASKED),  # posted without user_id, for that user's mails go with the user
    "sign_in_locked": Post(has_link=True, values=_ASKED),
    "none": Post(values=_ASKED | {"provider"}),  # costs what the others cost, and is never sent
    "test": Post(),
}
"""By template. No text names what a stranger could choose (a name, another address): a mail that we send to anybody who
is named to us must not carry anybody's message."""


def post(
    session: Session,
    to: str,
    template: str,
    *,
    language: str | None,
    user_id: int | None = None,
    link: MailLink | None = None,
    now: datetime,
    **values: str | None,
) -> None:
    """Write a mail to be sent once this transaction is committed; costs the same whatever the template.

    Args:
        session: the transaction of the change that calls for it.
        to: the address, as its owner wrote it.
        template: one of `POSTS`; `none` is never sent.
        language: of the person, as in users.locale or Accept-Language; what we have no texts in becomes English.
        user_id: whose it is; it goes unsent when that person is erased first.
        link: what the reader may do; its token is made when the mail is sent.
        now: the time.
        values: who asked: `address` (of the network) and `user_agent`, and of an identity `provider`, its title.

    Raises:
        Invalid: the address could not be the only one in a header.
        ValueError: the template does not know a value, or its link is missing or too many.
    """
    known = POSTS[template]
    if values.keys() - known.values or (template != "none" and (link is not None) != known.has_link):
        raise ValueError(f"{template} takes {sorted(known.values)}, link: {known.has_link}")
    check_address(to)
    told = {name: told for name, value in values.items() if (told := _told(name, value))}
    session.flush()  # for the link's number
    mail = Mail(
        to=to,
        template=template,
        language="de" if (language or "").lower().startswith("de") else "en",
        data=told,
        user_id=user_id,
        link_id=link.id if link else None,
        created_at=now,
    )
    session.add(mail)
    session.flush()
    jobs.enqueue(session, SEND, str(mail.id), {"mail_id": mail.id}, now=now, priority=URGENT)


def forget_old(session: Session, *, now: datetime) -> None:
    """Delete mails that nobody took."""
    session.execute(delete(Mail).where(Mail.created_at < now - KEPT))


def _told(name: str, value: str | None) -> str | None:
    """What the text may say: an address as a number, a browser in our words, a provider in the operator's."""
    if name == "address":
        try:
            return str(ipaddress.ip_address(value or ""))
        except ValueError:
            return None
    return device(value or "") if name == "user_agent" else value


_BROWSERS: Final = {  # the first that is found says it: most call themselves by the others' names as well
    "Edg": "Edge",
    "OPR/": "Opera",
    "SamsungBrowser": "Samsung Internet",
    "Firefox": "Firefox",
    "FxiOS": "Firefox",
    "CriOS": "Chrome",
    "Chrom": "Chrome",
    "Safari": "Safari",
}
_SYSTEMS: Final = {
    "Android": "Android",
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Windows": "Windows",
    "Macintosh": "Mac",
    "Linux": "Linux",
}


def device(user_agent: str) -> str | None:
    """What somebody sits at, in words of ours: "Firefox, Linux"; None where nothing is known of it."""
    found = (
        next((said for sign, said in signs.items() if sign in user_agent), None)
        for signs in (_BROWSERS, _SYSTEMS)
    )
    return ", ".join(name for name in found if name) or None
