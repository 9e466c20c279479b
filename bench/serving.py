"""The real server from outside: how soon it answers, how quickly, and how much memory all its processes take."""

import http.client
import json
import os
import random
import tempfile
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote, urlsplit

from bench.keystrokes import draw_typings
from bench.report import Table, percentile, progress
from bench.search import title_rows
from moviefinder.catalogue import open_catalogue
from tests.server import Server, start

REQUESTS = 300
LIKES = (5, 20, 50)
FILTERS = "&kind=movie&year_min=1990&genre_out=horror"
AT_ONCE = 8
STARTS = 3


class Client:
    """One browser: a connection that is kept and the cookies that were set."""

    def __init__(self, server: Server) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=30)
        self._cookie = ""
        self.answer: Any = None

    def ask(self, method: str, path: str, body: object = None) -> float:
        """Send a request and read the answer, which `answer` then is; gives the milliseconds it took.

        Raises:
            RuntimeError: the status is not 200.
        """
        headers = {
            "X-Requested-With": "moviefinder",
            "Content-Type": "application/json",
            "Cookie": self._cookie,
        }
        began = time.perf_counter()
        self._connection.request(method, path, json.dumps(body) if body is not None else None, headers)
        answer = self._connection.getresponse()
        content = answer.read()
        took_ms = 1000 * (time.perf_counter() - began)
        if answer.status != 200:
            raise RuntimeError(f"{method} {path} answers {answer.status}: {content[:300]!r}")
        for cookie in answer.headers.get_all("Set-Cookie") or ():
            self._cookie = cookie.partition(";")[0]
        self.answer = json.loads(content)
        return took_ms


def measure(*, seed: int = 2026) -> str:
    """Start the server on an empty folder, ask it, start it again; gives the text of the section."""
    with tempfile.TemporaryDirectory() as folder:
        firsts = [Path(folder) / f"first-{n}" for n in range(STARTS)]
        first = min(_boot(data) for data in firsts)
        again = min(_boot(firsts[0]) for _ in range(STARTS))
        with Watched(Path(folder) / "watched") as watched:
            progress("serving: requests")
            server = start(Path(folder) / "watched")
            first_mb = watched.peak()
            try:
                rows = _ask(server, random.Random(seed))
            finally:
                server.stop()
    return f"""From the start of the process to the first answer of a search, best of {STARTS}: {first[0]:.2f} s
on an empty folder ({first[1]:.2f} s of processor time), {again[0]:.2f} s on later starts ({again[1]:.2f} s). All its
processes together had {first_mb:.0f} MB of resident memory at most while it started on an empty folder, and
{watched.peak():.0f} MB at most during all of the requests below (proportional set size: what they share counts once).

Over HTTP on loopback, {REQUESTS} requests of each kind, client included, wall-clock time:

{Table(heads=["", "p50 ms", "p99 ms"], rows=rows)}"""


class Watched:
    """The memory of a server's processes, read every 20 ms from before it starts."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._peak_mb = 0.0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def peak(self) -> float:
        """Give the most megabytes since this was last asked."""
        peak, self._peak_mb = self._peak_mb, 0.0
        return peak

    def _watch(self) -> None:
        while not self._over.wait(0.02):
            kilobytes = 0
            for process in _processes(self._data):
                with suppress(OSError):  # it may end meanwhile
                    for line in (process / "smaps_rollup").read_text().splitlines():
                        kilobytes += int(line.split()[1]) if line.startswith("Pss:") else 0
            self._peak_mb = max(self._peak_mb, kilobytes / 1000)


def _processes(data: Path) -> list[Path]:
    """Give the /proc folders of the processes that serve a data folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if os.fsencode(data) in (process / "cmdline").read_bytes().split(b"\0"):
                found.append(process)
    return found


def _processor_s(data: Path) -> float:
    """Give the processor time that the server's processes, and those that they have outlived, took so far."""
    ticks = 0
    for process in _processes(data):
        fields = (process / "stat").read_text().rpartition(")")[2].split()
        ticks += sum(map(int, fields[11:15]))  # user and system, own and of ended children
    return ticks / os.sysconf("SC_CLK_TCK")


def _boot(data: Path) -> tuple[float, float]:
    """Start and stop a server; gives seconds until a search is answered, and of processor time until then."""
    progress(f"serving: start on {data.name}")
    began = time.perf_counter()
    server = start(data)
    try:
        client = Client(server)
        client.ask("GET", "/api/v1/films?q=godfathr")
        took = time.perf_counter() - began
        if (title := client.answer["items"][0]["title"]) != "The Godfather":
            raise RuntimeError(f"The search gives {title} first.")
        return took, _processor_s(data)
    finally:
        server.stop()


def _ask(server: Server, rng: random.Random) -> list[list[str]]:
    """Ask for one thing after the other; gives the rows of the table."""
    titles = [row.folded for row in title_rows(open_catalogue())]
    typed = [rng.choice(typing.prefixes()) for typing in draw_typings(titles, REQUESTS, errors=0.15, seed=7)]
    searches = [f"/api/v1/films?limit=10&q={quote(text)}" for text in typed]
    client = Client(server)
    rows = [
        _row("search, 10 films", _get(client, searches)),
        _row("suggestions", _get(client, [f"/suggestion/x/{quote(text, safe='')}.json" for text in typed])),
        _row("a film with all facts", _get(client, [f"/api/v1/films/{n + 1}" for n in range(REQUESTS)])),
    ]
    person, liked = Client(server), 0
    written: list[float] = []
    for n in LIKES:
        said = [f"/api/v1/library/{3 * film + 1}" for film in range(liked, n)]
        written += [person.ask("PATCH", film, {"verdict": "liked"}) for film in said]
        liked = n
        path = "/api/v1/recommendations?limit=20"
        rows.append(_row(f"20 recommendations, {n} likes", _get(person, [path] * REQUESTS)))
        rows.append(
            _row(
                f"20 recommendations, {n} likes, three filters", _get(person, [f"{path}{FILTERS}"] * REQUESTS)
            )
        )
    rows.append(_row(f"liking a film ({len(written)} requests)", written))
    with ThreadPoolExecutor(AT_ONCE) as pool:
        parts = [searches[n::AT_ONCE] for n in range(AT_ONCE)]
        times = pool.map(lambda part: _get(Client(server), part), parts)
        rows.append(_row(f"search, {AT_ONCE} clients at once", [took for part in times for took in part]))
    return rows


def _get(client: Client, paths: Sequence[str]) -> list[float]:
    client.ask("GET", paths[0])  # what is loaded once is no part of it
    return [client.ask("GET", path) for path in paths]


def _row(name: str, took_ms: Sequence[float]) -> list[str]:
    return [name, f"{percentile(took_ms, 0.5):.1f}", f"{percentile(took_ms, 0.99):.1f}"]
