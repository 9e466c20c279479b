"""Passkeys: added, used as a way in, as a second factor and to prove anew who somebody is; named and removed.

Follows Web Authentication Level 3 (https://www.w3.org/TR/webauthn-3/, sections 7.1 and 7.2). Challenges are `flows`:
ten minutes, once, in the browser that asked. Who made an authenticator is nobody's business here: no attestation is
asked for, and none is looked at.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from secrets import token_bytes
from typing import Any, Final

from sqlalchemy import exists, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from moviefinder.config import Settings
from moviefinder.errors import Full, IdentityTaken, LastWayIn, NotFound, WrongSecret
from moviefinder.log import get_logger
from moviefinder.services.accounts import attempts, flows, ways, webauthn
from moviefinder.services.accounts.attempts import Attempt
from moviefinder.services.library import hold
from moviefinder.store.models import Flow, Identity, Passkey, User

log = get_logger(__name__)

NEW: Final = "passkey_new"
SIGN_IN: Final = "passkey"
SECOND: Final = "second"
AGAIN: Final = "again"
"""Purposes of flows."""

MOST: Final = 20
"""Passkeys of one person: more than anybody has devices, and a list that every sign-in can carry."""


def passkeys_of(session: Session, user_id: int) -> list[Passkey]:
    """A person's passkeys, oldest first."""
    return list(session.scalars(select(Passkey).where(Passkey.user_id == user_id).order_by(Passkey.id)))


def has_any(session: Session, user_id: int) -> bool:
    """Whether a person has a passkey."""
    return bool(session.scalar(select(exists().where(Passkey.user_id == user_id))))


# Adding


def ask_new(
    session: Session, settings: Settings, user: User, *, invitation: int | None = None, now: datetime
) -> tuple[dict[str, Any], str]:
    """Have a browser make a passkey; returns what it is asked, and the token of the flow.

    Args:
        invitation: its number, where a guest becomes an account by one; kept in the flow.

    Raises:
        NotAllowed: browsers know no passkeys at this install's address.
        Full: the person has as many as one may have.
        SessionEnded: the person was erased, or brought along to an account, just now.
    """
    hold(session, user.id)  # who is erased meanwhile begins nothing
    known = passkeys_of(session, user.id)
    if len(known) >= MOST:
        raise Full(f"You have {MOST} passkeys, and no more are kept. Remove those that you do not use.")
    handle = known[0].user_handle if known else token_bytes(32)
    options, state = webauthn.server(settings).register_begin(
        {"id": handle, "name": _name_of(session, user), "displayName": user.display_name or ""},  # type: ignore[arg-type]
        webauthn.descriptors(known),
        resident_key_requirement="required",  # type: ignore[arg-type]  # found without naming a user
        user_verification="required",  # type: ignore[arg-type]  # a lost phone alone opens nothing
    )
    data = {"state": state, "handle": handle.hex(), "invitation": invitation}
    token = flows.begin(session, NEW, data, user_id=user.id, now=now)
    return dict(options.public_key), token


def _name_of(session: Session, user: User) -> str:
    """What tells this account from others in a device's list; only its owner sees it."""
    email = session.scalar(
        select(Identity.email).where(Identity.user_id == user.id, Identity.email.is_not(None)).limit(1)
    )
    return email or user.display_name or f"MovieFinder {user.created_at:%Y-%m-%d}"


def add(
    session: Session,
    settings: Settings,
    flow: Flow,
    credential: webauthn.Credential,
    name: str,
    *,
    now: datetime,
) -> Passkey:
    """Keep the passkey that a browser made.

    Args:
        flow: begun by `ask_new`, and taken.
        credential: the browser's answer.
        name: by which the person will know it.

    Raises:
        WrongSecret: it answers another question, comes from another place, or is not whole.
        IdentityTaken: that passkey is known already.
    """
    from fido2 import cbor

    hold(session, flow.user_id or 0)  # before anything of theirs, as everywhere
    try:
        data = webauthn.server(settings).register_complete(
            flow.data["state"], webauthn.only_needed(credential, "attestationObject")
        )
        made = data.credential_data
        webauthn.check_client(credential)
        if (
            made is None
            or made.public_key.ALGORITHM not in webauthn.ALGORITHMS
            or len(made.credential_id) > 1023
        ):
            raise ValueError("a key of a kind that was not asked for")
        public_key = cbor.encode(made.public_key)
    except webauthn.NONSENSE as error:
        log.info("passkey.refused", user_id=flow.user_id, reason=str(error)[:100])
        raise WrongSecret("This passkey could not be checked, and was not added. Begin again.") from error
    row = Passkey(
        user_id=flow.user_id,
        user_handle=bytes.fromhex(flow.data["handle"]),
        credential_id=bytes(made.credential_id),
        public_key=public_key,
        sign_count=data.counter,
        name=name,
        created_at=now,
        last_used_at=None,
    )
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError as error:
        raise IdentityTaken("This passkey is known here already.") from error
    return row


# Using


def ask(
    session: Session, settings: Settings, *, user_id: int | None = None, now: datetime
) -> tuple[dict[str, Any], str]:
    """Have a browser prove who somebody is; returns what it is asked, and the token of the flow.

    Args:
        user_id: whose passkey it must be, for proving anew; None: anybody's, found without naming them.

    Raises:
        NotAllowed: browsers know no passkeys at this install's address.
        NotFound: the person has no passkey.
        SessionEnded: the person was erased just now.
    """
    known = None
    if user_id is not None:
        hold(session, user_id)
        known = passkeys_of(session, user_id)
    if known == []:
        raise NotFound("You have no passkey here. Prove who you are in another way.")
    return _ask(session, settings, SIGN_IN if known is None else AGAIN, known, user_id, "required", now)


