"""A real App on a real database for each test: SQLite always, PostgreSQL beside it where both must agree."""

from __future__ import annotations

import fcntl
import os
import shutil
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy

from moviefinder.app import make_app
from moviefinder.config import Settings
from moviefinder.services import catalogue as catalogue_service
from moviefinder.store.schema import prepare
from moviefinder.web import create_app
from tests import postgresql, rabbitmq
from tests.factories import make_catalogue, make_film
from tests.stand_in import running

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
WRITE = {"X-Requested-With": "moviefinder"}
# Any two files: only their locks are used.
_TURN, _GATE = Path(__file__), Path(__file__).with_name("factories.py")


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item):
    """Where tests run beside each other, have those that are marked `alone` run while no other does."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        return (yield)
    with _TURN.open() as turn, _GATE.open() as gate:
        fcntl.flock(gate, fcntl.LOCK_EX)  # held by who waits to be alone, so that nobody overtakes for ever
        fcntl.flock(turn, fcntl.LOCK_EX if item.get_closest_marker("alone") else fcntl.LOCK_SH)
        fcntl.flock(gate, fcntl.LOCK_UN)
        try:
            return (yield)
        finally:
            fcntl.flock(turn, fcntl.LOCK_UN)  # by word, for a child of the test may have inherited the file


@pytest.fixture(scope="session")
def postgresql_server():
    """The address of a private PostgreSQL."""
    with postgresql.running() as address:
        yield address


@pytest.fixture
def empty_postgresql(postgresql_server, beginning, request):
    """The address of a database of the test's own; with tables where `empty_app` is asked for as well."""
    name = f"test_{abs(hash(request.node.nodeid))}"
    begins = beginning(request, postgresql_server)
    with _asking(postgresql_server) as ask:
        ask(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        ask(f"CREATE DATABASE {name} TEMPLATE {begins or 'template1'}")
    yield _on(postgresql_server, name)
    with _asking(postgresql_server) as ask:
        ask(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def beginning(tmp_path_factory):
    """What a test's database is a copy of: a SQLite file, or the name of a PostgreSQL database; None where it is empty.

    Each is made when it is first asked for: a copy takes a tenth of the time.
    """
    made = {}

    def beginning(request, server=None):
        asked = set(request.fixturenames) & {"empty_app", "forty_films"}
        if not asked:
            return None
        name = "begins_with_films" if "forty_films" in asked else "begins_with_tables"
        if (name, server) not in made:
            made[name, server] = name if server else tmp_path_factory.mktemp(name) / "moviefinder.db"
            if server:
                with _asking(server) as ask:
                    ask(f"CREATE DATABASE {name}")
            database = _on(server, name) if server else f"sqlite:///{made[name, server]}"
            app = make_app(Settings(data=tmp_path_factory.mktemp("data"), database=database))
            prepare(app.engine)
            if "forty_films" in asked:
                install(app, make_catalogue([make_film(number) for number in range(1, 41)]))
            app.close()
        return made[name, server]

    return beginning


@contextmanager
def _asking(server):
    """Say something to a PostgreSQL server itself, outside of any transaction."""
    engine = sqlalchemy.create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        yield connection.exec_driver_sql
    engine.dispose()


def _on(server, name):
    """The address of a database of a server."""
    return sqlalchemy.make_url(server).set(database=name).render_as_string(hide_password=False)


@pytest.fixture(scope="session")
def rabbitmq_server():
    """A private RabbitMQ."""
    with rabbitmq.running() as broker:
        yield broker


@pytest.fixture
def empty_rabbitmq(rabbitmq_server):
    """The address of a broker whose queues of ours are empty."""
    rabbitmq_server.empty()
    return rabbitmq_server.url


@pytest.fixture(scope="session")
def outside():
    """The outside world as one process: see `tests/stand_in`."""
    with running() as stand_in:
        yield stand_in


@pytest.fixture
def stand_in(outside):
    """The same, well and with nothing asked yet."""
    outside.clear()
    return outside


@pytest.fixture(params=["sqlite", "postgresql"])
def settings(request, tmp_path):
    """Settings for one data folder, on each database in turn."""
    database = request.getfixturevalue("empty_postgresql") if request.param == "postgresql" else ""
    return Settings(data=tmp_path / "data", database=database)


@pytest.fixture
def empty_app(settings, beginning, request):
    """An App whose database has its tables and nothing in them, and that knows no model."""
    settings.data.mkdir()
    if settings.sqlite_path:
        shutil.copyfile(beginning(request), settings.sqlite_path)
    app = make_app(settings, shipped_model=settings.data / "none.npz", look_every_s=0)
    yield app
    app.close()


@pytest.fixture
def forty_films():
    """Asked for by who wants them in the database from the beginning."""


@pytest.fixture
def app(forty_films, empty_app):
    """An App that knows forty films: film 1 is the best known, and each names the five after it."""
    return empty_app


def install(app, catalogue, *, now=NOW):
    """Install a catalogue; returns what that did."""
    with app.transaction() as session:
        return catalogue_service.install(session, catalogue, now=now)


@pytest.fixture
def client(app):
    """Somebody without a cookie."""
    return create_app(app).test_client()


@pytest.fixture
def say(client):
    """Say something of a film as this client: `say(3, verdict="liked")`; gives the answer."""

    def say(number, headers=WRITE, **answers):
        return client.patch(f"/api/v1/library/imdb:tt{number:07d}", json=answers, headers=headers)

    return say
