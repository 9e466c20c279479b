"""What all processes know together of outside hosts: whose turn it is, who is down, who refuses us.

A turn is taken by moving `next_allowed_at` forward under the row's lock, so that any number of workers keep one pace.
After five failures in a row a host is left alone for half a minute, and twice as long after each failed trial, up to an
hour; then one caller tries it while the others wait.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from moviefinder.errors import Busy, NotYet
from moviefinder.store import insert_or, writing
from moviefinder.store.models import Host

__all__ = ["FAILURES", "HostLedger"]

FAILURES = 5
"""So many in a row open the break."""
BREAK = timedelta(seconds=30)
LONGEST = timedelta(hours=1)
"""The longest break, and how long a refusal counts. Nothing is due later than this, whatever the clock did."""
TRIAL = timedelta(seconds=20)
"""How long the others wait for the caller that tries a host after a break: longer than any call takes."""
REFUSED = "refused: "
"""How `last_error` of a refusal begins."""
BUSY_S = 2.0
"""How long a call waits for the database; beyond that it is told to come back, since its answer could not be stored."""
NOTE_MS = 250
"""How long a note of what came of a call waits for it; one that could not be written goes with the next turn."""
NOTED_EVERY_S = 1.0
"""That a host which was well has answered is written down this often, as each write costs a commit."""
REASON_LENGTH = 200

Change = Callable[[Host, datetime], None]


class HostLedger:
    """The table `hosts`, for one process."""

    def __init__(self, engine: Engine, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._engine, self._clock = engine, clock
        self._began = clock()
        self._well_since: dict[str, float] = {}
        self._owed: dict[str, Change] = {}

    def admit(self, host: str, every_s: float, patience_s: float) -> float:
        """Take the next turn of a host.

        Args:
            host: as `sources.addresses.name_of` has it.
            every_s: least seconds between two turns.
            patience_s: how long the caller would wait for its turn.

        Returns:
            The seconds to wait until it.

        Raises:
            NotYet: it is farther than that, or the database is too busy to say; no turn was taken.
        """
        owed = self._owed.get(host)
        try:
            with writing(
                self._engine, patience_ms=round(1000 * min(max(patience_s, 0.1), BUSY_S)), lasting=False
            ) as session:
                row = _row(session, host, self._clock())
                now = self._clock()  # the row is ours now, which may have taken a while
                if owed is not None:
                    owed(row, now)
                wait_s = (self._turn(row, now) - now).total_seconds()
                if wait_s <= patience_s:
                    _take(row, now + timedelta(seconds=wait_s), every_s)
        except Busy as error:
            raise NotYet(f"{host} is not asked while the database is busy.", retry_after_s=1) from error
        if self._owed.get(host) is owed:
            self._owed.pop(host, None)
        if row.failures:
            self._well_since.pop(host, None)
        if wait_s > patience_s:
            raise NotYet(_told(row, wait_s), retry_after_s=wait_s)
        return wait_s

    def answered(self, host: str) -> None:
        """The host answered: it is up. A `Retry-After` that it gave beside that still counts."""
        if time.monotonic() - self._well_since.get(host, -NOTED_EVERY_S) < NOTED_EVERY_S:
            return
        self._note(host, _answered)
        self._well_since[host] = time.monotonic()

    def failed(self, host: str, reason: str, retry_after_s: float | None = None) -> None:
        """The host did not answer, or with nothing that can be used; it may have said when to come back."""
        self._well_since.pop(host, None)
        self._note(host, partial(_failed, reason=reason, retry_after_s=retry_after_s))

    def refused(self, host: str, reason: str) -> None:
        """The host does not want us: it is left alone for an hour, or until the next start: it may be another key."""
        self._well_since.pop(host, None)
        self._note(host, partial(_refused, reason=reason))

    def unblock(self, host: str) -> None:
        """Forget breaks and refusals: somebody wants to know how it is now."""
        self._note(host, _unblocked)

    def _turn(self, row: Host, now: datetime) -> datetime:
        """When the next caller may ask."""
        turn = min(max(row.next_allowed_at, now), now + LONGEST)
        blocked_until = row.blocked_until
        if blocked_until is None or self._is_of_an_earlier_start(row, now):
            return turn
        return max(turn, min(blocked_until, now + LONGEST))

    def _is_of_an_earlier_start(self, row: Host, now: datetime) -> bool:
        """Whether it is blocked for a refusal that an earlier start met; a trial of another process still counts."""
        assert row.blocked_until is not None
        is_refusal = (row.last_error or "").startswith(REFUSED) and row.blocked_until - now > TRIAL
        return is_refusal and row.blocked_until - LONGEST < self._began

    def _note(self, host: str, change: Change) -> None:
        try:
            with writing(self._engine, patience_ms=NOTE_MS, lasting=False) as session:
                change(_row(session, host, self._clock()), self._clock())
        except Busy:
            self._owed[host] = change


def _row(session: Session, host: str, now: datetime) -> Host:
    """The row of a host, held until the end of the transaction."""
    found = session.get(Host, host, with_for_update=True)
    if found is None:
        new = {"host": host, "calls": 0, "failures": 0, "next_allowed_at": now}
        session.execute(insert_or(session, Host).values(**new).on_conflict_do_nothing())
        found = session.get_one(Host, host, with_for_update=True)
    return found


def _take(row: Host, turn: datetime, every_s: float) -> None:
    row.next_allowed_at = turn + timedelta(seconds=every_s)
    row.blocked_until = turn + TRIAL if row.failures >= FAILURES else None
    row.calls += 1
    row.last_called_at = turn


def _is_on_break(row: Host, now: datetime) -> bool:
    """Whether a call that comes back now was sent before the break, and says nothing of what is after it."""
    blocked_until = row.blocked_until
    return row.failures >= FAILURES and blocked_until is not None and blocked_until - now > TRIAL


def _answered(row: Host, now: datetime) -> None:
    row.last_answered_at = now
    if _is_on_break(row, now):
        return
    if row.failures >= FAILURES:
        row.blocked_until = None
    row.failures, row.last_error = 0, None


def _failed(row: Host, now: datetime, *, reason: str, retry_after_s: float | None) -> None:
    if _is_on_break(row, now):
        return
    row.failures += 1
    row.last_error = reason[:REASON_LENGTH]
    pause = timedelta(seconds=retry_after_s or 0)
    if row.failures >= FAILURES:
        pause = max(pause, BREAK * 2 ** min(row.failures - FAILURES, 10))
    if pause:
        row.blocked_until = max(row.blocked_until or now, now + min(pause, LONGEST))


def _refused(row: Host, now: datetime, *, reason: str) -> None:
    row.failures = max(row.failures + 1, FAILURES)
    row.blocked_until = now + LONGEST
    row.last_error = f"{REFUSED}{reason}"[:REASON_LENGTH]


def _unblocked(row: Host, now: datetime) -> None:
    row.failures, row.blocked_until, row.next_allowed_at = 0, None, now


def _told(row: Host, wait_s: float) -> str:
    if row.blocked_until is None or row.blocked_until < row.next_allowed_at:
        return f"{row.host} is asked as often as is polite; its next free turn is in {wait_s:.0f} s."
    return f"{row.host} is left alone for {wait_s:.0f} s: {row.last_error or 'it asked for that'}"
