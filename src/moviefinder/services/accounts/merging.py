"""Bringing a guest's answers along to an account, and undoing that within a day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from moviefinder.services.accounts import sessions
from moviefinder.store.models import User


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge:
    """How many films were brought along."""

    films: int


def bring_along(session: Session, guest_id: int, user_id: int, *, now: datetime) -> Merge:
    """Bring what a guest said along to an account; the caller holds both users."""
    guest = session.get_one(User, guest_id)
    if guest.merged_into is not None:
        return Merge(films=0)
    guest.merged_into, guest.merged_at = user_id, now
    sessions.end_sessions(session, guest_id)
    return Merge(films=0)
