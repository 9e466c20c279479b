"""Tries to prove something: counted before anything is looked up, so that nobody can guess for long.

`PATHS` is the table of every path on which a secret is verified, or on which somebody may have a mail sent. A function
that verifies one takes an `Attempt`, which only `attempt` makes; so none can be verified without having been counted.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from sqlalchemy import delete, false, or_, select, update
from sqlalchemy.orm import Session

from moviefinder.app import App
from moviefinder.config import Settings
from moviefinder.errors import TooMany
from moviefinder.log import get_logger
from moviefinder.services.mail import post
from moviefinder.store import limits, models
from moviefinder.store.models import Identity, Limit, MailLink, User

log = get_logger(__name__)

_FIVE_MINUTES: Final = timedelta(minutes=5)
_HALF_AN_HOUR: Final = timedelta(minutes=30)
_DAY: Final = timedelta(days=1)

MOST_FAILURES: Final = 100
"""After so many wrong passwords in a row an account asks for its mailbox; sessions that are there go on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """At most so many in a window of time."""

    limit: int | str
    """A number, or the name of the setting that holds it."""
    window: timedelta = _FIVE_MINUTES

    def limit_of(self, settings: Settings) -> int:
        """The number."""
        return self.limit if isinstance(self.limit, int) else int(getattr(settings, self.limit))


@dataclass(frozen=True, slots=True, kw_only=True)
class Path:
    """One way on which something is proved or a mail is sent, and how often that may be tried."""

    why: str
    account: Bound | None = None
    """For each account that is named, whether it is there or not."""
    address: Bound | None = None
    """For each network address, IPv6 by /64."""
    everybody: Bound | None = None
    by_email: bool = False
    """Whether the account is named by its e-mail address, which anybody may know. From a network address at which
    somebody is signed in to it tries count for themselves, so that no stranger elsewhere uses them up."""
    apart: bool = False
    """Whether each network address has a count of its own for each account: else five requests a day, from anywhere,
    would keep a mailbox's owner from ever signing up."""
    locks: bool = False
    """Whether a hundred failures in a row close this way until the mailbox's owner has answered."""

    @property
    def counts(self) -> bool:
        """Whether tries are counted at all."""
        return any((self.account, self.address, self.everybody))


_SIGN_INS: Final = Bound(limit="sign_ins_per_5min")
_ALL: Final = Bound(limit="sign_ins_per_5min_all")
_MAILS: Final = Bound(limit="resets_per_day", window=_DAY)
_MAILS_OF_ADDRESS: Final = Bound(limit="resets_per_5min")

PATHS: Final[Mapping[str, Path]] = {
    "sign_in": Path(
        why="password, by e-mail address",
        account=_SIGN_INS,
        address=_SIGN_INS,
        everybody=_ALL,
        by_email=True,
        locks=True,
    ),
    "again": Path(
        why="password, of who is signed in; apart from sign_in, so that no stranger can keep them from it",
        account=_SIGN_INS,
        address=_SIGN_INS,
        everybody=_ALL,
    ),
    "passkey": Path(
        why="signature of a passkey: as a way in, a second factor, and to prove anew; by the passkey's id",
        account=_SIGN_INS,
        address=_SIGN_INS,
        everybody=_ALL,
    ),
    "use_link": Path(
        why="link of a mail, and the password that is asked beside it; by the link",
        account=_SIGN_INS,
        address=_MAILS_OF_ADDRESS,
        everybody=_ALL,
    ),
    "operator_code": Path(
        why="the one-time code of the log; nobody types it a hundred times",
        account=_SIGN_INS,
        address=_SIGN_INS,
        everybody=Bound(limit=100),
    ),
    "invitation": Path(why="token of an invitation", address=_MAILS_OF_ADDRESS, everybody=_ALL),
    "provider_return": Path(
        why="state and code of a sign-in elsewhere; each comes once",
        address=_MAILS_OF_ADDRESS,
        everybody=_ALL,
    ),
    "facebook_deletion": Path(
        why="Facebook's signature of what it asks to delete; all come from its few addresses",
        address=Bound(limit=100),
        everybody=_ALL,
    ),
    "sign_up": Path(
        why="mail to an address that nobody has shown to be theirs; and accounts of every kind",
        account=_MAILS,
        address=Bound(limit="registrations_per_30min", window=_HALF_AN_HOUR),
        apart=True,
    ),
    "send_link": Path(
        why="mail with a link, to reset a password or to unlock",
        account=_MAILS,
        address=_MAILS_OF_ADDRESS,
        by_email=True,
    ),
    "change_email": Path(
        why="mail to an address that nobody has shown to be theirs",
        account=_MAILS,
        address=_MAILS_OF_ADDRESS,
        apart=True,
    ),
    "cookie": Path(why="256 random bits: not to be guessed, so not counted; guests are made 20 an hour"),
    "bearer": Path(why="256 random bits: not to be guessed, so not counted"),
}
"""Every path, by name. Those without bounds say why they need none."""

