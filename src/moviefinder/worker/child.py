"""A child process that works for the server: told its settings, and ended with its parent, however that ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO, Any, Final

from pydantic import SecretStr

from moviefinder.app import make_app
from moviefinder.config import Settings
from moviefinder.worker.hands import Hands

NICENESS: Final = 10
"""Answering people goes first."""
STOP_S: Final = 3.0


class Child:
    """A child that works; everything it needs to know goes through a pipe, whose end tells it to end."""

    def __init__(self, settings: Settings, lock: IO[str]) -> None:
        """Start it.

        Args:
            settings: those in force here, whatever file, variables and options they came from.
            lock: the locked file that gives the right to work on the data folder.
        """
        command = [sys.executable, "-m", "moviefinder", "worker", "--kept", "--data", str(settings.data)]
        self._process = subprocess.Popen(  # noqa: S603  # this interpreter, this package
            command, stdin=subprocess.PIPE, pass_fds=(lock.fileno(),), text=True
        )
        assert self._process.stdin
        self._pipe = self._process.stdin
        try:
            self._pipe.write(json.dumps(settings.model_dump(), default=_plain) + "\n")
            self._pipe.flush()
        except BrokenPipeError:  # it died at once, which its exit code tells
            pass

    @property
    def exit_code(self) -> int | None:
        """How it ended; None while it lives."""
        return self._process.poll()

    def stop(self, timeout_s: float) -> None:
        """Have it finish what it has in hand, and see that it ends."""
        self._pipe.close()
        try:
            self._process.wait(timeout_s + 1)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def work_for_parent() -> None:
    """In the child: work until the parent closes its end of the pipe, or dies."""
    from moviefinder import log

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # from a terminal it goes to all; the parent tells us
    os.nice(NICENESS)
    over = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: over.set())
    told: Any = json.loads(sys.stdin.readline() or "null")
    if told is None:  # the parent died in the same moment
        return
    settings = Settings(**told)
    log.set_up(settings.log_level)
    app = make_app(settings)
    hands = Hands(app)
    hands.start()

    def wait_for_end() -> None:
        os.read(0, 1)  # not through `sys.stdin`, whose lock a thread must not hold when the interpreter ends
        over.set()

    threading.Thread(target=wait_for_end, name="parent", daemon=True).start()
    over.wait()
    hands.stop(STOP_S)
    app.close()


def _plain(value: object) -> str:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    assert isinstance(value, Path)
    return str(value)
