"""Kinds of jobs that do what a test says; imported by the worker processes of `tests.queue_workers`.

What they did is told in two places: each start appends a line to `starts.txt` of the data folder, each effect is a row
of the database, in the transaction that settles the job.
"""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.orm import Session

from moviefinder.app import App
from moviefinder.errors import NotYet, SourceUnavailable
from moviefinder.store.jobs import Claim
from moviefinder.worker import HANDLERS, Task, Write


def do_as_told(app: App, claim: Claim) -> Write:
    """What the payload says: `sleep_s`, `die`, `fail` or `too_soon` (so many times), then count one effect."""
    told = claim.payload
    starts = note_start(app.settings.data, claim)
    time.sleep(told.get("sleep_s", 0))
    if starts <= told.get("die", 0):
        os.kill(os.getpid(), signal.SIGKILL)
    if starts <= told.get("too_soon", 0):
        raise NotYet("Too soon.", retry_after_s=0.5)
    if starts <= told.get("fail", 0):
        raise SourceUnavailable("No answer.", retry_after_s=0.0)
    return lambda session, _now: _leave_effect(session, claim.key)


def note_start(folder: Path, claim: Claim) -> int:
    """Write down that a job begins; gives how often it has begun."""
    path = folder / "starts.txt"
    with path.open("a") as file:
        file.write(f"{claim.key}\n")  # one write, which is whole or not there
    return starts(folder).count(claim.key)


def starts(folder: Path) -> list[str]:
    """The keys of the jobs that were begun, in that order."""
    path = folder / "starts.txt"
    return path.read_text().splitlines() if path.exists() else []


def make_table(app: App) -> None:
    """Where effects are counted; a row each, so that two of one job would show."""
    with app.transaction() as session:
        session.execute(text("CREATE TABLE effects (key TEXT NOT NULL)"))


def effects(app: App) -> list[str]:
    """The keys of the jobs that had their effect, in no order."""
    with app.reading() as session:
        return list(session.scalars(text("SELECT key FROM effects")))


def _leave_effect(session: Session, key: str) -> None:
    session.execute(text("INSERT INTO effects VALUES (:key)"), {"key": key})


HANDLERS["fetch_told"] = Task(do_as_told, 20.0)
HANDLERS["do_told"] = Task(do_as_told, 20.0)