_MADE_HERE: Final = object()


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """That a try was counted. Only `attempt` makes one."""

    path: str
    account_key: str | None
    """The counter of the account that was named."""
    counted_at: datetime
    failures: int = 0
    """Wrong passwords in a row of that account, this try counted as one; on paths that lock."""
    seal: object = field(repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.seal is not _MADE_HERE:
            raise TypeError("An attempt is made by counting it: attempts.attempt().")

    @property
    def is_locked(self) -> bool:
        """Whether the account asks for its mailbox, whatever the password."""
        return self.failures > MOST_FAILURES


def attempt(
    app: App,
    path: str,
    *,
    account: str | None,
    address: str,
    user_agent: str = "",
    now: datetime,
) -> Attempt:
    """Count one more try, in a transaction of its own: nothing that comes after takes it back.

    Args:
        app: where.
        path: one of `PATHS`.
        account: who is named: a folded e-mail address, `user:17`, a link's token; whether there or not. Only the start
            of its SHA-256 is kept.
        address: of the network, as `askers.address` counts it.
        user_agent: of the browser, for the mail to the owner of an account that this try locks.
        now: the time.

    Raises:
        TooMany: there were as many as may be; this one is not counted.
    """
    rules = PATHS[path]
    account_key = None if account is None else _key(path, account)
    of_whom, failed = "", None
    try:
        with app.transaction(lasting=False) as session:
            if rules.locks and account is not None:
                # First, as whoever signs in holds the identity before giving the counter a try back.
                failed = _count_failure(session, account)
            if account is not None and (
                rules.apart or (rules.by_email and _is_signed_in_at(session, account, address, now=now))
            ):
                account_key = f"{account_key}:{address}"
            bounds = (  # always in this order, so that two who count never wait for each other
                ("address", f"{path}:address:{address}", rules.address),
                ("account", account_key, rules.account),
                ("everybody", f"{path}:everybody", rules.everybody),
            )
            for of_whom, key, bound in bounds:  # noqa: B007  # told when it was reached
                if key is not None and bound is not None:
                    limit = bound.limit_of(app.settings)
                    limits.count(session, key, limit=limit, window=bound.window, now=now)
    except TooMany:
        log.warning("limit.reached", path=path, of=of_whom)
        raise
    if failed is not None and failed.in_a_row == MOST_FAILURES + 1:
        with app.transaction() as session:
            _tell_locked(session, failed, address=address, user_agent=user_agent, now=now)
    failures = 0 if failed is None else failed.in_a_row
    return Attempt(path=path, account_key=account_key, counted_at=now, failures=failures, seal=_MADE_HERE)


def succeeded(session: Session, attempt: Attempt) -> None:
    """Give the account's counter this try back; the address's stays, or one account of one's own would buy tries."""
    bound = PATHS[attempt.path].account
    if attempt.account_key is None or bound is None:
        return
    start = limits.window_start(attempt.counted_at, bound.window)
    session.execute(
        update(Limit)
        .where(Limit.key == attempt.account_key, Limit.window_start == start, Limit.count > 0)
        .values(count=Limit.count - 1)
    )


def forget(session: Session, accounts: Iterable[str]) -> None:
    """Drop the counters of accounts that are erased."""
    keys = [_key(path, account) for account in accounts for path, rules in PATHS.items() if rules.account]
    session.execute(delete(Limit).where(or_(false(), *(Limit.key.startswith(key) for key in keys))))


def _key(path: str, account: str) -> str:
    return f"{path}:account:{hashlib.sha256(account.encode('utf-8', 'surrogateescape')).hexdigest()[:32]}"


def _is_signed_in_at(session: Session, email: str, address: str, *, now: datetime) -> bool:
    """Whether somebody is signed in to the account of an e-mail address at this network address."""
    there = (
        select(models.Session.id)
        .join(Identity, Identity.user_id == models.Session.user_id)
        .where(
            Identity.issuer == "password",
            Identity.subject == email,
            models.Session.address == address,
            models.Session.expires_at > now,
        )
    )
    return session.scalar(there.limit(1)) is not None


class _Failed(NamedTuple):
    """How often in a row signing in to an account has failed."""

    in_a_row: int
    user_id: int
    email: str | None
    folded: str


def _count_failure(session: Session, email: str) -> _Failed | None:
    """Count a try as a failure until it turns out to be none: a kill in between hides none. None: no such account."""
    counting = (
        update(Identity)
        .where(Identity.issuer == "password", Identity.subject == email)
        .values(failed_count=Identity.failed_count + 1)
        .returning(Identity.failed_count, Identity.user_id, Identity.email)
    )
    row = session.execute(counting).first()
    return None if row is None else _Failed(row.failed_count, row.user_id, row.email, email)


def _tell_locked(session: Session, failed: _Failed, *, address: str, user_agent: str, now: datetime) -> None:
    """Send the owner of an account that was just closed a link that opens it again."""
    user = session.get(User, failed.user_id)
    if user is None or failed.email is None:
        return
    link = MailLink(
        purpose="unlock",
        user_id=failed.user_id,
        email=failed.folded,
        data={},
        created_at=now,
        expires_at=now + timedelta(hours=1),
    )
    session.add(link)
    post(
        session,
        failed.email,
        "sign_in_locked",
        language=user.locale,
        user_id=failed.user_id,
        link=link,
        now=now,
        address=address,
        user_agent=user_agent,
    )
    log.warning("sign_in.locked", user_id=failed.user_id)
