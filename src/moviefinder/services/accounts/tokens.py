"""Tokens of a person's programs: named, for reading or for reading and answering, told once, revoked at any time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from moviefinder.errors import Full, NotFound
from moviefinder.services.accounts.secrets import hash_of, new_secret
from moviefinder.services.library import hold
from moviefinder.store import models

Scope = Literal["read", "write"]

PREFIX: Final = "mf_"
"""By which a token is known for one where it should not be: in a log, in a repository."""

MOST: Final = 50
"""So many tokens a person can have at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A token as its owner sees it later: without the secret."""

    id: int
    name: str
    scope: Scope
    created_at: datetime
    last_used_at: datetime | None


def make(session: Session, user_id: int, *, name: str, scope: Scope, now: datetime) -> tuple[Token, str]:
    """A new token of a person, and its secret, of which only the hash is kept.

    Raises:
        Full: the person has as many as are kept.
    """
    hold(session, user_id)
    held = select(func.count()).select_from(models.Token).where(models.Token.user_id == user_id)
    if (session.scalar(held) or 0) >= MOST:
        raise Full(f"You have {MOST} tokens, and no more are kept. Revoke those that nothing uses.")
    secret = new_secret(PREFIX)
    row = models.Token(user_id=user_id, name=name, token_hash=hash_of(secret), scope=scope, created_at=now)
    session.add(row)
    session.flush()
    return _token(row), secret


def of_user(session: Session, user_id: int) -> list[Token]:
    """A person's tokens, newest first."""
    found = select(models.Token).where(models.Token.user_id == user_id).order_by(models.Token.id.desc())
    return [_token(row) for row in session.scalars(found)]


def revoke(session: Session, user_id: int, token_id: int) -> None:
    """End a token at once.

    Raises:
        NotFound: this person has none of this number.
    """
    ended = delete(models.Token).where(models.Token.user_id == user_id, models.Token.id == token_id)
    if not session.execute(ended).rowcount:  # type: ignore[attr-defined]  # a DELETE has a row count
        raise NotFound(f"You have no token with the number {token_id}.")


def _token(row: models.Token) -> Token:
    return Token(
        id=row.id,
        name=row.name,
        scope="write" if row.scope == "write" else "read",
        created_at=row.created_at,
        last_used_at=row.last_used_at,
    )
