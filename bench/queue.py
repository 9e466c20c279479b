"""How soon a job starts after it was asked for: by threads of our own, over RabbitMQ, and beside plain Celery.

One job at a time, each asked for when the one before has begun and a moment has passed, as when a person likes a film.
"""

from __future__ import annotations

import importlib
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from pydantic import SecretStr

from bench import queue_worker
from bench.report import Table, percentile, progress, ratio
from moviefinder import log
from moviefinder.app import App, make_app
from moviefinder.config import Settings
from moviefinder.store import jobs
from moviefinder.store.schema import prepare
from moviefinder.worker.runner import Runner
from tests import rabbitmq

JOBS = 400
PAUSE_S = (0.005, 0.03)
READY_S = 30
TARGETS_MS = {"embedded": 5, "RabbitMQ": 20}


def measure(*, seed: int = 2026) -> str | None:
    """Time each way in turn; gives the text of the section, None where there is no RabbitMQ."""
    log.set_up("warning")
    if not (rabbitmq.PROGRAMS / "rabbitmq-server").exists():
        return None
    rng = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder, rabbitmq.running() as broker:
        root = Path(folder)
        embedded = _embedded(root / "embedded", rng)
        ours = _over_rabbitmq(root / "celery", broker.url, rng)
        plain = _peer(root / "plain", broker.url, rng, is_safe=False)
        safe = _peer(root / "safe", broker.url, rng, is_safe=True)
    rows = [
        _row("ours, threads of the server", embedded, embedded),
        _row("ours, over RabbitMQ to a Celery worker", ours, embedded),
        _row("plain Celery as it comes (loses tasks when killed)", plain, embedded),
        _row("plain Celery, quorum queue, late acknowledgement, confirmed", safe, embedded),
    ]
    return f"""{JOBS} jobs of each, one at a time. Asking is what a request waits for: with us the commit of the job
on synchronous SQLite, with plain Celery its publishing, which knows nothing of a database. Starting is counted from the
end of asking to the first line of the handler, with us after the claim has been committed. Targets: p50 of
{TARGETS_MS["embedded"]} ms by threads, {TARGETS_MS["RabbitMQ"]} ms over RabbitMQ.

{Table(heads=["", "asking p50 ms", "start p50 ms", "start p95 ms", "start, of ours by threads"], rows=rows)}"""


class Times:
    """Milliseconds of asking and of starting."""

    def __init__(self, folder: Path, ask: Callable[[str], None], rng: random.Random) -> None:
        self.asking: list[float] = []
        self.starting: list[float] = []
        path = folder / queue_worker.STARTS
        path.touch()
        with path.open() as starts:
            for number in range(-20, JOBS):  # the first warm up
                time.sleep(rng.uniform(*PAUSE_S))
                began = time.monotonic()
                ask(f"{number}")
                asked = time.monotonic()
                while not (line := starts.readline()).endswith("\n"):
                    if time.monotonic() > asked + READY_S:
                        raise RuntimeError(f"Job {number} did not start.")
                    time.sleep(0.001)
                if number >= 0:
                    self.asking.append(1000 * (asked - began))
                    self.starting.append(1000 * (float(line.split()[1]) - asked))


def _embedded(data: Path, rng: random.Random) -> Times:
    progress("queue: embedded")
    with _install(Settings(data=data)) as app:
        runner = Runner(app)
        runner.start()
        try:
            return Times(data, _asking(app), rng)
        finally:
            runner.stop()


def _over_rabbitmq(data: Path, broker: str, rng: random.Random) -> Times:
    progress("queue: over RabbitMQ")
    settings = Settings(data=data, queue="celery", broker=SecretStr(broker))
    env = {"MOVIEFINDER_DATA": str(data), "MOVIEFINDER_QUEUE": "celery", "MOVIEFINDER_BROKER": broker}
    with _install(settings) as app, _worker("bench.queue_worker", env):
        return Times(data, _asking(app), rng)


def _peer(folder: Path, broker: str, rng: random.Random, *, is_safe: bool) -> Times:
    progress(f"queue: plain Celery{', safe' if is_safe else ''}")
    folder.mkdir()
    env = {"PEER_BROKER": broker, "PEER_SAFE": str(int(is_safe))}
    os.environ.update(env)
    sys.modules.pop("bench.queue_peer", None)  # its settings are made when it is imported
    peer = importlib.import_module("bench.queue_peer")
    with _worker("bench.queue_peer", env):
        return Times(folder, lambda key: peer.say_when.apply_async((str(folder), key)), rng)


@contextmanager
def _install(settings: Settings) -> Iterator[App]:
    settings.data.mkdir()
    app = make_app(settings)
    prepare(app.engine)
    try:
        yield app
    finally:
        app.close()


def _asking(app: App) -> Callable[[str], None]:
    def ask(key: str) -> None:
        with app.transaction() as session:
            jobs.enqueue(session, "fetch_bench", key, now=datetime.now(UTC))

    return ask


@contextmanager
def _worker(module: str, env: dict[str, str]) -> Iterator[None]:
    """A Celery worker of two processes, once it is ready."""
    command = [sys.executable, "-m", "celery", "-A", module, "worker", "-c", "2", "-l", "info"]
    with tempfile.NamedTemporaryFile() as said:
        worker = subprocess.Popen(command, env=os.environ | env, stdout=said, stderr=said)
        try:
            until = time.monotonic() + READY_S
            while b"ready." not in Path(said.name).read_bytes():
                if worker.poll() is not None or time.monotonic() > until:
                    raise RuntimeError(f"The worker of {module} did not get ready.")
                time.sleep(0.1)
            yield
        finally:
            worker.terminate()
            with suppress(subprocess.TimeoutExpired):
                worker.wait(10)
            worker.kill()
            worker.wait()


def _row(name: str, times: Times, ours: Times) -> list[str]:
    start = percentile(times.starting, 0.5)
    return [
        name,
        f"{percentile(times.asking, 0.5):.1f}",
        f"{start:.1f}",
        f"{percentile(times.starting, 0.95):.1f}",
        ratio(start, percentile(ours.starting, 0.5)),
    ]
