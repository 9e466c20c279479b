"""Where passkeys of this install work, and the library that asks for them and checks them.

The library is python-fido2 (Yubico). It is told what to expect in one place, here; what it reads comes from strangers.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from moviefinder.config import LOOPBACK, Settings
from moviefinder.errors import NotAllowed
from moviefinder.services.accounts import flows
from moviefinder.store.models import Passkey

if TYPE_CHECKING:
    from fido2.server import Fido2Server

ALGORITHMS: Final = (-7, -8, -257)
"""ES256, EdDSA and RS256: what WebAuthn recommends; every authenticator knows one of them."""

Credential = Mapping[str, Any]
"""What a browser's `PublicKeyCredential.toJSON` gives; bytes are base64url."""

NONSENSE: Final = (
    *(ValueError, LookupError, TypeError, AttributeError),
    *(AssertionError, ArithmeticError, RecursionError, struct.error),
)
"""What the library's readers raise at bytes that are no answer of an authenticator."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where passkeys work: a passkey belongs to one host name, and answers to nobody else."""

    name: str
    """The host, which WebAuthn calls the relying party's id."""
    origin: str


def place_of(settings: Settings) -> Place | None:
    """Where passkeys of this install work, by the settings alone; a Host header has no say in it.

    Browsers know none over plain HTTP but on localhost, and none on a bare address: an install that is reached by
    loopback's has them at `http://localhost:PORT`.
    """
    parts = urlsplit(settings.address.lower())
    host = "localhost" if parts.hostname in LOOPBACK else parts.hostname or ""
    if not (_is_name(host) and (host == "localhost" or parts.scheme == "https")):
        return None
    standard = {"http": 80, "https": 443}[parts.scheme]
    port = f":{parts.port}" if parts.port not in (None, standard) else ""
    return Place(name=host, origin=f"{parts.scheme}://{host}{port}")


def place(settings: Settings) -> str | None:
    """The origin at which passkeys of this install work; None where browsers have none."""
    found = place_of(settings)
    return found.origin if found else None


def _is_name(host: str) -> bool:
    return host != "" and ":" not in host and not host.rpartition(".")[2].isdigit()


def server(settings: Settings) -> Fido2Server:
    """What asks and checks for this install.

    Raises:
        NotAllowed: browsers know no passkeys at its address.
    """
    from fido2.server import Fido2Server
    from fido2.webauthn import (
        PublicKeyCredentialParameters,
        PublicKeyCredentialRpEntity,
        PublicKeyCredentialType,
    )

    where = place_of(settings)
    if where is None:
        raise NotAllowed(
            "Browsers have passkeys on host names over HTTPS only. The operator can set 'base_url' to one."
        )
    server = Fido2Server(
        PublicKeyCredentialRpEntity(id=where.name, name="MovieFinder"),
        attestation="none",  # type: ignore[arg-type]  # it takes what the enumeration takes
        verify_origin={where.origin}.__contains__,  # not __eq__, which is not false for what is no text
    )
    kind = PublicKeyCredentialType.PUBLIC_KEY
    server.allowed_algorithms = [
        PublicKeyCredentialParameters(type=kind, alg=number) for number in ALGORITHMS
    ]
    server.timeout = int(flows.LASTS.total_seconds() * 1000)  # type: ignore[assignment]  # in ms
    return server


def descriptors(rows: Iterable[Passkey]) -> list[Any]:
    """Passkeys as a browser is told of them."""
    return [{"type": "public-key", "id": row.credential_id} for row in rows]


def only_needed(credential: Credential, *fields: str) -> dict[str, Any]:
    """What is checked of a browser's answer; browsers send more, and more with every year."""
    answer = credential["response"]
    response = {
        field: answer[field] for field in ("clientDataJSON", *fields) if answer.get(field) is not None
    }
    return {"id": credential["id"], "rawId": credential["rawId"], "type": "public-key", "response": response}


def check_client(credential: Credential) -> None:
    """That no page of another site had the answer made within a frame."""
    from fido2.utils import websafe_decode
    from fido2.webauthn import CollectedClientData

    if CollectedClientData(websafe_decode(credential["response"]["clientDataJSON"])).cross_origin:
        raise ValueError("made within another site")
