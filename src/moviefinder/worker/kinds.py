"""What each kind of job does: one line a kind."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from sqlalchemy.orm import Session

from moviefinder.app import App
from moviefinder.log import get_logger
from moviefinder.services import fetching, mail, placing, posters, track
from moviefinder.services.accounts import erasing, flows, invitations, links, mailing, sessions
from moviefinder.store import jobs, limits
from moviefinder.store.jobs import Claim
from moviefinder.store.kept import forget_old_answers

log = get_logger(__name__)

Write = Callable[[Session, datetime], None]
"""What a job writes: it runs in the transaction that settles the job, and so has its effect once."""

Handler = Callable[[App, Claim], Write]
"""What a kind of job does. It begins by asking whether the work is still wanted. The slow part comes first, outside of
any transaction; it may be done twice, so it must do no harm. To be tried later a handler raises: `NotYet` counts as no
attempt, `SourceOff` ends the job, and any error's `retry_after_s` is obeyed."""


class Task(NamedTuple):
    """A kind's handler, and how many seconds it may take."""

    handler: Handler
    limit_s: float = 60.0


DONE_JOBS_KEPT: Final = timedelta(days=7)


def clean_up(app: App, _claim: Claim) -> Write:
    """Delete what is over: sessions, left guests, mails, links, counters, replies, showings, posters, done jobs."""
    posters.clean_up(app, now=datetime.now(UTC))

    def write(session: Session, now: datetime) -> None:
        guests = sessions.forget_ended(session, now=now)
        flows.forget_old(session, now=now)
        links.forget_old(session, now=now)
        mail.forget_old(session, app.settings, now=now)
        invitations.forget_old(session, now=now)
        counters = limits.forget_old(session, now=now)
        showings = track.forget_old(session, now=now)
        forget_old_answers(session, now=now)
        done = jobs.forget_done(session, before=now - DONE_JOBS_KEPT)
        log.info("cleaned_up", guests=guests, counters=counters, showings=showings, jobs=done)

    return write


HANDLERS: Final[dict[str, Task]] = {
    "clean_up": Task(clean_up),
    "fetch_film": Task(fetching.fetch_film),
    "fetch_poster": Task(posters.fetch_poster),
    "fetch_similar": Task(fetching.fetch_similar),
    "forget_traces": Task(erasing.forget_the_rest),
    "place_film": Task(placing.place_film),
    "refresh_facts": Task(fetching.refresh_facts),
    "send_mail": Task(mailing.send_mail),
}
"""By kind. Those that begin as `dispatch.WAITING` says wait on the network, and run in many threads."""

PERIODIC: Final = ("clean_up", "refresh_facts")
"""Kinds that come round every six hours."""
