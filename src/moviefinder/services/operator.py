"""What who runs an install sees of it: people, work, disk. Counts and names; of anybody's taste nothing.

Where nobody runs it yet and others reach it, a one-time code that only the machine's owner sees makes somebody do so.
"""

from __future__ import annotations

import base64
import os
import secrets
import shutil
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from sqlalchemy import ColumnElement, delete, func, or_, select, update
from sqlalchemy.orm import Session

from moviefinder import __version__
from moviefinder.app import App
from moviefinder.config import Settings
from moviefinder.errors import WrongSecret
from moviefinder.log import get_logger
from moviefinder.services import mail, sources
from moviefinder.services.accounts.roles import has_operator
from moviefinder.services.accounts.secrets import hash_of
from moviefinder.services.library import hold
from moviefinder.store import models

if TYPE_CHECKING:
    from moviefinder.services.accounts.attempts import Attempt

log = get_logger(__name__)

MOST_FILES: Final = 5_000
"""Of a folder at most so many files are looked at: the page must not wait for a folder that somebody filled."""

CODE: Final = "operator"
CODE_BYTES: Final = 16
CODE_LASTS: Final = timedelta(days=7)


# Figures


@dataclass(frozen=True, slots=True, kw_only=True)
class Space:
    """What something takes of the disk."""

    name: str
    bytes: int
    files: int | None = None
    """None where it is no folder."""
    is_more: bool = False
    """Whether there is more than was looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """An install in numbers."""

    version: str
    started_at: datetime
    database: Literal["sqlite", "postgresql"]
    disk: tuple[Space, ...]
    free_bytes: int
    accounts: int
    guests: int
    sessions: int
    jobs: Mapping[str, int]
    """By state; what was done is forgotten after a week."""
    films: int
    sources_on: tuple[str, ...]
    """Their titles."""
    mail: Literal["smtp", "folder"]
    mails_waiting: int


def figures(app: App, session: Session) -> Figures:
    """The install as it is now; costs a tenth of a second however much is kept."""
    accounts = _count(session, models.User, has_account())
    states = session.execute(select(models.Job.state, func.count()).group_by(models.Job.state))
    return Figures(
        version=__version__,
        started_at=app.started_at,
        database="sqlite" if app.engine.dialect.name == "sqlite" else "postgresql",
        disk=_disk(app, session),
        free_bytes=shutil.disk_usage(app.settings.data).free,
        accounts=accounts,
        guests=_count(session, models.User) - accounts,
        sessions=_count(session, models.Session),
        jobs={"queued": 0, "running": 0, "done": 0, "failed": 0} | {row[0]: row[1] for row in states},
        films=_count(session, models.Film, models.Film.merged_into.is_(None)),
        sources_on=tuple(source.title for source in sources.sources_on(app, session).values()),
        mail="folder" if mail.server(app.settings) is None else "smtp",
        mails_waiting=_count(session, models.Mail),
    )


def _count(session: Session, table: type[models.Base], *conditions: ColumnElement[bool]) -> int:
    return session.scalar(select(func.count()).select_from(table).where(*conditions)) or 0


def has_account() -> ColumnElement[bool]:
    """Whether somebody can sign in; who cannot is a guest."""
    return or_(
        *(
            select(table.id).where(table.user_id == models.User.id).exists()
            for table in (models.Identity, models.Passkey)
        )
    )


def _disk(app: App, session: Session) -> tuple[Space, ...]:
    """The database, and the folders that grow.

    Posters are counted in their table: there may be a hundred thousand of them, in six files each.
    """
    posters = select(func.coalesce(func.sum(models.Poster.bytes), 0), func.count()).where(
        models.Poster.bytes > 0
    )
    size, n = session.execute(posters).one()
    return (
        Space(name="database", bytes=_database_bytes(app, session)),
        Space(name="posters", bytes=size, files=n),
        *(_folder(app.settings.data / name) for name in ("models", "titles", "mail")),
    )


def _database_bytes(app: App, session: Session) -> int:
    if (path := app.settings.sqlite_path) is None:
        return session.scalar(select(func.pg_database_size(func.current_database()))) or 0
    files = (path.with_name(path.name + end) for end in ("", "-wal", "-shm"))
    return sum(file.stat().st_size for file in files if file.exists())


def _folder(path: Path) -> Space:
    try:
        with os.scandir(path) as entries:
            sizes = [
                entry.stat(follow_symlinks=False).st_size
                for entry in islice(entries, MOST_FILES)
                if entry.is_file(follow_symlinks=False) and not entry.name.startswith(".")
            ]
            is_more = next(entries, None) is not None
    except FileNotFoundError:  # the folder, or a file that has just gone
        sizes, is_more = [], False
    return Space(name=path.name, bytes=sum(sizes), files=len(sizes), is_more=is_more)


# People


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Somebody with a way to sign in, as the operator sees them."""

    id: int
    name: str | None
    emails: tuple[str, ...]
    ways: tuple[str, ...]
    """`password`, `passkey`, providers' names."""
    is_operator: bool
    created_at: datetime
    last_seen_at: datetime
    """To the hour."""
    sessions: int


