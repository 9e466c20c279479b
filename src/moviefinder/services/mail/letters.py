"""Word a mail: subject, plain text and HTML, in the person's language."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import datetime
from email.message import EmailMessage
from functools import cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from moviefinder.config import Settings
from moviefinder.errors import Invalid, MailRefused
from moviefinder.services.mail.addresses import ascii_host, check_address

TEXTS: Final = Path(__file__).with_name("texts")
LANGUAGES: Final = ("de", "en")
PLAIN_WIDTH: Final = 76


def letter(
    settings: Settings,
    *,
    to: str,
    template: str,
    language: str,
    values: Mapping[str, str],
    link: str | None,
    now: datetime,
    is_file: bool = False,
) -> EmailMessage:
    """The mail as it goes out: no image, nothing remote, no file, and every header our own but the address.

    Args:
        to: one address.
        template: one of `posting.POSTS`.
        language: one that there are texts in.
        values: what `posting.post` kept: `address`, `user_agent` in our words, `provider`.
        link: what the button leads to.
        now: for the Date header.
        is_file: keep lines whole, so that a link can be copied by whoever opens the file as text.

    Raises:
        MailRefused: the address cannot stand in a header, or its host name is none.
        Invalid: the setting `mail_from` is no address.
    """
    from email.headerregistry import Address
    from email.policy import SMTP
    from email.utils import format_datetime, make_msgid

    told = _told(settings, template, language, values, link)
    sender = _sender(settings)
    message = EmailMessage(policy=SMTP)
    message["Subject"] = told["subject"]
    message["From"] = sender
    try:
        check_address(to)
        user, domain = to.rsplit("@", 1)
        message["To"] = Address(username=user, domain=ascii_host(domain))
    except (Invalid, ValueError) as error:  # UnicodeError and the errors of headers are ValueErrors
        raise MailRefused("The address of this mail is none.") from error
    message["Date"] = format_datetime(now)
    message["Message-ID"] = make_msgid(domain=sender.domain)
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's holiday notice comes back
    cte = "8bit" if is_file else "quoted-printable"
    message.set_content(_plain(told), cte=cte)
    message.add_alternative(_html(told), subtype="html", cte=cte)
    message["Content-Language"] = language  # last, for such headers would stay with the first part
    return message


@cache
def texts(language: str) -> Mapping[str, Any]:
    """All texts of a language."""
    return tomllib.loads((TEXTS / f"{language}.toml").read_text("utf-8"))


def _told(
    settings: Settings, template: str, language: str, values: Mapping[str, str], link: str | None
) -> dict[str, Any]:
    """What both forms of a mail say, piece by piece."""
    every = texts(language)
    own = every[template]
    named = {"install": settings.address, "provider": values.get("provider", "")}
    who = ", ".join(values[name] for name in ("user_agent", "address") if name in values)
    asked = every["asked" if link or template in ("known", "email_asked") else "done"]
    return {
        "language": language,
        "subject": own["subject"],
        "first": [paragraph.format(**named) for paragraph in own["first"]],
        "last": [paragraph.format(**named) for paragraph in own["last"]],
        "button": own.get("button"),
        "link": link,
        "instead": every["instead"],
        "who": asked.format(who=who) if who else None,
        "footer": every["footer"].format(**named),
    }


def _plain(told: Mapping[str, Any]) -> str:
    from textwrap import fill

    def wrapped(text: str) -> str:
        return fill(text, PLAIN_WIDTH, break_long_words=False, break_on_hyphens=False)

    parts = [wrapped(paragraph) for paragraph in told["first"]]
    if told["link"]:
        parts.append(told["link"])
    parts += [wrapped(paragraph) for paragraph in told["last"]]
    end = [wrapped(line) for line in (told["who"], told["footer"]) if line]
    return "\n\n".join([*parts, "\n".join(["-- ", *end])]) + "\n"  # where a mail program sees the end


def _html(told: Mapping[str, Any]) -> str:
    return _layout().render(told)  # type: ignore[no-any-return]  # it is text


@cache
def _layout() -> Any:
    from jinja2 import Environment, StrictUndefined

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    return environment.from_string((TEXTS / "letter.html").read_text("utf-8"))


def _sender(settings: Settings) -> Any:
    """Who the mails are from: the setting, else moviefinder@ the host that people use."""
    from email.headerregistry import Address
    from email.utils import parseaddr

    if not settings.mail_from:
        host = urlsplit(settings.address).hostname or "localhost"
        is_name = any(character.isalpha() for character in host) and ":" not in host
        return Address(
            "MovieFinder", username="moviefinder", domain=ascii_host(host) if is_name else "localhost"
        )
    name, address = parseaddr(settings.mail_from)
    try:
        if not settings.mail_from.isprintable() or address not in settings.mail_from:
            raise ValueError("only one was read out of it")
        check_address(address)
        user, domain = address.rsplit("@", 1)
        return Address(name or "MovieFinder", username=user, domain=ascii_host(domain))
    except (Invalid, ValueError) as error:
        raise Invalid(
            "Setting 'mail_from' must look like MovieFinder <films@example.org>.", field="mail_from"
        ) from error
