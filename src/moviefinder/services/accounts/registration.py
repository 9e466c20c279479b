"""Who may make an account here: anybody, who was invited, or nobody but at the command line."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from moviefinder.config import Settings
from moviefinder.errors import NoRegistration
from moviefinder.services.accounts import invitations

if TYPE_CHECKING:
    from moviefinder.services.accounts.attempts import Attempt


def allow(
    session: Session, settings: Settings, invitation: str | None, attempt: Attempt, *, now: datetime
) -> int | None:
    """See that a new account may be asked for; whoever makes it takes the invitation (`invitations.take`).

    Args:
        invitation: the token that the person came with; where everybody may, it is not looked at.
        attempt: that this look was counted.

    Returns:
        The number of the invitation, where one is needed.

    Raises:
        NoRegistration: new accounts are made at the command line alone, or for who was invited.
        LinkVoid: the invitation was used, taken back, or is too old.
    """
    if settings.registration == "open":
        return None
    if settings.registration == "closed":
        raise NoRegistration("No accounts are made here. Ask who runs this install for one.")
    if invitation is None:
        raise NoRegistration(
            "Accounts are made here by invitation. Ask who runs this install for a link, and open it."
        )
    return invitations.check(session, invitation, attempt, now=now)