def accounts(session: Session, *, before_id: int | None = None, limit: int) -> list[Account]:
    """Who has an account, the newest first; one more than `limit` when there are more."""
    wanted = select(models.User).where(has_account()).order_by(models.User.id.desc()).limit(limit + 1)
    if before_id is not None:
        wanted = wanted.where(models.User.id < before_id)
    users = session.scalars(wanted).all()
    ids = [user.id for user in users]
    emails, ways = defaultdict[int, list[str]](list), defaultdict[int, list[str]](list)
    identities = (
        select(models.Identity.user_id, models.Identity.provider, models.Identity.email)
        .where(models.Identity.user_id.in_(ids))
        .order_by(models.Identity.id)
    )
    for user_id, provider, email in session.execute(identities):
        ways[user_id].append(provider)
        if email and email not in emails[user_id]:
            emails[user_id].append(email)
    passkeys = select(models.Passkey.user_id).where(models.Passkey.user_id.in_(ids)).distinct()
    for user_id in session.scalars(passkeys):
        ways[user_id].append("passkey")
    begun = select(models.Session.user_id, func.count()).where(models.Session.user_id.in_(ids))
    sessions = {row[0]: row[1] for row in session.execute(begun.group_by(models.Session.user_id))}
    return [
        Account(
            id=user.id,
            name=user.display_name,
            emails=tuple(emails[user.id]),
            ways=tuple(dict.fromkeys(ways[user.id])),
            is_operator=user.is_operator,
            created_at=user.created_at,
            last_seen_at=user.last_seen_at,
            sessions=sessions.get(user.id, 0),
        )
        for user in users
    ]


# Becoming the operator


def is_wanted(settings: Settings, session: Session) -> bool:
    """Whether nobody runs an install that others reach."""
    return not settings.is_local and not has_operator(session)


def make_code(session: Session, *, now: datetime) -> str:
    """A new one-time code, to be shown to the machine's owner; those before it are void."""
    forget_codes(session)
    code = base64.b32encode(secrets.token_bytes(CODE_BYTES)).decode().rstrip("=").lower()
    session.add(
        models.MailLink(
            purpose=CODE,
            token_hash=hash_of(code),
            email="",
            data={},
            created_at=now,
            expires_at=now + CODE_LASTS,
        )
    )
    session.flush()
    return "-".join(code[start : start + 4] for start in range(0, len(code), 4))


def use_code(
    session: Session,
    user_id: int,
    code: str,
    attempt: Attempt,  # noqa: ARG001  # that it was counted is what it is for
    *,
    now: datetime,
) -> None:
    """Make somebody with an account the operator, by the code.

    Raises:
        WrongSecret: it is not the code, or was used, or somebody runs this install already.
        SessionEnded: they were erased in the meantime.
    """
    hold(session, user_id)
    written = "".join(code.lower().split()).replace("-", "")
    used = delete(models.MailLink).where(
        models.MailLink.purpose == CODE,
        models.MailLink.token_hash == hash_of(written),
        models.MailLink.expires_at > now,
    )
    if not session.execute(used).rowcount or has_operator(session):  # type: ignore[attr-defined]
        raise WrongSecret(
            "This is not the code, or it was used. Start MovieFinder anew for another: it is in the log."
        )
    set_operator(session, user_id)


def set_operator(session: Session, user_id: int) -> None:
    """Have somebody run this install; codes for that are void from now on."""
    session.execute(update(models.User).where(models.User.id == user_id).values(is_operator=True))
    forget_codes(session)
    log.info("operator.made", user_id=user_id)


def forget_codes(session: Session) -> None:
    """Make the codes void that were not used."""
    session.execute(delete(models.MailLink).where(models.MailLink.purpose == CODE))
