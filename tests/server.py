"""The real server as a process of its own, for tests that meet it from outside."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.stand_in import StandIn

_RANDOM = random.SystemRandom()  # Hypothesis seeds the other one, alike in all processes
READY_S = 30  # ten times what a first start may take, for a machine that is busy
STOP_S = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A server that answers: where, and the process that was started."""

    url: str
    process: subprocess.Popen[bytes]
    log: Path

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send the signal to the whole group, wait for the end, and give the exit code."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, number)
        try:
            return self.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            raise


def free_port() -> int:
    """A port on loopback that nobody listened on a moment ago.

    Not one that the kernel would give: those it gives to any connection that is made before ours is bound, and tests
    of two processes run beside each other.
    """
    while True:
        port = _RANDOM.randrange(10_000, 32_768)  # where Linux begins to give
        with socket.socket() as probe, suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return port


def start(data: Path, *, port: int | None = None, **settings: str) -> Server:
    """Start `moviefinder serve` on `data` and wait until it is ready.

    Args:
        data: its data folder; made when it is missing.
        port: a free one when none is given.
        settings: further settings by name, as MOVIEFINDER_* variables.

    Raises:
        RuntimeError: it ended or did not get ready; the message holds its log.
    """
    port = port or free_port()
    log = data.parent / f"{data.name}-{port}.log"
    env = {key: value for key, value in os.environ.items() if not key.startswith("MOVIEFINDER_")}
    env |= {f"MOVIEFINDER_{name.upper()}": value for name, value in settings.items()}
    command = [sys.executable, "-m", "moviefinder", "serve", "--data", str(data), "--port", str(port)]
    with log.open("wb") as out:
        process = subprocess.Popen(command, env=env, stdout=out, stderr=out, start_new_session=True)
    server = Server(url=f"http://127.0.0.1:{port}", process=process, log=log)
    until = time.monotonic() + READY_S
    while time.monotonic() < until and process.poll() is None:
        if _answers(f"{server.url}/readyz"):
            return server
        time.sleep(0.05)
    server.stop(signal.SIGKILL)
    raise RuntimeError(f"The server did not get ready:\n{log.read_text()}")


def outside(stand_in: StandIn) -> dict[str, Any]:
    """Settings by which the outside is a stand-in: TMDB has its key, all else is off until it is switched on."""
    told: dict[str, Any] = {}
    for name, source in stand_in.settings()["sources"].items():
        own = {"address": source["address"], "images": source["images"], "every_s": "0"}
        if name == "tmdb":
            own["key"] = source["key"]
        told |= {f"sources_{name.replace('-', '_')}_{field}": value for field, value in own.items() if value}
    return told


@contextmanager
def running(data: Path, *, port: int | None = None, **settings: str) -> Iterator[Server]:
    """A server for the length of a block; stopped at its end."""
    server = start(data, port=port, **settings)
    try:
        yield server
    finally:
        server.stop()


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
