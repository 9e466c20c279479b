"""An authenticator in software: makes ES256 passkeys and signs with them; lies when told to."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2.cose import ES256
from fido2.utils import sha256, websafe_decode, websafe_encode
from fido2.webauthn import (
    Aaguid,
    AttestationObject,
    AttestedCredentialData,
    AuthenticatorData,
    CollectedClientData,
)

Flag = AuthenticatorData.FLAG


@dataclass(slots=True, kw_only=True)
class Authenticator:
    """One passkey, where it may be used, and what it says. Change a field to have it say something else."""

    origin: str = "http://localhost:8000"
    rp_id: str | None = None
    """None: what it is asked with."""
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    credential_id: bytes = field(default_factory=lambda: os.urandom(32))
    handle: bytes | None = None
    count: int = 0
    steps: int = 1
    """By how much a use raises the count."""
    flags: Flag = Flag.UP | Flag.UV
    extra: dict[str, Any] = field(default_factory=dict)
    """More of the client's data, over what it would say."""

    def make(self, options: dict[str, Any]) -> dict[str, Any]:
        """The answer to creation options."""
        self.handle = websafe_decode(options["user"]["id"])
        public_key: Any = self.public_key()
        made = AttestedCredentialData.create(Aaguid.NONE, self.credential_id, public_key)
        data = self._data(options["rp"]["id"], self.flags | Flag.AT, made)
        return self._answer(
            clientDataJSON=self._client("webauthn.create", options).b64,
            attestationObject=websafe_encode(AttestationObject.create("none", data, {})),
        )

    def public_key(self) -> ES256:
        """Its public key, as COSE has it."""
        return ES256.from_cryptography_key(self.key.public_key())

    def sign(self, options: dict[str, Any]) -> dict[str, Any]:
        """The answer to request options."""
        self.count += self.steps
        data = self._data(options["rpId"], self.flags)
        client = self._client("webauthn.get", options)
        signature = self.key.sign(data + client.hash, ec.ECDSA(hashes.SHA256()))
        answer = self._answer(
            clientDataJSON=client.b64,
            authenticatorData=websafe_encode(data),
            signature=websafe_encode(signature),
        )
        if self.handle is not None:
            answer["response"]["userHandle"] = websafe_encode(self.handle)
        return answer

    def _data(self, rp_id: str, flags: Flag, made: bytes = b"") -> AuthenticatorData:
        return AuthenticatorData.create(sha256((self.rp_id or rp_id).encode()), flags, self.count, made)

    def _client(self, kind: str, options: dict[str, Any]) -> CollectedClientData:
        told = {"type": kind, "challenge": options["challenge"], "origin": self.origin} | self.extra
        return CollectedClientData.create(**told)

    def _answer(self, **response: str) -> dict[str, Any]:
        number = websafe_encode(self.credential_id)
        return {
            "id": number,
            "rawId": number,
            "type": "public-key",
            "authenticatorAttachment": "platform",
            "clientExtensionResults": {},
            "response": {**response, "transports": ["internal"]},
        }
