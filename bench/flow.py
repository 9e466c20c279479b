"""A film that the catalogue lacks, from the like to the recommendation, with an outside service that answers slowly."""

import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.report import Table, percentile, progress
from bench.serving import Client
from tests.server import Server, start
from tests.stand_in import StandIn, running
from tests.stand_in.made import FIRST

SOURCE_S = 0.1
"""How long the service thinks before each answer."""
PACE_S = 0.05
"""The least time between two questions to TMDB, as it is set by default."""
LIKES = 30
BURST = 500
PAGE_S = 40.0
PAGE_EVERY_S = 0.05
"""How often a page is asked for while nothing else happens, and during a burst of likes."""
PATIENCE_S = 600.0

Times = dict[str, list[float]]


def measure() -> str:
    """Like films that nobody knows, one by one and in a burst; gives the text of the section."""
    with tempfile.TemporaryDirectory() as folder, running() as stand_in:
        stand_in.fault("/tmdb/3", "delay", seconds=SOURCE_S)
        settings = {
            "sources_tmdb_address": f"{stand_in.address}/tmdb/3",
            "sources_tmdb_key": "bench",
            "sources_tmdb_every_s": str(PACE_S),
        }
        server = start(Path(folder) / "data", **settings)
        try:
            details, counted = [], []
            for n in range(LIKES):
                progress(f"flow: like {n + 1} of {LIKES}")
                details_ms, counted_s = _one(server, stand_in, FIRST + 100 + 20 * n)
                details.append(details_ms)
                counted.append(counted_s)
            idle, busy, burst = _in_a_burst(server, stand_in)
        finally:
            server.stop()
    calls = Counter(asked["path"] for asked in burst.asked)
    took_s = burst.asked[-1]["at"] - burst.asked[0]["at"]
    rows = [
        [what, f"{percentile(alone, 0.5):.1f}", f"{percentile(alone, 0.99):.1f}",
         f"{percentile(beside, 0.5):.1f} ({percentile(beside, 0.5) / percentile(alone, 0.5):.2f}x)",
         f"{percentile(beside, 0.99):.1f} ({percentile(beside, 0.99) / percentile(alone, 0.99):.2f}x)"]
        for what, alone, beside in ((what, idle[what], busy[what]) for what in idle)
    ]  # fmt: skip
    return f"""The service takes {1000 * SOURCE_S:.0f} ms over each answer. {LIKES} films that the catalogue
lacks, looked up and liked one after the other: their
details can be read {percentile(details, 0.5):.0f} ms after the like was sent (p95
{percentile(details, 0.95):.0f} ms), the service's own time included; their neighbours count in the recommendations
{percentile(counted, 0.5):.2f} s (at most {max(counted):.2f} s) after its last answer about the film.

{BURST} films that nobody has looked up, liked while the source is off: said in {burst.said_s:.1f} s. Then it is
switched on, and all their details are there after {burst.done_s:.0f} s;
{len(burst.asked):,} questions in {took_s:.0f} s, {len(burst.asked) / took_s:.1f} a second where {1 / PACE_S:.0f} are
allowed, of which {sum(count - 1 for count in calls.values())} asked again what had been asked. Somebody else's pages
before and meanwhile, one every {1000 * PAGE_EVERY_S:.0f} ms, wall-clock time, client included, in brackets the ratio:

{Table(heads=["", "idle, p50 ms", "p99 ms", "in the burst, p50 ms", "p99 ms"], rows=rows)}"""


