"""Kill the server with all its processes, at random moments, while people like films that nobody here knows.

The server is the real one, with the worker inside, and asks a real stand-in. What was acknowledged is a like; what it
calls for is done by the worker: the film's details and its neighbours.
"""

from __future__ import annotations

import http.client
import os
import random
import signal
import threading
import time
import urllib.error
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from sqlalchemy import func, select, text

from moviefinder.app import App, make_app
from moviefinder.config import Settings
from moviefinder.store import models
from tests import server as servers
from tests import stand_in
from tests.faults.kills import SETTLE_S, Figures
from tests.stand_in import made
from tests.visitor import Visitor

PEOPLE = 3
READY_S = 10
"""Within so long a server must answer after a kill, with nobody's help."""


class Person:
    """Likes one film after the other, each once, and remembers what was acknowledged."""

    def __init__(self, number: int, *, seed: int, every_s: float) -> None:
        self._every_s = every_s
        self._random = random.Random(seed)
        self._next = made.FIRST + 3000 * number
        self.visitor = Visitor("")
        self.acknowledged: list[str] = []
        self.has_enough = threading.Event()

    def like_until_it_dies(self) -> None:
        """Ends when the server is gone."""
        while not self.has_enough.wait(self._random.expovariate(1 / self._every_s)):
            self._next += (
                1  # a film whose answer was lost may have been liked or not; it is not asked for again
            )
            film = f"tmdb:{self._next}"
            try:
                self.visitor.ask("PATCH", f"/library/{film}", {"verdict": "liked"})
            except urllib.error.HTTPError as error:
                raise AssertionError(f"{film}: {error.code} {error.read()!r}") from error
            except (OSError, http.client.HTTPException):
                return
            self.acknowledged.append(film)


def kill_web(folder: Path, *, kills: int, seed: int) -> Figures:
    """Kill and start a server again and again; gives what became of the likes and of what they called for."""
    moments = random.Random(seed)
    people = [Person(number, seed=seed + number, every_s=0.1) for number in range(PEOPLE)]
    data, port = folder / "data", servers.free_port()
    with stand_in.running() as outside:
        told = _as_variables(outside.settings("tmdb")["sources"]["tmdb"])
        for _ in range(kills):
            server = _start(data, port, told)
            threads = []
            for person in people:
                person.visitor.url = server.url
                threads.append(threading.Thread(target=person.like_until_it_dies))
                threads[-1].start()
            time.sleep(moments.uniform(0.2, 3))
            server.stop(signal.SIGKILL)
            for thread in threads:
                thread.join()
        with servers.running(data, port=port, **told):
            return _figures(data, people, killed="web server with its worker", kills=kills)


def kill_child(folder: Path, *, kills: int, seed: int) -> Figures:
    """Kill the child that works for a server, again and again; the server answers all the time."""
    moments = random.Random(seed)
    # Slowly: a child that dies again and again is started later each time, and then there is much to do.
    people = [Person(number, seed=seed + number, every_s=2) for number in range(PEOPLE)]
    data = folder / "data"
    with stand_in.running() as outside:
        told = _as_variables(outside.settings("tmdb")["sources"]["tmdb"])
        with servers.running(data, **told) as server:
            threads = []
            for person in people:
                person.visitor.url = server.url
                threads.append(threading.Thread(target=person.like_until_it_dies))
                threads[-1].start()
            killed = 0
            while killed < kills:
                time.sleep(moments.uniform(0.2, 3))
                for pid in child_pids(data):
                    os.kill(pid, signal.SIGKILL)
                    killed += 1
            for person in people:
                person.has_enough.set()
            for thread in threads:
                thread.join()
            return _figures(data, people, killed="child of the server", kills=kills)


def child_pids(data: Path) -> list[int]:
    """The processes that work for the server of a data folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it may end meanwhile
            if {b"--kept", os.fsencode(data)} <= set((process / "cmdline").read_bytes().split(b"\0")):
                found.append(int(process.name))
    return found


def _as_variables(source: Mapping[str, object]) -> dict[str, str]:
    return {f"sources_tmdb_{name}": str(value).lower() for name, value in source.items() if value != ""}


def _start(data: Path, port: int, told: Mapping[str, str]) -> servers.Server:
    began = time.monotonic()
    server = servers.start(data, port=port, **told)
    took_s = time.monotonic() - began
    assert took_s < READY_S, f"the server needed {took_s:.1f} s to be ready"
    return server


def _settle(app: App) -> float:
    began = time.monotonic()
    while time.monotonic() - began < SETTLE_S:
        with app.reading() as session:
            if not session.scalar(select(func.count()).where(models.Job.state.in_(("queued", "running")))):
                break
        time.sleep(0.2)
    return time.monotonic() - began


def _figures(data: Path, people: list[Person], *, killed: str, kills: int) -> Figures:
    """While a server runs: wait until it has nothing left to do, then count."""
    app = make_app(Settings(data=data))
    settled_s = _settle(app)
    lost = doubled = 0
    with app.reading() as session:
        assert session.scalar(text("PRAGMA integrity_check")) == "ok"
        assert session.execute(text("PRAGMA foreign_key_check")).all() == []
        films = dict(
            session.execute(
                select(models.ExternalId.value, models.ExternalId.film_id).where(
                    models.ExternalId.namespace == "tmdb"
                )
            ).all()
        )
        likes = dict(
            session.execute(select(models.Change.film_id, func.count()).group_by(models.Change.film_id)).all()
        )
        fetched = set(session.scalars(select(models.Fact.film_id).where(models.Fact.source == "tmdb")))
        listed = set(
            session.scalars(select(models.SimilarList.film_id).where(models.SimilarList.source == "tmdb"))
        )
        again = session.scalar(select(func.count()).where(models.Job.claims > 1))
        failed = session.scalar(select(func.count()).where(models.Job.state == "failed"))
    for person in people:
        for film in person.acknowledged:
            film_id = films.get(film.removeprefix("tmdb:"))
            said = person.visitor.ask("GET", f"/library/{film}")["verdict"]
            lost += said != "liked" or film_id not in fetched or film_id not in listed
            doubled += likes.get(film_id, 0) > 1
    app.close()
    return Figures(
        killed=killed,
        kills=kills,
        acknowledged=sum(len(person.acknowledged) for person in people),
        lost=lost,
        doubled=doubled,
        begun_again=again or 0,
        failed=failed or 0,
        settled_s=settled_s,
    )
