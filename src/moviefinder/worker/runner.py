"""The embedded worker: works in this process, or keeps a child that does.

One process at a time works on a data folder: it holds a lock file, which the kernel frees on any death. While no
outside source is on there is little to do, and threads of this process do it. As soon as one is on, a child does
the work: computing what was fetched would keep the threads that answer people waiting. The child inherits the lock, so
that nobody else works on the folder before the child has ended too.
"""

from __future__ import annotations

import fcntl
import threading
import time
from typing import IO, Final

from sqlalchemy.exc import DBAPIError

from moviefinder.app import App
from moviefinder.errors import CannotStart
from moviefinder.log import get_logger
from moviefinder.sources.loading import decide
from moviefinder.store.switches import switches
from moviefinder.worker.child import Child
from moviefinder.worker.hands import Hands

log = get_logger(__name__)

LOOK_EVERY_S: Final = 1.0
"""How soon another process takes over from one that died, and a child starts when a source is switched on."""
PAUSES_S: Final = (0.0, 1.0, 5.0, 10.0)
"""Before a child is started again, by how many ended soon after their start."""
SOON_S: Final = 10.0


class Runner:
    """Has the jobs of a data folder done until stopped."""

    def __init__(self, app: App, *, may_have_child: bool = False) -> None:
        """Prepare.

        Args:
            app: what to work with.
            may_have_child: whether a child does the work while a source is on; else it is always done here.
        """
        self._app = app
        self._may_have_child = may_have_child
        self._lock: IO[str]
        self._stopping = threading.Event()
        self._stop_s = 5.0
        self._hands: Hands | None = None
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
        """Finish the jobs in hand and end; what is not finished by then is put back."""
        self._stop_s = timeout_s
        self._stopping.set()
        self._thread.join(timeout_s + 2)

    def is_alive(self) -> bool:
        """Whether any thread still runs."""
        return self._thread.is_alive() or (self._hands is not None and self._hands.is_alive())

    def _run(self) -> None:
        with self._lock:
            while not self._stopping.is_set():
                try:
                    fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:  # another process works on this folder
                    self._stopping.wait(LOOK_EVERY_S)
            while not self._stopping.is_set():
                if self._wants_child():
                    self._work_by_child()
                else:
                    self._work_here()

    def _work_here(self) -> None:
        self._hands = Hands(self._app)
        self._hands.start()
        while not self._stopping.wait(LOOK_EVERY_S) and not self._wants_child():
            pass
        self._hands.stop(self._stop_s)

    def _work_by_child(self) -> None:
        ended_soon = 0
        while not self._stopping.is_set():
            began = time.monotonic()
            child = Child(self._app.settings, self._lock)
            while child.exit_code is None and self._wants_child() and not self._stopping.wait(LOOK_EVERY_S):
                pass
            exit_code = child.exit_code
            child.stop(self._stop_s)
            if exit_code is None:  # it is we who want no more
                return
            ended_soon = ended_soon + 1 if time.monotonic() - began < SOON_S else 1
            pause_s = PAUSES_S[min(ended_soon, len(PAUSES_S)) - 1]
            log.error("worker.died", exit_code=exit_code, again_in_s=pause_s)
            self._stopping.wait(pause_s)

    def _wants_child(self) -> bool:
        """Whether a source is on."""
        if not self._may_have_child:
            return False
        try:
            with self._app.reading() as session:
                switched = switches(session)
        except DBAPIError:  # away for a moment; let things be as settings have them
            switched = {}
        settings = self._app.settings
        return any(
            decide(settings, name, switched.get(name)).is_on for name in {*switched, *settings.sources}
        )
