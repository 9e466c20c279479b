"""Who may run an install, and who may switch what leaves it."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from moviefinder.config import Settings
from moviefinder.services.accounts.sessions import Asker
from moviefinder.store.models import User


def may_operate(settings: Settings, session: Session, asker: Asker | None) -> bool:
    """Whether somebody runs this install: its operators, and on a local one everybody until there is an operator."""
    if asker is not None and asker.is_operator:
        return True
    return settings.is_local and not has_operator(session)


def may_switch(settings: Settings, asker: Asker | None) -> bool:
    """Whether somebody may decide what leaves this machine: on a local install everybody, elsewhere its operators."""
    return settings.is_local or (asker is not None and asker.is_operator)


def has_operator(session: Session) -> bool:
    """Whether anybody runs this install."""
    return session.scalar(select(User.id).where(User.is_operator).limit(1)) is not None
