"""The child that works for the server while an outside source is on: there when needed, ended with its parent."""

import os
import signal
import time
import urllib.request
from pathlib import Path

import pytest

from tests import server as servers
from tests.visitor import Visitor

WAIT_S = 60


def until(condition):
    """Wait for a condition; gives its value."""
    end = time.monotonic() + WAIT_S
    while not (value := condition()):
        assert time.monotonic() < end
        time.sleep(0.05)
    return value


def processes(data, word):
    """The processes of an install whose command has a word, as {pid: parent's pid}."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes().split(b"\0")
            state, parent = (folder / "stat").read_text().rpartition(")")[2].split()[:2]
        except OSError:  # it ended meanwhile
            continue
        if {word.encode(), os.fsencode(data)} <= set(command) and state != "Z":
            found[int(folder.name)] = int(parent)
    return found


def child_of(data):
    """The pid of the only child that works, or None."""
    found = list(processes(data, "--kept"))
    return found[0] if len(found) == 1 else None


def niceness(pid):
    """How far a process stands back."""
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[16])


@pytest.fixture
def tmdb(stand_in):
    """Variables by which TMDB is on, and is the stand-in."""
    source = stand_in.settings("tmdb")["sources"]["tmdb"]
    return {f"sources_tmdb_{name}": str(value).lower() for name, value in source.items() if value != ""}


def is_fetched(visitor, number):
    """Whether the details and neighbours of a made film are there."""
    film = visitor.ask("GET", f"/films/tmdb:{number}")
    return bool(film["facts"]) and film["pending"]["fetching"] == 0


def test_the_child_comes_back_when_it_dies_and_ends_with_its_parent(tmp_path, tmdb):
    """What somebody likes is fetched by it; a death of either costs a moment."""
    data = tmp_path / "data"
    with servers.running(data, **tmdb) as server:
        first = until(lambda: child_of(data))
        [(_, web)] = processes(data, "--kept").items()
        visitor = Visitor(server.url)
        visitor.ask("PATCH", "/library/tmdb:9000100", {"verdict": "liked"})
        until(lambda: is_fetched(visitor, 9000100))

        os.kill(first, signal.SIGKILL)
        visitor.ask("PATCH", "/library/tmdb:9000200", {"verdict": "liked"})
        until(lambda: is_fetched(visitor, 9000200))
        second = until(lambda: child_of(data))
        assert second != first
        assert processes(data, "--kept")[second] == web

        os.kill(web, signal.SIGKILL)  # with no chance to tell its child
        until(lambda: second not in processes(data, "--kept"))
        third = until(lambda: child_of(data))
        assert processes(data, "--kept")[third] != web
    assert processes(data, "--kept") == {}


def test_there_is_a_child_only_while_a_source_is_on(tmp_path, tmdb):
    """Switched on and off on the page; clearing away is done either way."""
    data = tmp_path / "data"
    told = {name: value for name, value in tmdb.items() if name != "sources_tmdb_on"} | {
        "sources_tmdb_key": ""
    }
    with servers.running(data, **told) as server:
        visitor = Visitor(server.url)
        until(lambda: visitor.ask("GET", "/jobs?state=done")["items"])
        assert processes(data, "--kept") == {}
        visitor.ask("PATCH", "/sources/imdb", {"on": True})
        until(lambda: child_of(data))
        visitor.ask("PATCH", "/sources/imdb", {"on": False})
        until(lambda: not processes(data, "--kept"))
        assert urllib.request.urlopen(f"{server.url}/readyz").status == 200


def test_the_child_needs_no_more_than_it_was_told(tmp_path, tmdb):
    """Keys and other secrets stand neither in its command nor must they come by its environment."""
    data = tmp_path / "data"
    with servers.running(data, **tmdb):
        child = until(lambda: child_of(data))
        command = Path(f"/proc/{child}/cmdline").read_bytes()
        assert b"stand-in" not in command
        until(lambda: niceness(child) == 10)
