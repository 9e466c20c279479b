"""Kill what works behind the scenes at random moments under load, and count what became of what was acknowledged.

A job counts as acknowledged when the transaction that asked for it has ended. Afterwards each must have had its effect
once: none lost, none doubled. A job may have begun more than once, for a kill in the middle makes it begin anew.
"""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pydantic import SecretStr
from sqlalchemy import func, select, text

from moviefinder.app import App, make_app
from moviefinder.cli import data_folder
from moviefinder.config import Settings
from moviefinder.errors import Busy
from moviefinder.store import jobs, models
from moviefinder.store.schema import prepare
from tests import queue_kinds, queue_workers
from tests.rabbitmq import RabbitMQ

SETTLE_S = 240
"""A lease lasts half a minute, then the sweep comes; a job that saw several deaths rests for two minutes."""
WORKING_S = 60
TOLD = ("fetch_told", "do_told")


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What came of it."""

    killed: str
    kills: int
    acknowledged: int
    lost: int
    doubled: int
    begun_again: int
    failed: int
    settled_s: float
    """From the last kill until nothing was left to do."""

    def __str__(self) -> str:
        return (
            f"{self.killed}: {self.kills} kills, {self.acknowledged} acknowledged, {self.lost} lost, "
            f"{self.doubled} done twice to effect, {self.begun_again} begun again, {self.failed} failed; "
            f"all settled {self.settled_s:.1f} s after the last kill"
        )


class Load:
    """Asks for jobs all the time, and remembers which were acknowledged."""

    def __init__(self, app: App, *, seed: int) -> None:
        self._app = app
        self._random = random.Random(seed)
        self.acknowledged: list[str] = []
        self.slowest_s = 0.0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._ask)
        self._thread.start()

    def stop(self) -> None:
        """Ask no more."""
        self._over.set()
        self._thread.join()

    def _ask(self) -> None:
        number = 0
        while not self._over.wait(self._random.expovariate(40)):
            number += 1
            key, kind = f"job {number}", self._random.choice(TOLD)
            told = {"sleep_s": self._random.uniform(0, 0.06)}
            began = time.monotonic()
            try:
                with self._app.transaction() as session:
                    jobs.enqueue(session, kind, key, told, now=datetime.now(UTC))
            except Busy:  # told so, and not acknowledged
                continue
            self.acknowledged.append(key)
            self.slowest_s = max(self.slowest_s, time.monotonic() - began)


def kill_workers(settings: Settings, *, kills: int, seed: int) -> Figures:
    """Kill a worker of the settings' set-up with everything that it started, and start another, again and again."""
    moments = random.Random(seed)
    with _loaded(settings, seed=seed) as (app, load):
        for number in range(kills):
            begun = len(queue_kinds.starts(settings.data))
            worker = queue_workers.start_worker(settings)
            if number % 2:
                time.sleep(
                    moments.uniform(0.5, 6)
                )  # it starts within two to four: before, in the midst, at work
            else:
                _wait_for_work(settings, begun)
                time.sleep(moments.uniform(0, 1))
            worker.kill()
        load.stop()
        last = queue_workers.start_worker(settings)
        try:
            name = f"{settings.queue} worker"
            return _figures(app, settings, load, killed=name, kills=kills)
        finally:
            last.kill()


def kill_broker(settings: Settings, broker: RabbitMQ, *, kills: int, seed: int) -> Figures:
    """Kill RabbitMQ and start it again, beside a worker that lives; nobody who asks waits for it."""
    moments = random.Random(seed)
    worker = queue_workers.start_worker(settings)
    try:
        with _loaded(settings, seed=seed) as (app, load):
            for _ in range(kills):
                time.sleep(moments.uniform(0.5, 4))
                broker.kill()
                time.sleep(moments.uniform(0, 1))
                broker.start()
            load.stop()
            assert load.slowest_s < 2, f"somebody waited {load.slowest_s:.1f} s for the broker"
            return _figures(app, settings, load, killed="RabbitMQ", kills=kills)
    finally:
        worker.kill()


def embedded(folder: Path) -> Settings:
    """An install on SQLite that works by itself."""
    settings = Settings(data=folder / "data")
    settings.data.mkdir()
    data_folder.prepare(settings)[0].close()
    return settings


def with_celery(folder: Path, database: str, broker: str) -> Settings:
    """An install on PostgreSQL whose work Celery does."""
    settings = Settings(data=folder / "data", database=database, queue="celery", broker=SecretStr(broker))
    settings.data.mkdir()
    app = make_app(settings)
    prepare(app.engine)
    app.close()
    return settings


def _wait_for_work(settings: Settings, begun: int) -> None:
    until = time.monotonic() + WORKING_S
    while len(queue_kinds.starts(settings.data)) == begun:
        assert time.monotonic() < until, "the worker did not begin to work"
        time.sleep(0.02)


@contextmanager
def _loaded(settings: Settings, *, seed: int) -> Iterator[tuple[App, Load]]:
    app = make_app(settings)
    queue_kinds.make_table(app)
    beat = queue_workers.start_beat(settings) if settings.queue == "celery" else None
    load = Load(app, seed=seed)
    try:
        yield app, load
    finally:
        load.stop()
        if beat:
            beat.kill()
        app.close()


def _figures(app: App, settings: Settings, load: Load, *, killed: str, kills: int) -> Figures:
    began = time.monotonic()
    open_ = select(func.count()).where(models.Job.state.in_(("queued", "running")), models.Job.kind.in_(TOLD))
    while time.monotonic() - began < SETTLE_S:
        with app.reading() as session:
            if not session.scalar(open_):
                break
        time.sleep(0.1)
    settled_s = time.monotonic() - began
    with app.reading() as session:
        gone_wrong = select(func.count()).where(models.Job.state == "failed", models.Job.kind.in_(TOLD))
        failed = session.scalar(gone_wrong) or 0
        if settings.sqlite_path is not None:
            assert session.scalar(text("PRAGMA integrity_check")) == "ok"
            assert session.execute(text("PRAGMA foreign_key_check")).all() == []
    had_effect = Counter(queue_kinds.effects(app))
    return Figures(
        killed=killed,
        kills=kills,
        acknowledged=len(load.acknowledged),
        lost=sum(key not in had_effect for key in load.acknowledged),
        doubled=sum(count > 1 for count in had_effect.values()),
        begun_again=sum(count > 1 for count in Counter(queue_kinds.starts(settings.data)).values()),
        failed=failed,
        settled_s=settled_s,
    )
