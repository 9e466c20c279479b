"""Bodies of passkeys: what a browser is asked, what it answers, what a person sees of theirs."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from moviefinder.store import models
from moviefinder.web.schemas.base import Answer, Number, Request

Bytes = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]+$", max_length=10_000, description="In base64url.")]
CredentialId = Annotated[
    str, Field(pattern=r"^[A-Za-z0-9_-]+$", max_length=1_364, description="Bytes in base64url.")
]
PasskeyName = Annotated[str, Field(min_length=1, max_length=80, pattern=r"^[^\x00]*\S[^\x00]*$")]


class PasskeyPath(Request):
    passkey: Number


class PasskeyOptions(Answer):
    options: dict[str, Any] = Field(
        description="For `PublicKeyCredential.parseCreationOptionsFromJSON` or `parseRequestOptionsFromJSON`."
    )


class PasskeyStart(Request):
    invitation: str | None = Field(
        default=None,
        min_length=1,
        max_length=100,
        pattern=r"^[A-Za-z0-9_-]+$",
        description="Of a guest who becomes an account by it, where accounts are made by invitation.",
    )


class _FromBrowser(BaseModel):
    """What a browser makes of itself: it says more than is needed, and more with every year."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class MadeResponse(_FromBrowser):
    clientDataJSON: Bytes  # noqa: N815  # the browser's names
    attestationObject: Bytes  # noqa: N815


class MadeCredential(_FromBrowser):
    id: CredentialId
    rawId: CredentialId  # noqa: N815
    type: Literal["public-key"]
    response: MadeResponse


class NewPasskey(Request):
    credential: MadeCredential = Field(description="What `PublicKeyCredential.toJSON` gave.")
    name: PasskeyName


class PasskeyRename(Request):
    name: PasskeyName


class Passkey(Answer):
    id: int
    name: str
    created_at: datetime
    last_used_at: datetime | None

    @classmethod
    def of(cls, row: models.Passkey) -> Passkey:
        return cls(id=row.id, name=row.name, created_at=row.created_at, last_used_at=row.last_used_at)


class PasskeyList(Answer):
    items: list[Passkey]


class SignInStart(Request):
    again: bool = Field(
        default=False,
        strict=True,
        description="Prove once more who you are: only a passkey of your own will do.",
    )


class ProvedResponse(_FromBrowser):
    clientDataJSON: Bytes  # noqa: N815
    authenticatorData: Bytes  # noqa: N815
    signature: Bytes
    userHandle: CredentialId | None = None  # noqa: N815


class ProvedCredential(_FromBrowser):
    id: CredentialId
    rawId: CredentialId  # noqa: N815
    type: Literal["public-key"]
    response: ProvedResponse


class PasskeySignIn(Request):
    credential: ProvedCredential = Field(description="What `PublicKeyCredential.toJSON` gave.")
