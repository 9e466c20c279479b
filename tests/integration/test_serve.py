"""The server as a process: what it cannot start on it says in one line; what it acknowledged it keeps."""

import http.client
import json
import os
import random
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.request

import pytest

from tests import server as servers

KILLS = 4


def refused(*arguments, **environment):
    """Start what cannot start; gives what it said."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("MOVIEFINDER_")}
    command = [sys.executable, "-m", "moviefinder", "serve", *map(str, arguments)]
    done = subprocess.run(
        command, env=env | environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    return done.stderr


def one_line(said):
    """The only line, without its sender."""
    [line] = said.splitlines()
    assert line.startswith("moviefinder: ")
    return line


def test_a_data_folder_that_cannot_be_written_is_named(tmp_path):
    """And nothing is made."""
    (tmp_path / "file").write_text("in the way")
    line = one_line(refused("--data", tmp_path / "file" / "data"))
    assert str(tmp_path / "file" / "data") in line
    assert "--data" in line
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_port_in_use_is_named(tmp_path):
    """With what to do about it."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        line = one_line(refused("--data", tmp_path, "--port", port))
    assert f"port {port}" in line
    assert "--port" in line
    assert not (tmp_path / "moviefinder.db").exists()


@pytest.mark.parametrize(
    ("arguments", "environment", "said"),
    [
        (["--port", "70000"], {}, "port"),
        ([], {"MOVIEFINDER_THREADS": "many"}, "threads"),
        (["--config", "/nowhere/moviefinder.toml"], {}, "moviefinder.toml"),
        (["--host", "no such host"], {}, "no such host"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path, arguments, environment, said):
    """Whether it came by argument, variable or file."""
    assert said in one_line(refused("--data", tmp_path, *arguments, **environment))


def test_a_newer_schema_is_refused_and_left_alone(tmp_path):
    """Going back needs the newer MovieFinder, or a backup."""
    database = sqlite3.connect(tmp_path / "moviefinder.db")
    database.execute("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
    database.execute("INSERT INTO alembic_version VALUES ('9999')")
    database.commit()
    line = one_line(refused("--data", tmp_path, "--port", servers.free_port()))
    assert "9999" in line
    assert "newer MovieFinder" in line
    assert database.execute("PRAGMA journal_mode").fetchone() == ("delete",)
    tables = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    assert tables == [("alembic_version",)]
    database.close()


def test_a_file_that_is_no_database_is_refused(tmp_path):
    """It may be somebody's only copy of something else."""
    (tmp_path / "moviefinder.db").write_text("not a database, " * 1000)
    line = one_line(refused("--data", tmp_path, "--port", servers.free_port()))
    assert "moviefinder.db" in line
    assert (tmp_path / "moviefinder.db").read_text().startswith("not a database")


def test_a_database_that_is_gone_but_for_its_last_words_is_not_begun_anew(tmp_path):
    """They would be played into the new one."""
    (tmp_path / "moviefinder.db-wal").write_bytes(b"last words")
    line = one_line(refused("--data", tmp_path, "--port", servers.free_port()))
    assert "moviefinder.db-wal" in line
    assert not (tmp_path / "moviefinder.db").exists()


@pytest.mark.parametrize("lock", ["prepare.lock", "worker.lock"])
def test_a_lock_that_cannot_be_taken_is_named(tmp_path, lock):
    """A folder in its place, say, or another user's file."""
    (tmp_path / lock).mkdir()
    assert lock in one_line(refused("--data", tmp_path, "--port", servers.free_port()))


class Person:
    """Somebody who answers films as fast as they are taken, and remembers what was acknowledged."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
        self.acknowledged = {}
        self.possible = {}  # what each film may have: what was acknowledged last, and what was sent since

    def ask(self, url, method="GET", body=None):
        """The JSON of an answer."""
        headers = {"Content-Type": "application/json", "X-Requested-With": "moviefinder"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(url, method=method, data=data, headers=headers)
        with self.opener.open(request, timeout=30) as answer:
            return json.load(answer)

    def write_until_it_dies(self, url):
        """Rate films at random; ends when the server is gone."""
        while True:
            film, rating = self.random.randrange(1, 60), self.random.randrange(1, 11)
            self.possible.setdefault(film, {None}).add(rating)
            try:
                self.ask(f"{url}/api/v1/library/{film}", "PATCH", {"rating": rating})
            except (OSError, http.client.HTTPException):  # away, or cut off in mid-answer
                return
            self.acknowledged[film] = rating
            self.possible[film] = {rating}


@pytest.mark.slow
def test_every_acknowledged_answer_survives_a_kill(tmp_path):
    """Kill -9 of all its processes at a random moment under load, again and again: nothing lost, nothing doubled."""
    people = [Person(seed) for seed in range(4)]
    data, port = tmp_path / "data", servers.free_port()
    moments = random.Random(2012)
    for _ in range(KILLS):
        server = servers.start(data, port=port)
        threads = [
            threading.Thread(target=person.write_until_it_dies, args=(server.url,)) for person in people
        ]
        for thread in threads:
            thread.start()
        time.sleep(moments.uniform(0.3, 1.2))
        server.stop(signal.SIGKILL)
        for thread in threads:
            thread.join()
    with servers.running(data, port=port) as server:
        for person in people:
            assert len(person.acknowledged) > KILLS
            for film in person.acknowledged:
                kept = person.ask(f"{server.url}/api/v1/library/{film}")["rating"]
                assert kept in person.possible[film], film
    database = sqlite3.connect(data / "moviefinder.db")
    assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert database.execute("PRAGMA foreign_key_check").fetchall() == []
    database.close()


def test_a_first_start_that_is_killed_is_made_good_by_the_next(tmp_path):
    """Wherever it was: the catalogue is there whole or not at all."""
    for wait_s in (0.4, 0.9, 1.4):
        data, port = tmp_path / f"after-{wait_s}", servers.free_port()
        command = [sys.executable, "-m", "moviefinder", "serve", "--data", str(data), "--port", str(port)]
        first = subprocess.Popen(command, stderr=subprocess.DEVNULL, start_new_session=True)
        time.sleep(wait_s)
        os.killpg(first.pid, signal.SIGKILL)
        first.wait()
        with servers.running(data, port=port) as server:
            found = Person(0).ask(f"{server.url}/api/v1/films?q=godfathr")
        assert found["items"][0]["title"] == "The Godfather"


def test_links_of_the_command_line_lead_to_where_the_folder_is_served(tmp_path):
    """Also where the port was told to `serve` alone."""
    data = tmp_path / "data"
    with servers.running(data) as server:
        told = subprocess.run(
            [sys.executable, "-m", "moviefinder", "user", "invite", "--data", str(data)],
            capture_output=True,
            text=True,
            check=True,
        )
    assert told.stdout.startswith(f"{server.url}/sign-up#invitation=")
