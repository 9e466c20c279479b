"""The hands of the embedded worker: threads that claim due jobs, and one that looks after them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from moviefinder.app import App
from moviefinder.dispatch import FETCH, WORK, LocalBell
from moviefinder.errors import Busy
from moviefinder.log import get_logger
from moviefinder.store import jobs
from moviefinder.worker.running import Worker, ask_for_periodic

log = get_logger(__name__)

LOOK_EVERY_S: Final = 10.0
"""How long a job whose bell was lost may wait."""
PAUSE_S: Final = 1.0
"""After a failure that is not a job's own, such as a database that takes no writes."""


class Hands:
    """Run jobs until stopped: one thread for work, `settings.fetchers` for what waits on the network.

    Only for who holds the lock of the data folder. On SQLite that means that there is no other worker, and jobs that
    are claimed are put back at once; on PostgreSQL others may work from elsewhere, and their leases are waited for.
    """

    def __init__(self, app: App) -> None:
        self._app = app
        assert isinstance(app.bell, LocalBell)
        self._bell = app.bell
        self._worker = Worker(app)
        self._stopping = threading.Event()
        self._hands: list[threading.Thread] = []
        self._keeper = threading.Thread(target=self._keep, name="hands", daemon=True)

    def start(self) -> None:
        """Begin; returns at once."""
        self._keeper.start()

    def stop(self, timeout_s: float) -> None:
        """Finish the jobs in hand and end; what is not finished by then is put back."""
        until = time.monotonic() + timeout_s
        self._stopping.set()
        self._bell.wake_all()
        for thread in (self._keeper, *self._hands):
            thread.join(max(0.0, until - time.monotonic()))
        try:
            self._worker.put_back()
        except Busy as error:
            log.warning("worker.database_busy", reason=error.message)

    def is_alive(self) -> bool:
        """Whether any thread still runs."""
        return any(thread.is_alive() for thread in (self._keeper, *self._hands))

    def _keep(self) -> None:
        is_alone = self._app.settings.sqlite_path is not None
        while not self._try(lambda: self._free(all_claims=is_alone)):
            if self._stopping.wait(PAUSE_S):
                return
        if not self._bell.listen():
            log.warning("worker.no_pipe", consequence="jobs of other processes may start ten seconds later")
        for lane in (WORK, *[FETCH] * self._app.settings.fetchers):
            self._add_hand(lane)
        self._look_after()
        self._bell.stop_listening()

    def _look_after(self) -> None:
        while True:
            self._try(lambda: ask_for_periodic(self._app))
            if self._stopping.wait(LOOK_EVERY_S):
                return
            self._try(self._free)
            self._try(self._beat)

    def _free(self, *, all_claims: bool = False) -> None:
        with self._app.transaction(lasting=False) as session:
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
