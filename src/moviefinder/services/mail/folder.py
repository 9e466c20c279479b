"""Where mails go while no server is set: files that any mail program opens, for their owner's eyes alone."""

from __future__ import annotations

import os
import time
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Final

from moviefinder.config import Settings
from moviefinder.services.mail.addresses import ascii_host

FOLDER: Final = "mail"
KEPT: Final = timedelta(days=7)


def keep(settings: Settings, message: EmailMessage, *, number: int, template: str) -> Path:
    """Write a mail into the folder; returns the file.

    Args:
        number: the mail's, so that one that is written twice is one file.
        template: for its name, which must not say to whom it is.
    """
    folder = settings.data / FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    path = folder / f"{number:06d}-{template}.eml"
    unfinished = path.with_suffix(".part")
    unfinished.unlink(missing_ok=True)
    opened = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(opened, "wb") as file:
        file.write(message.as_bytes())
    unfinished.replace(path)
    return path


def forget(settings: Settings, email: str) -> int:
    """Delete the mails to an address, whoever it is; returns how many."""
    user, _, domain = email.casefold().rpartition("@")
    wanted = f"{user}@{ascii_host(domain)}"
    found = [path for path in _mails(settings) if _to(path) == wanted]
    for path in found:
        path.unlink(missing_ok=True)
    return len(found)


def forget_old(settings: Settings) -> None:
    """Delete mails that are a week old: what their links were for is long over."""
    before = time.time() - KEPT.total_seconds()
    for path in _mails(settings):
        if path.stat().st_mtime < before:
            path.unlink(missing_ok=True)


def _mails(settings: Settings) -> list[Path]:
    folder = settings.data / FOLDER
    return [path for pattern in ("*.eml", "*.part") for path in folder.glob(pattern)]


def _to(path: Path) -> str:
    from email import message_from_bytes, policy

    message = message_from_bytes(path.read_bytes(), policy=policy.default)
    return str(message["To"] or "").casefold()