def _one(server: Server, stand_in: StandIn, number: int) -> tuple[float, float]:
    """Milliseconds from a like to the details, and seconds from the service's last answer to the recommendations."""
    person = Client(server)
    person.ask("POST", "/api/v1/films/lookup", {"q": f"Made {number}"})
    film = person.answer["items"][0]["id"]

    def shown() -> Any:
        return _asked(person, f"/api/v1/films/{film}")

    began = time.time()
    person.ask("PATCH", f"/api/v1/library/{film}", {"verdict": "liked"})
    _until(lambda: shown()["runtime_min"] is not None)
    details_ms = 1000 * (time.time() - began)
    _until(lambda: _neighbours(person, number))
    answered = max(asked["at"] for asked in stand_in.journal(f"/tmdb/3/movie/{number}")) + SOURCE_S
    counted_s = max(time.time() - answered, 0.0)
    _until(lambda: not shown()["pending"]["fetching"])
    return details_ms, counted_s


def _asked(client: Client, path: str) -> Any:
    client.ask("GET", path)
    return client.answer


def _neighbours(person: Client, number: int) -> bool:
    """Whether films that the service named beside the liked one are recommended, because of it."""
    items = _asked(person, "/api/v1/recommendations?limit=20")["items"]
    return any(item["film"]["title"] == f"Made {number + 1}" and item["because"] for item in items)


def _until(holds: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE_S
    while not holds():
        if time.monotonic() > until:
            raise RuntimeError("It does not come about.")
        time.sleep(0.02)


@dataclass(slots=True)
class _Burst:
    """What a burst did: seconds until all likes were answered, and from then until the last details were there."""

    said_s: float = 0.0
    done_s: float = 0.0
    asked: Sequence[Mapping[str, Any]] = ()


def _in_a_burst(server: Server, stand_in: StandIn) -> tuple[Times, Times, _Burst]:
    """Milliseconds by kind of page, before and during a burst, and what the burst did."""
    reader, person, burst = Client(server), Client(server), _Burst()
    for film in range(1, 60, 3):
        reader.ask("PATCH", f"/api/v1/library/{film}", {"verdict": "liked"})
    _read(reader, 5)  # what is loaded once is no part of it
    progress("flow: pages, idle")
    idle = _read(reader, PAGE_S)
    stand_in.clear()
    stand_in.fault("/tmdb/3", "delay", seconds=SOURCE_S)
    person.ask("PATCH", "/api/v1/sources/tmdb", {"on": False})
    began = time.time()
    for n in range(BURST):
        person.ask("PATCH", f"/api/v1/library/tmdb:{FIRST + 2000 + 12 * n}", {"verdict": "liked"})
    burst.said_s = time.time() - began
    over = threading.Event()

    def wait() -> None:
        try:
            _until(lambda: _is_quiet(person))
            burst.done_s = time.time() - began
        finally:
            over.set()

    progress("flow: pages, in a burst")
    began = time.time()
    person.ask("PATCH", "/api/v1/sources/tmdb", {"on": True})
    waiting = threading.Thread(target=wait)
    waiting.start()
    busy = _read(reader, PAGE_S, over)
    waiting.join()
    burst.asked = stand_in.journal("/tmdb/3")
    return idle, busy, burst


def _is_quiet(person: Client) -> bool:
    """Whether every liked film has its details."""
    time.sleep(0.5)
    items = _asked(person, "/api/v1/library?show=liked&limit=100&sort=title")["items"]
    pending = _asked(person, "/api/v1/recommendations?limit=1")["pending"]
    named = all(item["film"]["title"].startswith("Made") for item in items)
    return named and not pending["fetching"] and not pending["waiting"]


def _read(reader: Client, seconds: float, over: threading.Event | None = None) -> Times:
    """Ask for a page every so often, for so long and until `over`; milliseconds by kind."""
    pages = {
        "20 recommendations, 20 likes": "/api/v1/recommendations?limit=20",
        "search, 10 films": "/api/v1/films?limit=10&q=godfathr",
        "a film with all facts": "/api/v1/films/40",
    }
    took: dict[str, list[float]] = {what: [] for what in pages}
    until = time.monotonic() + seconds
    while time.monotonic() < until or (over and not over.is_set()):
        for what, path in pages.items():
            took[what].append(reader.ask("GET", path))
            time.sleep(PAGE_EVERY_S)
    return took


if __name__ == "__main__":
    print(measure())
