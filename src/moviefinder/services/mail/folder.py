"""Where mails go while no server is set: files that any mail program opens, for their owner's eyes alone."""

from __future__ import annotations

import hmac
import os
import secrets
import threading
import time
from collections.abc import Collection
from contextlib import suppress
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Final

from moviefinder.config import Settings

FOLDER: Final = "mail"
KEPT: Final = timedelta(days=7)

KEY: Final = ".key"
MARK: Final = 16
"""Characters of a mark: 64 bits, so that no two people share one."""


def keep(
    settings: Settings,
    message: EmailMessage,
    *,
    number: int,
    template: str,
    to: str | None = None,
    of: Collection[int] = (),
) -> Path:
    """Write a mail into the folder; returns the file.

    Args:
        number: the mail's, so that one that is written twice is one file.
        template: for its name, which must not say to whom it is.
        to: the address, folded, by which the file can be found again.
        of: the numbers of those on whose behalf it goes out, likewise.
    """
    from email import policy

    folder = settings.data / FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    marks = _marks(folder, [to] if to else [], of)
    path = folder / f"{'-'.join([f'{number:06d}', template, *marks])}.eml"
    unfinished = path.with_suffix(".part")
    unfinished.unlink(missing_ok=True)
    opened = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    # An address of letters beyond ASCII cannot be written in any other way.
    form = policy.SMTP if str(message["To"]).isascii() else policy.SMTPUTF8
    with os.fdopen(opened, "wb") as file:
        file.write(message.as_bytes(policy=form))
    unfinished.replace(path)
    return path


def forget(settings: Settings, *, to: Collection[str] = (), of: Collection[int] = ()) -> int:
    """Delete the mails to some addresses, folded, and those on behalf of some people; returns how many.

    By the names of the files alone: none is opened, however many there are.
    """
    wanted = set(_marks(settings.data / FOLDER, to, of))
    found = [path for path in _mails(settings) if not wanted.isdisjoint(path.stem.split("-")[2:])]
    for path in found:
        path.unlink(missing_ok=True)
    return len(found)


def _marks(folder: Path, to: Collection[str], of: Collection[int]) -> list[str]:
    """By which files are known as somebody's: made with a secret of the folder's, for the log names them too."""
    whose = [*(f"to {email}" for email in to), *(f"of {user_id}" for user_id in of)]
    if not whose or not folder.is_dir():
        return []
    key = _key(folder)
    return [hmac.digest(key, name.encode(), "sha256").hex()[:MARK] for name in whose]


def _key(folder: Path) -> bytes:
    """The folder's secret, made by the first who needs it; two who make one at once agree on the first."""
    path = folder / KEY
    if not path.exists():
        mine = folder / f"{KEY}-{os.getpid()}-{threading.get_ident()}"
        opened = os.open(mine, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(opened, "wb") as file:
            file.write(secrets.token_bytes(32))
        with suppress(FileExistsError):
            path.hardlink_to(mine)  # there whole, or not at all
        mine.unlink()
    return path.read_bytes()


def forget_old(settings: Settings) -> None:
    """Delete mails that are a week old: what their links were for is long over."""
    before = time.time() - KEPT.total_seconds()
    for path in _mails(settings):
        with suppress(FileNotFoundError):  # somebody was erased in this moment
            if path.stat().st_mtime < before:
                path.unlink()


def _mails(settings: Settings) -> list[Path]:
    folder = settings.data / FOLDER
    return [path for pattern in ("*.eml", "*.part") for path in folder.glob(pattern)]
