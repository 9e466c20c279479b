"""Switching outside sources on and off for everybody, and forgetting what one has told."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from moviefinder.app import App
from moviefinder.services import facts, fetching, posters, sources
from moviefinder.sources.loading import decide
from moviefinder.store.kept import forget_answers
from moviefinder.store.switches import set_switch, switches

__all__ = ["forget", "switch"]


def switch(app: App, session: Session, name: str, *, is_on: bool, by: int | None, now: datetime) -> None:
    """Switch a source on or off; what waits for one that comes on is asked for.

    Switching off keeps what the source has told until its terms end: `forget` drops it.

    Args:
        app: the install.
        session: of the write.
        name: of the source.
        is_on: what it shall be.
        by: who switches it, where that is known.
        now: when.

    Raises:
        NotFound: there is no such source.
        SourceOff: the install is offline.
        NotAllowed: the settings decide, or only the page itself asks.
    """
    if refusal := sources.refusal(app.settings, name):
        raise refusal
    sources.source(app, name)
    before = decide(app.settings, name, switches(session).get(name)).is_on
    set_switch(session, name, is_on=is_on, by=by, now=now)
    if is_on and not before:
        fetching.ask_for_waiting(session, name, now)


def forget(app: App, session: Session, name: str) -> None:
    """Drop all that a source has told; films are what the other sources say of them.

    Raises:
        NotFound: there is no such source.
    """
    sources.source(app, name)
    facts.forget_source(session, name)
    forget_answers(session, name)
    posters.forget_source(session, name)
