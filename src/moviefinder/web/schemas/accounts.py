"""Who somebody is: signing up and in, the account, its sessions, what was brought along to it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, StrictBool

from moviefinder.services.accounts import sessions
from moviefinder.services.accounts.profile import Profile
from moviefinder.services.accounts.sessions import Asker
from moviefinder.web.schemas.base import Answer, LanguageCode, Number, Request
from moviefinder.web.schemas.passkeys import PasskeyOptions

Email = Annotated[str, Field(min_length=3, max_length=254, pattern=r"^[^\x00-\x1f\x7f]+$")]
Password = Annotated[str, Field(min_length=1, max_length=1024, pattern=r"^[^\x00]+$")]
Name = Annotated[str, Field(max_length=80, pattern=r"^[^\x00-\x1f\x7f]*$")]
Secret = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9_-]+$")]


class User(Answer):
    id: int
    guest: bool
    created_at: datetime
    name: str | None
    operator: bool


class Session(Answer):
    user: User | None
    second_factor: PasskeyOptions | None = Field(
        default=None,
        description="What the browser must ask a passkey, after the right password: POST /session/passkey.",
    )

    @classmethod
    def of(cls, asker: Asker | None) -> Session:
        """Of who asks; nobody without a session."""
        if asker is None:
            return cls(user=None)
        user = User(
            id=asker.user_id,
            guest=asker.is_guest,
            created_at=asker.created_at,
            name=asker.name,
            operator=asker.is_operator,
        )
        return cls(user=user)


class NewAccount(Request):
    """An e-mail address and a password, or a guest."""

    guest: StrictBool = False
    email: Email | None = None
    password: Password | None = None
    name: Name | None = None
    language: LanguageCode | None = None
    invitation: Secret | None = None


class MailSent(Answer):
    sent: Literal[True] = Field(
        default=True, description="Always, whether the address has an account here or not."
    )


class SignIn(Request):
    email: Email
    password: Password


class Again(Request):
    password: Password


class NewPassword(Request):
    password: Password


class EmailChange(Request):
    email: Email
    password: Password | None = Field(
        default=None, description="The new password of an account that has had none; else it is refused."
    )


class SendLink(Request):
    purpose: Literal["reset", "unlock"]
    email: Email


class UseLink(Request):
    token: Secret
    password: Password | None = Field(
        default=None,
        description="Of `reset` the new one; else the account's, where the problem says `needs`: `password`.",
    )


class AccountChange(Request):
    """A field that is left out stays as it is; null takes it away."""

    name: Name | None = None
    language: LanguageCode | None = None
    asks_passkey: StrictBool | None = None


class WayIn(Answer):
    """A way to sign in that somebody else vouches for: a mailbox, a provider."""

    id: int
    kind: Literal["password", "provider"]
    provider: str
    email: str | None
    created_at: datetime
    last_used_at: datetime | None


class Merge(Answer):
    """What a guest has said, brought along when they signed in; `POST /account/merges/{guest}/undo` until then."""

    guest: int
    at: datetime
    films: int
    until: datetime


class Account(Answer):
    id: int
    name: str | None
    guest: bool
    operator: bool
    may_operate: bool
    created_at: datetime
    email: str | None
    language: str | None
    ways: list[WayIn]
    asks_passkey: bool
    fresh: bool = Field(description="Whether who asks has just proved who they are.")
    merges: list[Merge]

    @classmethod
    def of(cls, profile: Profile) -> Account:
        asker = profile.asker
        return cls(
            id=asker.user_id,
            name=profile.name,
            guest=asker.is_guest,
            operator=asker.is_operator,
            may_operate=profile.may_operate,
            created_at=asker.created_at,
            email=profile.email,
            language=profile.language,
            ways=[
                WayIn(
                    id=way.id,
                    kind="password" if way.is_password else "provider",
                    provider=way.provider,
                    email=way.email,
                    created_at=way.created_at,
                    last_used_at=way.last_used_at,
                )
                for way in profile.ways
            ],
            asks_passkey=profile.asks_passkey,
            fresh=profile.is_fresh,
            merges=[
                Merge(guest=merge.guest_id, at=merge.at, films=merge.films, until=merge.until)
                for merge in profile.merges
            ],
        )


class GuestPath(Request):
    guest: Number


class Undone(Answer):
    films: int


class OpenSession(Answer):
    id: int
    current: bool
    way: str
    began_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    user_agent: str
    address: str

    @classmethod
    def of(cls, one: sessions.OpenSession, asker: Asker) -> OpenSession:
        return cls(
            id=one.id,
            current=one.id == asker.session_id,
            way=one.way,
            began_at=one.began_at,
            last_seen_at=one.last_seen_at,
            expires_at=one.expires_at,
            user_agent=one.user_agent,
            address=one.address,
        )


class OpenSessionList(Answer):
    items: list[OpenSession]


class SessionPath(Request):
    session: Number


class Provider(Answer):
    name: str
    title: str


class Options(Answer):
    registration: Literal["open", "invited", "closed"]
    guests: bool
    providers: list[Provider]
    passkeys: bool = Field(description="Whether browsers know passkeys at this install's own address.")
    passkeys_at: str | None = Field(description="The address at which they do, where it is another one.")
    mail: Literal["smtp", "folder"]
    password_length: int
    operator_wanted: bool = Field(description="Whether the code of the log is still to be used.")
