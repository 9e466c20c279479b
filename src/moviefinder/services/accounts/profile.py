"""What the owner of an account sees of it: who they are here, how they sign in, what was brought along."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from moviefinder.config import Settings
from moviefinder.errors import SessionEnded
from moviefinder.services.accounts import merging, roles
from moviefinder.services.accounts.sessions import Asker
from moviefinder.services.accounts.signing_in import PASSWORD
from moviefinder.store.models import Identity, User


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """A way to sign in that a mailbox or a provider vouches for."""

    id: int
    provider: str
    email: str | None
    created_at: datetime
    last_used_at: datetime | None

    @property
    def is_password(self) -> bool:
        """Whether it is an address and a password here."""
        return self.provider == PASSWORD


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """An account as its owner sees it."""

    asker: Asker
    name: str | None
    language: str | None
    email: str | None
    may_operate: bool
    ways: Sequence[Way]
    asks_passkey: bool
    is_fresh: bool
    merges: Sequence[merging.PastMerge]


def profile(session: Session, settings: Settings, asker: Asker, *, now: datetime) -> Profile:
    """The account of who asks.

    Raises:
        SessionEnded: it was erased just now.
    """
    user = session.get(User, asker.user_id)
    if user is None:
        raise SessionEnded("This account is not there any more.")
    rows = select(Identity).where(Identity.user_id == asker.user_id).order_by(Identity.id)
    ways = [
        Way(
            id=row.id,
            provider=row.provider,
            email=row.email,
            created_at=row.created_at,
            last_used_at=row.last_used_at,
        )
        for row in session.scalars(rows)
    ]
    return Profile(
        asker=asker,
        name=user.display_name,
        language=user.locale,
        email=next((way.email for way in ways if way.is_password), None),
        may_operate=roles.may_operate(settings, session, asker),
        ways=ways,
        asks_passkey=user.asks_passkey,
        is_fresh=asker.is_fresh(now),
        merges=merging.merges(session, asker.user_id, now=now),
    )


def name_of(session: Session, user_id: int | None) -> str | None:
    """What somebody wants to be called."""
    return session.scalar(select(User.display_name).where(User.id == user_id))
