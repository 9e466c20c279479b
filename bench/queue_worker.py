"""Our Celery worker with a kind of job that only says when it began: `celery -A bench.queue_worker worker`."""

import os
import time
from pathlib import Path

from moviefinder.app import App
from moviefinder.store.jobs import Claim
from moviefinder.worker import HANDLERS, Task, Write

STARTS = "starts.txt"


def say_when(app: App, claim: Claim) -> Write:
    """Write down the job's key and the time of the machine's steady clock, which all its processes share."""
    began = time.monotonic()
    note(app.settings.data, claim.key, began)
    return lambda _session, _now: None


def note(folder: Path, key: str, began: float) -> None:
    """Add a line, in one write."""
    with (folder / STARTS).open("a") as file:
        file.write(f"{key} {began!r}\n")


HANDLERS["fetch_bench"] = Task(say_when)

if os.environ.get("MOVIEFINDER_QUEUE") == "celery":
    from moviefinder.worker.celery import app  # noqa: F401  # what Celery looks for
