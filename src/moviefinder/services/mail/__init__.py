"""Mails: written to the database with the change that calls for them, and handed in afterwards by a job.

`posting` asks for one, `letters` words it, `handing_in` gives it to a server, `folder` keeps it where there is none.
The job itself stands in `services.accounts.mailing`, which knows the links that some mails carry.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from pathlib import Path
from typing import Literal

from sqlalchemy.orm import Session

from moviefinder.config import Settings
from moviefinder.services.mail import folder, posting
from moviefinder.services.mail.addresses import check_address
from moviefinder.services.mail.folder import forget
from moviefinder.services.mail.posting import POSTS, Post, post
from moviefinder.services.mail.server import MailServer, server

__all__ = [
    "POSTS",
    "MailServer",
    "Post",
    "check_address",
    "deliver",
    "forget",
    "forget_old",
    "post",
    "server",
    "way",
]


def forget_old(session: Session, settings: Settings, *, now: datetime) -> None:
    """Delete mails that nobody took, and old ones in the folder."""
    posting.forget_old(session, now=now)
    folder.forget_old(settings)


def way(settings: Settings) -> Literal["smtp", "folder"]:
    """Where mails go."""
    return "smtp" if server(settings) else "folder"


def deliver(
    settings: Settings,
    *,
    number: int,
    to: str,
    template: str,
    language: str,
    values: Mapping[str, str],
    link: str | None,
    folded: str | None = None,
    of: Collection[int] = (),
    now: datetime,
) -> Path | None:
    """Word a mail and send it, or write it into the folder where no server is set; returns the file then.

    Args:
        settings: of the install.
        number: the mail's.
        to: the address, as its owner wrote it.
        template: one of `POSTS`.
        language: `en` or `de`.
        values: who asked.
        link: the whole address, with the token.
        folded: the address as it is compared, by which a file can be found again.
        of: the numbers of those on whose behalf it goes out, likewise.
        now: the time.

    Raises:
        MailUnavailable: the server does not take it now.
        MailRefused: it never will.
        Invalid: the setting `mail_from` is no address.
    """
    from moviefinder.services.mail import handing_in
    from moviefinder.services.mail.letters import letter

    to_server = server(settings)
    message = letter(
        settings,
        to=to,
        template=template,
        language=language,
        values=values,
        link=link,
        now=now,
        is_file=to_server is None,
    )
    if to_server is None:
        return folder.keep(settings, message, number=number, template=template, to=folded, of=of)
    handing_in.hand_in(to_server, message)
    return None
