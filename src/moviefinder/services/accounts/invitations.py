"""Invitations: leave to make one account on an install where not everybody may, as a link to hand on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.orm import Session

from moviefinder.config import Settings
from moviefinder.errors import Full, LinkVoid, NotFound
from moviefinder.services.accounts.secrets import hash_of, new_secret
from moviefinder.store import models

if TYPE_CHECKING:
    from moviefinder.services.accounts.attempts import Attempt

LASTS: Final = timedelta(days=14)
"""An invitation that nobody has used is void after so long, unless it was made for another time."""

KEPT: Final = timedelta(days=30)
"""A used or void one is shown to the operator for so long."""

MOST: Final = 1_000
"""So many invitations can be open at a time."""

_VOID: Final = "This invitation was used, taken back, or is too old. Ask for another one."


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """An invitation as the operator sees it later: without the secret."""

    id: int
    note: str
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None


def make(
    session: Session, *, note: str, made_by: int | None, lasts: timedelta = LASTS, now: datetime
) -> tuple[Invitation, str]:
    """A new invitation, and its token, of which only the hash is kept.

    Args:
        note: whom it is for, in the operator's own words.
        made_by: the operator who made it; None at the command line.

    Raises:
        Full: as many are open as can be.
    """
    is_open = (models.Invitation.used_at.is_(None), models.Invitation.expires_at > now)
    if (session.scalar(select(func.count()).select_from(models.Invitation).where(*is_open)) or 0) >= MOST:
        raise Full(f"{MOST} invitations are open, and no more are kept. Take some of them back.")
    token = new_secret()
    row = models.Invitation(
        token_hash=hash_of(token), note=note, made_by=made_by, created_at=now, expires_at=now + lasts
    )
    session.add(row)
    session.flush()
    return _invitation(row), token


def link(settings: Settings, token: str) -> str:
    """The address to hand on; its token stands in the fragment, which browsers send nowhere."""
    return f"{settings.address}/sign-up#invitation={token}"


def check(
    session: Session,
    token: str,
    attempt: Attempt,  # noqa: ARG001  # that it was counted is what it is for
    *,
    now: datetime,
) -> int:
    """The number of the invitation that a token stands for; it is still open after that.

    Args:
        attempt: that this look was counted.

    Raises:
        LinkVoid: there is none, or it was used, or is too old.
    """
    found = session.execute(
        select(models.Invitation.id, models.Invitation.used_at, models.Invitation.expires_at).where(
            models.Invitation.token_hash == hash_of(token)
        )
    ).first()
    if found is None or found.used_at is not None or found.expires_at <= now:
        raise LinkVoid(_VOID)
    return int(found.id)


def take(session: Session, invitation_id: int, user_id: int, *, now: datetime) -> None:
    """Use an invitation up, in the transaction that makes the account.

    One that has become too old since it was checked holds: its account was asked for in time.

    Raises:
        LinkVoid: it was taken back, or another account was made with it meanwhile.
    """
    used = (
        update(models.Invitation)
        .where(models.Invitation.id == invitation_id, models.Invitation.used_at.is_(None))
        .values(used_at=now, used_by=user_id)
    )
    if not session.execute(used).rowcount:  # type: ignore[attr-defined]  # an UPDATE has a row count
        raise LinkVoid(_VOID)


def listed(session: Session) -> list[Invitation]:
    """All that are kept, newest first."""
    found = select(models.Invitation).order_by(models.Invitation.id.desc())
    return [_invitation(row) for row in session.scalars(found)]


def take_back(session: Session, invitation_id: int) -> None:
    """Make an invitation void at once; the account that was made with it stays.

    Raises:
        NotFound: there is none of this number.
    """
    gone = delete(models.Invitation).where(models.Invitation.id == invitation_id)
    if not session.execute(gone).rowcount:  # type: ignore[attr-defined]  # a DELETE has a row count
        raise NotFound(f"No invitation has the number {invitation_id}.")


def forget_old(session: Session, *, now: datetime) -> None:
    """Delete those that were used, or became too old, long ago."""
    before = now - KEPT
    gone = or_(models.Invitation.used_at < before, models.Invitation.expires_at < before)
    session.execute(delete(models.Invitation).where(gone))


def _invitation(row: models.Invitation) -> Invitation:
    return Invitation(
        id=row.id, note=row.note, created_at=row.created_at, expires_at=row.expires_at, used_at=row.used_at
    )
