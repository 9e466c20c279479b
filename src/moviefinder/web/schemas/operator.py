"""Bodies of the operator's page: the install in numbers, who has an account, who is invited."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from moviefinder.services import operator
from moviefinder.services.accounts import invitations
from moviefinder.services.operator import Account
from moviefinder.web.schemas.base import Answer, Days, Number, PageSize, Query, Request


class Space(Answer):
    name: Literal["database", "posters", "models", "titles", "mail"]
    bytes: int
    files: int | None = Field(description="Null where it is no folder; of posters, how many there are.")
    more: bool = Field(description="Whether there is more than was looked at.")

    @classmethod
    def of(cls, space: operator.Space) -> Space:
        return cls(name=space.name, bytes=space.bytes, files=space.files, more=space.is_more)  # type: ignore[arg-type]  # only these are measured


class JobCounts(Answer):
    queued: int
    running: int
    done: int = Field(description="In the last week.")
    failed: int


class Install(Answer):
    version: str
    started_at: datetime
    database: Literal["sqlite", "postgresql"]
    disk: list[Space]
    free_bytes: int
    accounts: int
    guests: int
    sessions: int
    jobs: JobCounts
    films: int
    sources_on: list[str]
    mail: Literal["smtp", "folder"]
    mails_waiting: int
    registration: Literal["open", "invited", "closed"]
    takes_guests: bool

    @classmethod
    def of(
        cls,
        figures: operator.Figures,
        *,
        registration: Literal["open", "invited", "closed"],
        takes_guests: bool,
    ) -> Install:
        return cls(
            version=figures.version,
            started_at=figures.started_at,
            database=figures.database,
            disk=[Space.of(space) for space in figures.disk],
            free_bytes=figures.free_bytes,
            accounts=figures.accounts,
            guests=figures.guests,
            sessions=figures.sessions,
            jobs=JobCounts(**figures.jobs),
            films=figures.films,
            sources_on=list(figures.sources_on),
            mail=figures.mail,
            mails_waiting=figures.mails_waiting,
            registration=registration,
            takes_guests=takes_guests,
        )


class AccountQuery(Query):
    before: Number | None = Field(default=None, description="Only accounts with a smaller number.")
    limit: PageSize = 50


class ListedAccount(Answer):
    id: int
    name: str | None
    emails: list[str]
    ways: list[str]
    operator: bool
    created_at: datetime
    last_seen_at: datetime = Field(description="To the hour.")
    sessions: int

    @classmethod
    def of(cls, account: Account) -> ListedAccount:
        return cls(
            id=account.id,
            name=account.name,
            emails=list(account.emails),
            ways=list(account.ways),
            operator=account.is_operator,
            created_at=account.created_at,
            last_seen_at=account.last_seen_at,
            sessions=account.sessions,
        )


class AccountList(Answer):
    items: list[ListedAccount]
    next: int | None = Field(description="What to ask for with `before` to go on; null at the end.")


class OperatorCode(Request):
    code: str = Field(min_length=1, max_length=80, description="The one-time code in the log.")


class NewInvitation(Request):
    note: Annotated[str, StringConstraints(strip_whitespace=True)] = Field(
        default="", max_length=80, pattern=r"^[^\x00]*$", description="Whom it is for, in one's own words."
    )
    days: Days = Field(default=invitations.LASTS.days, description="After so many days it is void.")


class InvitationPath(Request):
    invitation: Number


class Invitation(Answer):
    id: int
    note: str
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None

    @classmethod
    def of(cls, invitation: invitations.Invitation) -> Invitation:
        return cls(
            id=invitation.id,
            note=invitation.note,
            created_at=invitation.created_at,
            expires_at=invitation.expires_at,
            used_at=invitation.used_at,
        )


class InvitationList(Answer):
    items: list[Invitation]


class MadeInvitation(Answer):
    invitation: Invitation
    link: str = Field(description="To hand on. It is told this once.")
