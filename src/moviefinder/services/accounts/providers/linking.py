"""Ways to sign in that an account has: taking one off, never the last; telling the person."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from moviefinder.config import Settings
from moviefinder.errors import LastWayIn, NotFound
from moviefinder.log import get_logger
from moviefinder.services.accounts import links, signing_in, telling, ways
from moviefinder.services.accounts.telling import Place
from moviefinder.services.library import hold
from moviefinder.store.models import Identity, User

log = get_logger(__name__)


def unlink(
    session: Session,
    settings: Settings,
    user_id: int,
    identity_id: int,
    *,
    address: str,
    user_agent: str,
    now: datetime,
) -> None:
    """Have a password or a provider open an account no more; all links that were mailed to the person are void.

    Raises:
        NotFound: the person has no such way to sign in.
        LastWayIn: nobody could sign in to the account without it.
    """
    hold(session, user_id)  # two at once could take the last two
    identity = session.scalar(select(Identity).where(Identity.id == identity_id, Identity.user_id == user_id))
    if identity is None:
        raise NotFound("You have no such way to sign in.")
    if not ways.is_other_than(session, settings, identity):
        raise LastWayIn("This is the only way into your account. Add another first, or delete the account.")
    tell(
        session,
        settings,
        user_id,
        "identity_unlinked",
        identity.provider,
        address=address,
        user_agent=user_agent,
        now=now,
    )
    session.delete(identity)
    session.flush()
    links.void(session, user_id=user_id)
    log.info("identity.unlinked", user_id=user_id, provider=identity.provider)


def tell(
    session: Session,
    settings: Settings,
    user_id: int,
    template: str,
    provider: str,
    *,
    address: str,
    user_agent: str,
    now: datetime,
) -> None:
    """Tell a person by mail what was changed, where they have an address here."""
    known = settings.providers.get(provider)
    telling.tell(
        session,
        session.get_one(User, user_id),
        signing_in.email_of(session, user_id),
        template,
        Place(address=address, user_agent=user_agent),
        now,
        provider=(known.title if known else "") or provider,
    )
