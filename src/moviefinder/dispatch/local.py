"""The bell of the embedded worker: an event in its own process, a pipe in the data folder for the others."""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from moviefinder.dispatch.lanes import LANES, lane_of


class LocalBell:
    """Wakes the worker's threads: by an event in this process, through a pipe in the data folder from the others."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "worker.bell"
        self._changed = {lane: threading.Condition() for lane in LANES}
        self._rings = dict.fromkeys(LANES, 0)
        self._is_heard = False
        self._pipe: int | None = None

    def ring(self, jobs: Sequence[tuple[int, str]]) -> None:
        """Wake as many threads of each lane as there are jobs for it."""
        counts = Counter(lane_of(kind) for _, kind in jobs)
        if self._is_heard:
            self._wake(counts)
            return
        with suppress(
            OSError
        ):  # nobody listens, or the pipe is full of rings: the jobs are found all the same
            pipe = os.open(self._path, os.O_WRONLY | os.O_NONBLOCK)
            try:
                os.write(pipe, b"".join(lane[:1].encode() * min(n, 64) for lane, n in counts.items()))
            finally:
                os.close(pipe)

    def close(self) -> None:
        """Nothing is kept back here."""

    # For the process that works

    def rings(self, lane: str) -> int:
        """How often this lane was rung for; to be read before looking for a job, see `wait`."""
        return self._rings[lane]

    def wait(self, lane: str, *, since: int, timeout_s: float) -> None:
        """Wait for a ring that is not among the first `since`, at most so long."""
        with self._changed[lane]:
            if self._rings[lane] == since:
                self._changed[lane].wait(timeout_s)

    def wake_all(self) -> None:
        """End all waiting."""
        for lane in LANES:
            with self._changed[lane]:
                self._rings[lane] += 1
                self._changed[lane].notify_all()

    def listen(self) -> bool:
        """Begin to hear rings, those of other processes too; for the process that holds the worker's lock.

        Returns:
            False when the folder takes no pipes, and rings of other processes are not heard.
        """
        self._is_heard = True
        try:
            self._path.unlink(missing_ok=True)
            os.mkfifo(self._path, 0o600)
            self._pipe = os.open(
                self._path, os.O_RDWR
            )  # for writing too, or reading would end with each writer
        except OSError:
            return False
        threading.Thread(target=self._hear, args=(self._pipe,), name="bell", daemon=True).start()
        return True

    def stop_listening(self) -> None:
        """Hear no more."""
        self._is_heard = False
        pipe, self._pipe = self._pipe, None
        if pipe is not None:
            os.write(pipe, b".")  # wakes the thread, which closes it

    def _hear(self, pipe: int) -> None:
        letters = {lane[:1].encode()[0]: lane for lane in LANES}
        while self._pipe == pipe:
            self._wake(Counter(letters[byte] for byte in os.read(pipe, 4096) if byte in letters))
        os.close(pipe)

    def _wake(self, counts: Counter[str]) -> None:
        for lane, n in counts.items():
            with self._changed[lane]:
                self._rings[lane] += n
                self._changed[lane].notify(n)
