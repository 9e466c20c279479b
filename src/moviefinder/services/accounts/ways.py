"""Whether somebody can still sign in when one of their ways goes."""

from __future__ import annotations

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from moviefinder.config import Settings
from moviefinder.services.accounts import webauthn
from moviefinder.store.models import Identity, Passkey


def is_other_than(session: Session, settings: Settings, way: Identity | Passkey) -> bool:
    """Whether the person has another way in that works here.

    An address counts, for who reads its mailbox can choose a password; a provider where it is set up, and is not off;
    a passkey where browsers know them at this install's address.

    Args:
        session: the transaction, in which the caller holds the person.
        settings: what is set up here.
        way: the one that goes.
    """
    providers = () if settings.offline else settings.providers
    identity = and_(
        Identity.user_id == way.user_id,
        or_(Identity.provider == "password", Identity.provider.in_(providers)),
    )
    passkey = Passkey.user_id == way.user_id
    if isinstance(way, Identity):
        identity = and_(identity, Identity.id != way.id)
    else:
        passkey = and_(passkey, Passkey.id != way.id)
    if session.scalar(select(Identity.id).where(identity).limit(1)) is not None:
        return True
    has_passkeys = webauthn.place_of(settings) is not None
    return has_passkeys and session.scalar(select(Passkey.id).where(passkey).limit(1)) is not None
