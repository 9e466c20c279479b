"""Bodies of the tokens of a person's programs."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field, StringConstraints

from moviefinder.services.accounts import tokens
from moviefinder.services.accounts.tokens import Scope
from moviefinder.web.schemas.base import Answer, Number, Request

Name = Annotated[
    str, StringConstraints(strip_whitespace=True), Field(min_length=1, max_length=80, pattern=r"^[^\x00]+$")
]


class NewToken(Request):
    name: Name = Field(description="What its owner will know it by.")
    scope: Scope = Field(
        description="`read`, or `write`: answering to films too. Neither may touch the account."
    )


class TokenPath(Request):
    token: Number


class Token(Answer):
    id: int
    name: str
    scope: Scope
    created_at: datetime
    last_used_at: datetime | None = Field(description="To the hour.")

    @classmethod
    def of(cls, token: tokens.Token) -> Token:
        return cls(
            id=token.id,
            name=token.name,
            scope=token.scope,
            created_at=token.created_at,
            last_used_at=token.last_used_at,
        )


class TokenList(Answer):
    items: list[Token]


class MadeToken(Answer):
    token: Token
    secret: str = Field(description="To be sent as `Authorization: Bearer ...`. It is told this once.")
