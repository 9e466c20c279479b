"""A private RabbitMQ for tests: its own folder and ports, gone at the end."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.server import free_port

PROGRAMS = Path("/usr/lib/rabbitmq/bin")  # those in /usr/sbin change the user and lose the environment
READY_S = 60


class RabbitMQ:
    """A broker that can be killed and started again on what it has kept."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._port, distribution, self._names_port = free_port(), free_port(), free_port()
        self.url = f"amqp://guest:guest@127.0.0.1:{self._port}//"
        self._process: subprocess.Popen[bytes] | None = None
        for name in ("mnesia", "log", "home"):
            (folder / name).mkdir()
        (folder / "rabbitmq.conf").write_text(
            f"listeners.tcp.local = 127.0.0.1:{self._port}\n"
            "vm_memory_high_watermark.absolute = 512MB\ndisk_free_limit.absolute = 50MB\n"
        )
        (folder / "plugins").write_text("[].")
        self._env = os.environ | {
            "HOME": str(folder / "home"),
            "RABBITMQ_NODENAME": f"moviefinder{self._port}@localhost",
            "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
            "RABBITMQ_LOG_BASE": str(folder / "log"),
            "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
            "RABBITMQ_PID_FILE": str(folder / "pid"),
            "RABBITMQ_DIST_PORT": str(distribution),
            "ERL_EPMD_PORT": str(self._names_port),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1} +S 2:2",
        }

    def start(self) -> None:
        """Start, and wait until it takes connections.

        Raises:
            RuntimeError: it did not get ready; the message holds what it said.
        """
        with (self._folder / "out").open("wb") as out:
            self._process = subprocess.Popen(
                [PROGRAMS / "rabbitmq-server"], env=self._env, stdout=out, stderr=out, start_new_session=True
            )
        until = time.monotonic() + READY_S
        while time.monotonic() < until and self._process.poll() is None:
            with suppress(OSError), socket.create_connection(("127.0.0.1", self._port), timeout=1):
                return
            time.sleep(0.1)
        self.kill()
        raise RuntimeError(f"RabbitMQ did not get ready:\n{(self._folder / 'out').read_text()}")

    def kill(self) -> None:
        """Kill the broker with everything that it started, and wait for its end."""
        self.signal(signal.SIGKILL)
        if self._process is not None:
            self._process.wait()

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to all its processes; they have sessions of their own, and are known by their folder."""
        for process in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                if str(self._folder).encode() in (process / "environ").read_bytes():
                    os.kill(int(process.name), number)

    def empty(self) -> None:
        """Delete our queues with what waits in them; they are made again by who needs them."""
        import kombu

        with kombu.Connection(self.url) as connection:
            for queue in ("fetch", "work", "dead-letters"):
                connection.default_channel.queue_delete(queue)

    def control(self, *command: str) -> str:
        """Run `rabbitmqctl`; gives what it says."""
        done = subprocess.run(
            [PROGRAMS / "rabbitmqctl", "--quiet", *command],
            env=self._env,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout


@contextmanager
def running() -> Iterator[RabbitMQ]:
    """A broker for the length of a block; skip where there is none."""
    if not (PROGRAMS / "rabbitmq-server").exists():
        pytest.skip("No RabbitMQ: apt-get install rabbitmq-server.")
    folder = Path(tempfile.mkdtemp(prefix="moviefinder-rabbitmq-"))
    broker = RabbitMQ(folder)
    try:
        broker.start()
        yield broker
    finally:
        broker.kill()
        shutil.rmtree(folder)