def ask_second(
    session: Session, settings: Settings, user_id: int, *, now: datetime
) -> tuple[dict[str, Any], str] | None:
    """Have a browser prove, after the password, that it has a passkey too; None where the person has none.

    Raises:
        NotAllowed: browsers know no passkeys at this install's address any more.
    """
    known = passkeys_of(session, user_id)
    return _ask(session, settings, SECOND, known, user_id, "preferred", now) if known else None


def _ask(
    session: Session,
    settings: Settings,
    purpose: str,
    known: Iterable[Passkey] | None,
    user_id: int | None,
    verification: str,
    now: datetime,
) -> tuple[dict[str, Any], str]:
    options, state = webauthn.server(settings).authenticate_begin(
        None if known is None else webauthn.descriptors(known),
        user_verification=verification,  # type: ignore[arg-type]
    )
    token = flows.begin(session, purpose, {"state": state}, user_id=user_id, now=now)
    return dict(options.public_key), token


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """That a passkey has signed, and the count that it named."""

    passkey_id: int
    user_id: int
    count: int


def prove(
    session: Session, settings: Settings, flow: Flow, credential: webauthn.Credential, attempt: Attempt
) -> Proof:
    """Whose passkey answered, and that it did: by what it was asked, where, and its signature. Writes nothing.

    Args:
        session: a reading is enough.
        settings: which say where passkeys work.
        flow: begun by `ask` or `ask_second`, and taken.
        credential: the browser's answer.
        attempt: that it was counted, by the passkey's id.

    Raises:
        WrongSecret: it did not, or it is not that person's; one text for every cause.
    """
    from fido2 import cbor
    from fido2.cose import CoseKey
    from fido2.webauthn import Aaguid, AttestedCredentialData, AuthenticationResponse

    row: Passkey | None = None
    try:
        answer = AuthenticationResponse.from_dict(
            webauthn.only_needed(credential, "authenticatorData", "signature", "userHandle")
        )
        row = session.scalar(select(Passkey).where(Passkey.credential_id == answer.raw_id))
        if row is None:
            raise ValueError("unknown")
        if flow.user_id is not None and row.user_id != flow.user_id:
            raise ValueError("of somebody else")
        # Who is not named before must be named by the passkey; who is, may be.
        handle = answer.response.user_handle
        if handle != row.user_handle and not (handle is None and flow.user_id is not None):
            raise ValueError("another user handle")
        key = CoseKey.parse(cbor.decode(row.public_key))  # type: ignore[arg-type]  # as `add` wrote it
        known = AttestedCredentialData.create(Aaguid.NONE, row.credential_id, key)
        webauthn.server(settings).authenticate_complete(flow.data["state"], [known], answer)
        webauthn.check_client(credential)
    except webauthn.NONSENSE as error:
        user_id = row.user_id if row else flow.user_id
        raise _refused(flow.purpose, attempt, user_id, str(error)[:100]) from error
    return Proof(passkey_id=row.id, user_id=row.user_id, count=answer.response.authenticator_data.counter)


def use(session: Session, proof: Proof, attempt: Attempt, *, now: datetime) -> None:
    """Note that a passkey was used, last in the transaction that lets the person in.

    Some authenticators count nothing and say 0; one that counts, and does not rise, has been copied. In one statement,
    so that of two answers with one count that come at once only one is taken.

    Raises:
        WrongSecret: it was copied, or was removed in the meantime.
    """
    used = update(Passkey).where(
        Passkey.id == proof.passkey_id,
        or_(Passkey.sign_count < proof.count, (Passkey.sign_count == 0) & (proof.count == 0)),
    )
    if session.execute(used.values(sign_count=proof.count, last_used_at=now)).rowcount == 0:  # type: ignore[attr-defined]
        log.warning(
            "passkey.count_fell", user_id=proof.user_id, passkey_id=proof.passkey_id, count=proof.count
        )
        raise _refused(SIGN_IN, attempt, proof.user_id, "count")
    attempts.succeeded(session, attempt)


def _refused(purpose: str, attempt: Attempt, user_id: int | None, reason: str) -> WrongSecret:
    log.info("sign_in.failed", way=attempt.path, purpose=purpose, user_id=user_id, reason=reason)
    return WrongSecret("This passkey was not accepted. Begin again, or sign in in another way.")


# Keeping


def rename(session: Session, user_id: int, passkey_id: int, name: str) -> Passkey:
    """Give a passkey another name.

    Raises:
        NotFound: the person has no such passkey.
    """
    row = _get(session, user_id, passkey_id)
    row.name = name
    session.flush()
    return row


def remove(session: Session, settings: Settings, user_id: int, passkey_id: int) -> None:
    """Have a passkey open nothing any more; with the last one, a password alone is enough again.

    Raises:
        NotFound: the person has no such passkey.
        LastWayIn: nobody could sign in to the account without it.
    """
    hold(session, user_id)  # before anything of theirs: two at once must not take the last two
    row = _get(session, user_id, passkey_id)
    if not ways.is_other_than(session, settings, row):
        raise LastWayIn(
            "This passkey is the only way into your account. Add another, or an e-mail address, first."
        )
    session.delete(row)
    session.flush()
    if not has_any(session, user_id):
        session.execute(update(User).where(User.id == user_id).values(asks_passkey=False))


def _get(session: Session, user_id: int, passkey_id: int) -> Passkey:
    row = session.scalar(select(Passkey).where(Passkey.id == passkey_id, Passkey.user_id == user_id))
    if row is None:
        raise NotFound("You have no such passkey.")
    return row
