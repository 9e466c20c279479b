"""Workers as processes of their own, for each set-up of the queue; as a program it is the embedded one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from moviefinder.config import Settings

ROOT = Path(__file__).resolve().parents[1]
STOP_S = 30


class Process:
    """A process group that was started and can be killed."""

    def __init__(self, settings: Settings, *command: str) -> None:
        env = {key: value for key, value in os.environ.items() if not key.startswith("MOVIEFINDER_")}
        env |= {
            "MOVIEFINDER_DATA": str(settings.data),
            "MOVIEFINDER_DATABASE": settings.database,
            "MOVIEFINDER_QUEUE": settings.queue,
            "MOVIEFINDER_BROKER": settings.broker.get_secret_value(),
            "MOVIEFINDER_FETCHERS": str(settings.fetchers),
        }
        self.log = settings.data / f"{command[0].rpartition('.')[2]}.log"
        with self.log.open("ab") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", *command],
                env=env,
                cwd=ROOT,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )

    def kill(self) -> None:
        """End it and all that it started, as a power cut would."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> int:
        """Ask it to end, as a supervisor does; gives its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.kill()
            raise


def start_worker(settings: Settings) -> Process:
    """A worker of the set-up that the settings name."""
    if settings.queue == "embedded":
        return Process(settings, "tests.queue_workers")
    quiet = ["--without-mingle", "--without-gossip"]  # two seconds less to start
    pool = ["--concurrency", "2", "--loglevel", "info", *quiet]
    return Process(settings, "celery", "-A", "tests.queue_celery", "worker", *pool)


def start_beat(settings: Settings) -> Process:
    """Celery's clock, which has the sweep made every ten seconds."""
    return Process(settings, "celery", "-A", "tests.queue_celery", "beat")


if __name__ == "__main__":
    import tests.queue_kinds  # noqa: F401  # registers them
    from moviefinder.cli import main

    main(["worker"])
