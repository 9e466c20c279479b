"""The running API does what its own document says, for anything that is sent to it."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from moviefinder.app import make_app
from moviefinder.config import Settings
from moviefinder.store import models
from moviefinder.web import create_app
from tests import server as servers
from tests.browser import LOVED
from tests.roles import come
from tests.routes import routes
from tests.visitor import Visitor

EXAMPLES = 15  # of each operation and phase; coverage alone makes some hundreds of calls
OWN = "^/api/v1/(account|sessions?|operator|exports|jobs)(/|$)"
"""What is another for who is signed in; all else was asked as nobody and as a guest."""
ENDING = (
    *("DELETE /api/v1/session", "DELETE /api/v1/sessions", "DELETE /api/v1/account", "POST /api/v1/session"),
    *("POST /api/v1/session/again", "POST /api/v1/session/passkey", "PUT /api/v1/account/password"),
    *("POST /api/v1/account/links/use", "DELETE /api/v1/account/identities/{identity}"),
    *("POST /api/v1/account/passkeys", "DELETE /api/v1/account/passkeys/{passkey}"),
    "DELETE /api/v1/sessions/{session}",
)
"""Operations after which the session of the run is over."""
MANY = "1000000"
LIMITS = (
    "sign_ins_per_5min",
    "sign_ins_per_5min_all",
    "resets_per_day",
    "resets_per_5min",
    "registrations_per_30min",
)


@pytest.fixture(scope="module")
def server(tmp_path_factory, outside):
    """A server of its own: what is written here is nonsense. Whoever it switches on is our stand-in."""
    folder = tmp_path_factory.mktemp("openapi")
    told = servers.outside(outside) | dict.fromkeys(LIMITS, MANY)
    with servers.running(folder / "data", **told) as server:
        yield server


def as_nobody(server):
    """Each write makes a guest of its own."""
    return []


def as_guest(server):
    """One guest who has said something; operations that would end its session are left out."""
    visitor = Visitor(server.url)
    for film in LOVED:
        visitor.ask("PATCH", f"/library/{film}", {"verdict": "liked"})
    cookie = "; ".join(f"{cookie.name}={cookie.value}" for cookie in visitor.cookies)
    return [f"--header=Cookie: {cookie}", *(f"--exclude-name={name}" for name in ENDING)]


def as_account(server, role="fresh account"):
    """Somebody who has an account, and stays fresh for as long as this takes."""
    app = make_app(Settings(data=server.log.parent / "data"))
    person = come(app, role)
    with app.transaction() as session:
        later = datetime.now(UTC) + timedelta(hours=1)
        session.execute(
            update(models.Session).where(models.Session.id == person.session_id).values(fresh_at=later)
        )
    app.close()
    left_out = [f"--exclude-name={name}" for name in ENDING]
    return [f"--header=Cookie: {person.headers['Cookie']}", f"--include-path-regex={OWN}", *left_out]


def as_operator(server):
    """Who runs the install."""
    return as_account(server, "operator")


@pytest.mark.parametrize("asking", [as_nobody, as_guest, as_account, as_operator])
def test_schemathesis_finds_nothing(server, tmp_path, asking):
    """Examples, edges, random input and chains of calls: no 5xx, no undocumented answer, nothing accepted wrongly."""
    told = subprocess.run(
        [
            Path(sys.executable).with_name("st"),
            f"--config-file={Path(__file__).with_name('schemathesis.toml')}",
            "run",
            f"{server.url}/openapi.json",
            "--phases=examples,coverage,fuzzing,stateful",
            f"--max-examples={EXAMPLES}",
            "--header=X-Requested-With: moviefinder",
            "--generation-database=none",
            "--seed=1",
            "--no-color",
            *asking(server),
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 0, told.stdout[-20_000:] + told.stderr


def test_every_route_of_the_api_is_in_its_document(tmp_path):
    """What is not could be called, and would be tried by nothing here."""
    app = make_app(Settings(data=tmp_path))
    flask = create_app(app)
    told = {
        f"{method.upper()} {path}" for path, methods in flask.api_doc["paths"].items() for method in methods
    }
    there = {str(route) for route in routes(flask) if route.rule.startswith(("/api/", "/suggestion/"))}
    assert there - told == set()
    app.close()
