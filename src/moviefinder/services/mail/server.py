"""The operator's mail server, as the setting names it."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from moviefinder.config import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class MailServer:
    """Where mails are handed in, as the setting `mail_server` says."""

    host: str
    port: int
    is_tls: bool
    """From the first byte; else by STARTTLS, except on this very machine, where there is nobody in between."""
    user: str
    password: str = field(repr=False)


def server(settings: Settings) -> MailServer | None:
    """The mail server; None where mails go to the folder: none is set, or the install is offline."""
    address = settings.mail_server.get_secret_value()
    if not address or settings.offline:
        return None
    parts = urlsplit(address)
    is_tls = parts.scheme == "smtps"
    return MailServer(
        host=parts.hostname or "",
        port=parts.port or (465 if is_tls else 587),
        is_tls=is_tls,
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
    )
