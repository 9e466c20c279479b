"""What becomes of somebody who comes back from a provider: signed in, made an account, linked, or proved anew.

Who they are here goes by issuer and subject alone. An address that a provider names is shown and written to, and opens
nothing: it can be somebody else's here.
"""

from __future__ import annotations

import hmac
from datetime import datetime
from typing import TYPE_CHECKING, Final, Literal, TypedDict

from sqlalchemy import select
from sqlalchemy.orm import Session

from moviefinder.config import Settings
from moviefinder.errors import (
    Conflict,
    IdentityTaken,
    LinkVoid,
    SessionEnded,
    SignInNeeded,
    WrongSecret,
)
from moviefinder.log import get_logger
from moviefinder.services.accounts import flows, invitations, merging, registration, signing_in
from moviefinder.services.accounts.attempts import Attempt
from moviefinder.services.accounts.providers.linking import tell
from moviefinder.services.accounts.secrets import hash_of
from moviefinder.services.accounts.sessions import Asker, make_user
from moviefinder.services.library import hold
from moviefinder.store.models import Flow, Identity, User

if TYPE_CHECKING:
    from moviefinder.services.accounts.providers.proof import Beginning, Proof

Intent = Literal["sign_in", "link", "again"]

PURPOSE: Final = "provider"

log = get_logger(__name__)


class _Goes(TypedDict):
    address: str
    user_agent: str
    now: datetime


class Overtaken(LinkVoid):
    """Another sign-in of the same person was quicker by a moment."""


def note(
    session: Session,
    provider: str,
    beginning: Beginning,
    *,
    intent: Intent,
    goes_to: str,
    redirect_uri: str,
    invitation: int | None,
    asker: Asker | None,
    now: datetime,
) -> str:
    """Note that a browser was sent away; returns the token for its cookie.

    Args:
        provider: where to.
        beginning: what the provider's way needs when it is back.
        intent: what it is for.
        goes_to: the path that it is shown then.
        redirect_uri: where it comes back to.
        invitation: the number of one that was checked.
        asker: who is signed in; for linking and proving anew it must be the same then.
        now: the time.

    Raises:
        SessionEnded: who asks was erased in this moment.
    """
    data = {
        "provider": provider,
        "intent": intent,
        "goes_to": goes_to,
        "redirect_uri": redirect_uri,
        "invitation": invitation,
        **beginning.remembered,
    }
    user_id = None if asker is None or intent == "sign_in" else asker.user_id
    if user_id is not None:
        hold(session, user_id)  # seconds may have passed since it was looked who asks
    return flows.begin(session, PURPOSE, data, user_id=user_id, now=now)


def take(
    session: Session,
    token: str | None,
    provider: str,
    state: str,
    attempt: Attempt,  # noqa: ARG001  # that it was counted is what it is for
    *,
    now: datetime,
) -> Flow:
    """What this browser had begun; over with that. A state that is not its own ends nothing that it has begun.

    Raises:
        LinkVoid: it began nothing of this kind, or too long ago, or has come back before.
    """
    begun = session.get(Flow, hash_of(token)) if token is not None else None
    if begun is not None and begun.purpose == PURPOSE:
        same = hmac.compare_digest(begun.data["state"].encode(), state.encode("utf-8", "surrogateescape"))
        if not same or begun.data["provider"] != provider:
            raise LinkVoid("This sign-in was begun in another browser or window. Begin again.")
    return flows.take(session, token, PURPOSE, now=now)


def is_known(session: Session, proof: Proof) -> bool:
    """Whether somebody here signs in so."""
    return _identity(session, proof) is not None


