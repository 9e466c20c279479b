"""The embedded worker: threads inside `serve` or `moviefinder worker` that claim due jobs.

One process at a time works on a data folder: it holds a lock file, which the kernel frees on any death. On SQLite
whoever gets the lock may put claimed jobs back at once, for their worker is gone; on PostgreSQL others may work from
elsewhere, and their leases are waited for.
"""

from __future__ import annotations

import fcntl
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import IO, Final

from moviefinder.app import App
from moviefinder.dispatch import FETCH, WORK, LocalBell
from moviefinder.errors import Busy, CannotStart
from moviefinder.log import get_logger
from moviefinder.store import jobs
from moviefinder.worker.running import Worker, ask_for_periodic

log = get_logger(__name__)

LOCK_EVERY_S: Final = 1.0
"""How soon another process takes over from one that died."""
LOOK_EVERY_S: Final = 10.0
"""How long a job whose bell was lost may wait."""
PAUSE_S: Final = 1.0
"""After a failure that is not a job's own, such as a database that takes no writes."""


class Runner:
    """Runs jobs in threads until stopped: one for work, `settings.fetchers` for what waits on the network."""

    def __init__(self, app: App) -> None:
        self._app = app
        assert isinstance(app.bell, LocalBell)
        self._bell = app.bell
        self._worker = Worker(app)
        self._lock: IO[str]
        self._stopping = threading.Event()
        self._hands: list[threading.Thread] = []
        self._thread = threading.Thread(target=self._keep, name="worker", daemon=True)

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
        """Finish the jobs in hand and end; what is not finished by then is put back."""
        until = time.monotonic() + timeout_s
        self._stopping.set()
        self._bell.wake_all()
        for thread in (*self._hands, self._thread):
            thread.join(max(0.0, until - time.monotonic()))
        try:
            self._worker.put_back()
        except Busy as error:
            log.warning("worker.database_busy", reason=error.message)

    def is_alive(self) -> bool:
        """Whether any thread still runs."""
        return any(thread.is_alive() for thread in (*self._hands, self._thread))

    def _keep(self) -> None:
        """Wait for the lock, start the hands, look after jobs and hands until stopped."""
        with self._lock as lock:
            while not self._stopping.is_set():
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:  # another process works on this folder
                    self._stopping.wait(LOCK_EVERY_S)
            is_alone = self._app.settings.sqlite_path is not None
            while not self._stopping.is_set() and not self._try(lambda: self._free(all_claims=is_alone)):
                self._stopping.wait(PAUSE_S)
            if self._stopping.is_set():
                return
            if not self._bell.listen():
                log.warning(
                    "worker.no_pipe", consequence="jobs of other processes may start ten seconds later"
                )
            for lane in (WORK, *[FETCH] * self._app.settings.fetchers):
                self._add_hand(lane)
            self._look_after()
            self._bell.stop_listening()
            for hand in self._hands:  # the lock stays ours until the last has ended
                hand.join()

    def _look_after(self) -> None:
        while True:
            self._try(lambda: ask_for_periodic(self._app))
            if self._stopping.wait(LOOK_EVERY_S):
                return
            self._try(self._free)
            self._try(self._beat)

    def _free(self, *, all_claims: bool = False) -> None:
        with self._app.transaction() as session:
            freed = jobs.free_expired(session, now=datetime.now(UTC), all_claims=all_claims)
        if freed:
            log.warning("jobs.freed", jobs=freed)
            self._bell.wake_all()

    def _beat(self) -> None:
        for ident in self._worker.beat():
            hand = next(hand for hand in self._hands if hand.ident == ident)
            self._hands.remove(hand)  # it ends by itself, should its job ever return
            self._add_hand(hand.name)

    def _add_hand(self, lane: str) -> None:
        hand = threading.Thread(target=self._work, args=(lane,), name=lane, daemon=True)
        self._hands.append(hand)
        hand.start()

    def _work(self, lane: str) -> None:
        while self._is_wanted():
            if not self._try(lambda: self._turn(lane)):
                self._stopping.wait(PAUSE_S)

    def _turn(self, lane: str) -> None:
        """Do what is due, then wait until something is."""
        rings = self._bell.rings(lane)
        while self._is_wanted():
            if not self._worker.run_next(lane):
                with self._app.reading() as session:
                    due = jobs.next_due(session, lane=lane)
                idle_s = LOOK_EVERY_S if due is None else (due - datetime.now(UTC)).total_seconds()
                # Another may hold what is due for a moment; asking for it without a pause would keep it from going on.
                self._bell.wait(lane, since=rings, timeout_s=min(LOOK_EVERY_S, max(0.02, idle_s)))
                return

    def _is_wanted(self) -> bool:
        return not self._stopping.is_set() and threading.current_thread() in self._hands

    def _try(self, step: Callable[[], None]) -> bool:
        try:
            step()
        except Busy as error:
            log.warning("worker.database_busy", reason=error.message)
        except Exception:  # the outermost loop of the background
            log.exception("worker.failed")
        else:
            return True
        return False
