"""Bringing what a guest has said along to the account that they sign in to, and undoing that within a day.

Per answer, what was said later stands, as if one person had said both; what the guest took back again is no answer.
Each film that changes is one change in the account's history, with the times that were there before, by which undoing
finds what still stands and puts back exactly that. The guest's own rows are kept meanwhile, and go after a day.

All of it is one transaction, and a guest is brought along once: whoever comes second finds nothing left to bring.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import delete, exists, or_, select, update
from sqlalchemy.orm import Session

from moviefinder.errors import Conflict, NotFound
from moviefinder.log import get_logger
from moviefinder.services.accounts import brought, brought_films, sessions
from moviefinder.services.accounts.sessions import MERGED_KEPT
from moviefinder.store.models import Flow, Identity, MailLink, Passkey, Token, User

log = get_logger(__name__)

_KEPT: Final = "merge"
"""In the guest's `settings`: what undoing needs to know, for as long as the guest is kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge:
    """How many films were brought along, or taken out again."""

    films: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PastMerge:
    """A guest who was brought along, and until when that can be undone."""

    guest_id: int
    at: datetime
    films: int
    until: datetime


def hold(session: Session, user_ids: Iterable[int | None]) -> dict[int, User]:
    """Users, read anew and held until the transaction ends, in the order of their numbers; those gone are missing."""
    wanted = {user_id for user_id in user_ids if user_id is not None}
    held = select(User).where(User.id.in_(wanted)).order_by(User.id).with_for_update()
    return {user.id: user for user in session.scalars(held.execution_options(populate_existing=True))}


def is_guest(session: Session, user: User) -> bool:
    """Whether a user is a guest still: neither an account, nor brought along to one."""
    return user.merged_into is None and not session.scalar(
        select(
            or_(
                exists().where(Identity.user_id == user.id),
                exists().where(Passkey.user_id == user.id),
            )
        )
    )


def bring_along(session: Session, guest_id: int, user_id: int, *, now: datetime) -> Merge:
    """Bring what a guest has said along to an account, and end the guest's sessions.

    Whoever calls this has seen that the guest's session is the asker's. A guest who has become an account, or was
    brought along before, brings nothing.
    """
    held = hold(session, [guest_id, user_id])
    if guest_id not in held or user_id not in held or not is_guest(session, held[guest_id]):
        return Merge(films=0)
    guest = held[guest_id]
    films = brought_films.bring(session, guest_id, user_id, now)
    kept = {
        "films": films,
        "reasons": brought.bring_reasons(session, guest_id, user_id),
        "shown": brought.bring_shown(session, guest_id, user_id),
    }
    brought.move_replies(session, guest_id, user_id)
    session.execute(update(MailLink).where(MailLink.user_id == guest_id).values(user_id=None))
    session.execute(delete(Flow).where(Flow.user_id == guest_id))
    session.execute(delete(Token).where(Token.user_id == guest_id))
    sessions.end_sessions(session, guest_id)
    guest.merged_into, guest.merged_at = user_id, now
    guest.settings = dict(guest.settings) | {_KEPT: kept}
    session.flush()
    log.info("guest.merged", user_id=user_id, guest_id=guest_id, films=films)
    return Merge(films=films)


def merges(session: Session, user_id: int, *, now: datetime) -> list[PastMerge]:
    """What was brought along to an account and can be undone, newest first."""
    found = select(User).where(User.merged_into == user_id, User.merged_at > now - MERGED_KEPT)
    return [
        PastMerge(
            guest_id=guest.id,
            at=guest.merged_at,
            films=_kept(guest)["films"],
            until=guest.merged_at + MERGED_KEPT,
        )
        for guest in session.scalars(found.order_by(User.merged_at.desc(), User.id.desc()))
        if guest.merged_at is not None and not _kept(guest)["undone"]
    ]


def undo(session: Session, user_id: int, guest_id: int, *, now: datetime) -> Merge:
    """Take out of an account what a guest brought along, as far as nothing was said since; twice is once.

    Raises:
        NotFound: no such guest was brought along to this account, or the guest is forgotten by now.
        Conflict: it was more than a day ago.
    """
    held = hold(session, [guest_id, user_id])
    guest = held.get(guest_id)
    if guest is None or guest.merged_into != user_id or guest.merged_at is None:
        raise NotFound("No such guest was brought along to your account, or it was more than a day ago.")
    if guest.merged_at + MERGED_KEPT <= now:
        raise Conflict("This was more than a day ago. What was brought along can be changed film by film.")
    kept = _kept(guest)
    if kept["undone"]:
        return Merge(films=0)
    films = brought_films.take_out(session, guest_id, user_id, now)
    brought.take_reasons_out(session, guest_id, user_id, kept["reasons"])
    brought.take_shown_out(session, guest_id, user_id, kept["shown"])
    guest.settings = dict(guest.settings) | {_KEPT: {"films": kept["films"], "undone": True}}
    session.flush()
    log.info("guest.merge_undone", user_id=user_id, guest_id=guest_id, films=films)
    return Merge(films=films)


def _kept(guest: User) -> dict[str, Any]:
    """What undoing needs to know of a guest who was brought along."""
    kept: dict[str, Any] = {"films": 0, "reasons": [], "shown": [], "undone": False}
    kept.update(guest.settings.get(_KEPT, {}))
    return kept
