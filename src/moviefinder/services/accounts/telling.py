"""Telling a person by mail what was changed of their account, at the mailbox that was known before."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from moviefinder.services.mail import post
from moviefinder.store.models import User


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where something is asked from, as the mailbox is told."""

    address: str
    user_agent: str


def tell(
    session: Session,
    user: User,
    to: str | None,
    template: str,
    place: Place,
    now: datetime,
    **values: str,
) -> None:
    """Write to a mailbox that was shown to be the person's; None: there is none.

    Args:
        session: the transaction of what is told.
        user: whose mailbox it is.
        to: its address.
        template: of the mail, and with `values` what else it says.
        place: where from.
        now: the time.
    """
    if to is not None:
        post(
            session,
            to,
            template,
            language=user.locale,
            user_id=user.id,
            link=None,
            now=now,
            address=place.address,
            user_agent=place.user_agent,
            **values,
        )
