"""Facebook asks to delete what we have of a person: its way in goes, and with the only one the person."""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime

from sqlalchemy import exists, or_, select
from sqlalchemy.orm import Session

from moviefinder.config import Settings
from moviefinder.errors import NotFound
from moviefinder.log import get_logger
from moviefinder.services.accounts import erasing, sessions
from moviefinder.services.accounts.attempts import Attempt
from moviefinder.services.accounts.providers import facebook
from moviefinder.services.accounts.providers.linking import tell
from moviefinder.services.library import hold
from moviefinder.store.models import Erasure, Identity, Passkey

log = get_logger(__name__)


def erase_by_request(
    session: Session,
    settings: Settings,
    signed_request: str,
    attempt: Attempt,
    *,
    address: str,
    now: datetime,
) -> str:
    """Do what a signed request asks for; one that comes again does nothing again.

    Returns:
        The code by which anybody who has it can see that it was done.

    Raises:
        NotFound: Facebook is not set up here.
        WrongSecret: the request is not Facebook's, or too old.
    """
    known = settings.providers.get("facebook")
    if known is None:
        raise NotFound("Facebook is not set up here.")
    secret = known.client_secret.get_secret_value()
    asked = facebook.asked(signed_request, secret, attempt, now=now)
    # Of who and when, so that the same request has the same code; with the secret, so that nobody can tell whose.
    told = f"deletion:{asked.person}:{asked.issued_at}".encode()
    code = hmac.new(secret.encode(), told, hashlib.sha256).hexdigest()[:32]
    if session.get(Erasure, code) is not None:
        return code
    session.add(Erasure(code=code, asked_at=now, done_at=now))  # it stands or falls with what follows
    session.flush()
    identity = session.scalar(
        select(Identity).where(Identity.issuer == facebook.ISSUER, Identity.subject == asked.person)
    )
    if identity is not None:
        _forget(session, settings, identity, address=address, now=now)
    log.info("deletion.asked", provider="facebook", known=identity is not None)
    return code


def done_at(session: Session, code: str) -> datetime:
    """When what a code stands for was done. Raises NotFound: it stands for nothing."""
    row = session.get(Erasure, code)
    if row is None or row.done_at is None:
        raise NotFound("No deletion has this code.")
    return row.done_at


def _forget(session: Session, settings: Settings, identity: Identity, *, address: str, now: datetime) -> None:
    hold(session, identity.user_id)
    if not _has_another(session, identity):
        erasing.erase(session, settings, identity.user_id, address=address, user_agent="Facebook", now=now)
        return
    tell(
        session,
        settings,
        identity.user_id,
        "identity_unlinked",
        identity.provider,
        address=address,
        user_agent="Facebook",
        now=now,
    )
    session.delete(identity)
    sessions.end_sessions(session, identity.user_id)
    log.info("identity.unlinked", user_id=identity.user_id, provider=identity.provider)


def _has_another(session: Session, identity: Identity) -> bool:
    """Whether the person has another way in, also one that does not work just now: nobody is erased for that."""
    others = exists().where(Identity.user_id == identity.user_id, Identity.id != identity.id)
    passkeys = exists().where(Passkey.user_id == identity.user_id)
    return bool(session.scalar(select(or_(others, passkeys))))
