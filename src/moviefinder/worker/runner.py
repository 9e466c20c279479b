"""The embedded worker: a thread inside `serve` that claims due jobs.

One process at a time works on a data folder: it holds a lock file, which the kernel frees on any death. On SQLite
whoever gets the lock may put claimed jobs back at once, for their worker is gone; on PostgreSQL others may work from
elsewhere, and their leases are waited for.
"""

from __future__ import annotations

import fcntl
import threading
import time
from datetime import UTC, datetime
from typing import IO

from moviefinder import worker
from moviefinder.app import App
from moviefinder.errors import Busy, CannotStart
from moviefinder.log import get_logger
from moviefinder.store import jobs

log = get_logger(__name__)

SWEEP_S = 10.0
"""How long a job whose bell was lost may wait, and how often the lock is tried."""


class Runner:
    """Runs jobs in a thread of its own until stopped."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._lock: IO[str]
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="worker", daemon=True)

    def start(self) -> None:
        """Begin; returns at once.

        Raises:
            CannotStart: the lock file cannot be written.
        """
        path = self._app.settings.data / "worker.lock"
        try:
            self._lock = path.open("w")
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise CannotStart(
                f"Cannot write {path}: {reason}. Remove it, or mend its permissions."
            ) from error
        self._thread.start()

    def stop(self, timeout_s: float = 5.0) -> None:
        """Finish the job in hand and end."""
        self._stopping.set()
        self._app.bell.ring()
        self._thread.join(timeout_s)

    def _run(self) -> None:
        with self._lock as lock:
            while not self._stopping.is_set():
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:  # another process works on this folder
                    self._stopping.wait(SWEEP_S)
            is_first, clean_up_due_s = True, time.monotonic()
            is_alone = self._app.settings.sqlite_path is not None
            while not self._stopping.is_set():
                try:
                    with self._app.transaction() as session:
                        jobs.free_expired(session, now=datetime.now(UTC), all_claims=is_first and is_alone)
                    is_first = False
                    if time.monotonic() >= clean_up_due_s:
                        worker.ask_for_clean_up(self._app)
                        clean_up_due_s = time.monotonic() + worker.CLEAN_UP_EVERY_S
                    worker.run_due(self._app)
                except Busy as error:
                    log.warning("worker.database_busy", reason=error.message)
                except Exception:  # the outermost loop of the background
                    log.exception("worker.failed")
                self._app.bell.wait(SWEEP_S)