def come_back(
    session: Session,
    settings: Settings,
    flow: Flow,
    proof: Proof,
    *,
    asker: Asker | None,
    attempt: Attempt,
    address: str,
    user_agent: str,
    now: datetime,
) -> tuple[Asker, str] | None:
    """Do what the browser was sent away for.

    Args:
        session: one transaction for all of it.
        settings: of the install.
        flow: what it had begun, taken.
        proof: who its person is, elsewhere.
        asker: who it is signed in as now.
        attempt: that this was counted.
        address: of the network.
        user_agent: of the browser.
        now: the time.

    Returns:
        The new session and its token; None where the old one stays as it is.

    Raises:
        SignInNeeded: the session that began this is over.
        WrongSecret: the person should have proved that they are themselves, and are somebody else.
        IdentityTaken: to be linked, and somebody else's here.
        Conflict: somebody is signed in, and did not ask for linking.
        NoRegistration, LinkVoid: unknown, and may not make an account.
        Overtaken: another transaction was quicker; once more, and its outcome is found.
    """
    provider, intent = flow.data["provider"], flow.data["intent"]
    goes = _Goes(address=address, user_agent=user_agent, now=now)
    if intent != "sign_in" and (asker is None or asker.user_id != flow.user_id):
        raise SignInNeeded("Your session has ended meanwhile. Sign in and begin again.")
    identity = _held(session, proof, asker)
    is_account = asker is not None and not asker.is_guest
    if intent == "again" and (asker is None or identity is None or identity.user_id != asker.user_id):
        raise WrongSecret(
            "That is not how you sign in here. Use the account there that is linked with this one."
        )
    if identity is not None and asker is not None and is_account and intent == "link":
        if identity.user_id != asker.user_id:
            raise IdentityTaken("Somebody else here signs in with this account already.")
        return None
    if identity is not None:
        identity.provider, identity.email = provider, proof.email
        user = session.get_one(User, identity.user_id)
        return signing_in.sign_in(session, user, way=provider, asker=asker, identity=identity, **goes)
    if asker is not None and is_account:
        if intent != "link":
            raise Conflict("You are signed in already. Link this way of signing in on your account page.")
        _attach(session, asker.user_id, provider, proof, now)
        tell(session, settings, asker.user_id, "identity_linked", provider, **goes)
        log.info("identity.linked", user_id=asker.user_id, provider=provider)
        return signing_in.renew(session, asker, **goes)
    invitation = flow.data["invitation"]
    if invitation is None:
        registration.allow(session, settings, None, attempt, now=now)
    user = make_user(session, now=now) if asker is None else session.get_one(User, asker.user_id)
    user.display_name = user.display_name or proof.name
    _attach(session, user.id, provider, proof, now)
    if invitation is not None:
        invitations.take(session, invitation, user.id, now=now)
    if asker is not None:
        return signing_in.upgrade(session, settings, asker, way=provider, **goes)
    signing_in.open_account(session, settings, user, now=now)
    return signing_in.sign_in(session, user, way=provider, asker=None, **goes)


def _identity(session: Session, proof: Proof) -> Identity | None:
    found = select(Identity).where(Identity.issuer == proof.issuer, Identity.subject == proof.subject)
    return session.scalar(found.execution_options(populate_existing=True))


def _held(session: Session, proof: Proof, asker: Asker | None) -> Identity | None:
    """The identity, once its user and who asks are held: users come first, in the order of their numbers.

    Raises:
        SessionEnded: who asks was erased in this moment.
        Overtaken: the identity was taken off or linked in this moment.
    """
    seen = _identity(session, proof)
    owner = None if seen is None else seen.user_id
    held = merging.hold(session, [owner, None if asker is None else asker.user_id])
    if asker is not None and asker.user_id not in held:
        raise SessionEnded("This session has ended just now. Sign in again.")
    identity = _identity(session, proof)
    if (None if identity is None else identity.user_id) != owner:
        raise Overtaken("This way of signing in was changed in this moment. Begin again.")
    return identity


def _attach(session: Session, user_id: int, provider: str, proof: Proof, now: datetime) -> None:
    session.add(
        Identity(
            user_id=user_id,
            provider=provider,
            issuer=proof.issuer,
            subject=proof.subject,
            email=proof.email,
            failed_count=0,
            created_at=now,
            last_used_at=now,
        )
    )
    session.flush()
