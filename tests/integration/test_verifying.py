"""The table of every path on which a secret is verified, and that nothing verifies one beside it.

Three ways round: what the code compares takes a counted `Attempt`; what a view declares is in the table; and what is in
the table is counted, which is tried on each of its views until it is refused.
"""

import ast
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

import moviefinder
from conftest import MEASURED
from moviefinder.config import ProviderSettings, Settings
from moviefinder.services.accounts import attempts
from moviefinder.services.accounts.attempts import PATHS
from moviefinder.web import create_app
from tests.conftest import WRITE
from tests.roles import come
from tests.routes import routes

SOURCE = Path(moviefinder.__file__).parent
DOCS = Path(__file__).resolve().parents[2] / "docs"
COMPARING = {"compare_digest", "verify", "authenticate_complete", "register_complete", "hash_of"}
NOT_SECRETS = {
    "services/accounts/sessions.py:asker_of": "path cookie: 256 random bits",
    "services/accounts/sessions.py:asker_of_token": "path bearer: 256 random bits",
    "services/accounts/sessions.py:end_session": "ends a session, and tells nothing",
    "services/accounts/passkeys.py:add": "no secret: a new key is signed with itself",
    "services/accounts/flows.py:take": "256 random bits in a cookie; what it opens takes an attempt of its own",
}
"""Functions that look a secret up and take no attempt, each with its reason."""


@pytest.fixture
def settings(tmp_path):
    """Where strangers come, and a small number is soon reached."""
    return Settings(
        data=tmp_path / "data",
        base_url="https://films.example",
        sign_ins_per_5min=3,
        resets_per_day=3,
        resets_per_5min=3,
        registrations_per_30min=3,
        registration="invited",
        providers={"test": ProviderSettings(issuer="http://127.0.0.1:9", client_id="test")},
    )


def functions():
    """Each function of the package with its file."""
    for path in sorted(SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef):
                yield path.relative_to(SOURCE).as_posix(), node


def name_of(call):
    """The last name of what is called."""
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def compares(function):
    """Whether a function holds what somebody sent against a secret, or looks it up by the hash of one."""
    for node in ast.walk(function):
        if isinstance(node, ast.Call) and name_of(node) in COMPARING - {"hash_of"}:
            return True
        looked_up = node.comparators if isinstance(node, ast.Compare) else node.args if is_get(node) else []
        if any(isinstance(part, ast.Call) and name_of(part) == "hash_of" for part in looked_up):
            return True
    return False


def is_get(node):
    """Whether a row is asked for by its key."""
    return isinstance(node, ast.Call) and name_of(node) == "get"


def test_whatever_compares_a_secret_takes_an_attempt():
    """So nobody can write a check that is not counted without saying why here."""
    found = set()
    for path, function in functions():
        if not path.startswith(("services/accounts", "services/operator", "web/")) or not compares(function):
            continue
        if path == "services/accounts/passwords.py":  # the comparison itself; its callers are looked at
            continue
        if "Attempt" not in ast.unparse(function.args):
            found.add(f"{path}:{function.name}")
    assert found == NOT_SECRETS.keys()


def test_views_count_in_one_place():
    """There a view that has not declared the path is a bug that the first request finds."""
    assert {
        path
        for path, function in functions()
        if path.startswith("web/") and path != "web/verifying.py"
        for node in ast.walk(function)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "attempts.attempt"
    } == set()


def test_no_attempt_is_made_by_hand():
    """It says that a try was counted."""
    with pytest.raises(TypeError, match="counting"):
        attempts.Attempt(path="sign_in", account_key=None, counted_at=datetime.now(UTC), seal=None)


def test_every_path_is_some_views_or_needs_no_count(client):
    """The table has no line too many, and none too few."""
    declared = {path for route in routes(client.application) for path in getattr(route.view, "verifies", ())}
    assert declared == {name for name, path in PATHS.items() if path.counts}


def test_every_view_that_verifies_is_counted(app, record_property):
    """Asked with nonsense from one address, each says after a few tries when to come back."""
    flask = create_app(app)
    client, counted = flask.test_client(use_cookies=False), 0
    for number, route in enumerate(routes(flask)):
        if not getattr(route.view, "verifies", ()):
            continue
        person = come(
            app, "nobody" if route.access.name in ("VISITOR", "RETURNING", "CALLBACK") else "fresh account"
        )
        tries = []
        while len(tries) < 150 and 429 not in tries:
            response = client.open(
                route.address(),
                method=route.method,
                json=route.least_body("invitation"),
                headers=WRITE | person.headers,
                base_url=app.settings.address,
                environ_overrides={"REMOTE_ADDR": f"198.51.100.{number}"},
            )
            is_page = "problem=too-many" in response.headers.get("Location", "")
            tries.append(429 if is_page else response.status_code)
        assert tries[-1] == 429, (str(route), tries[:5])
        assert is_page or int(response.headers["Retry-After"]) >= 1
        counted += 1
    record_property(MEASURED, {"views_that_verify_or_mail": counted, "uncounted": 0})


def test_the_table_of_paths_is_documented_as_it_is():
    """Each with its limits as they are by default."""

    def worded(bound):
        if bound is None:
            return ""
        minutes = int(bound.window.total_seconds() // 60)
        window = f"{minutes // 60} h" if minutes % 60 == 0 else f"{minutes} min"
        return f"{bound.limit_of(Settings())} in {window}"

    text = (DOCS / "security.md").read_text()
    for name, path in PATHS.items():
        limits = " | ".join(map(worded, (path.account, path.address, path.everybody)))
        assert f"| `{name}` | {path.why} | {limits} |" in text


def test_every_test_that_the_page_on_security_names_is_there():
    """What shows a requirement cannot go unnoticed."""
    tests = DOCS.parent / "tests"
    there = {
        name for path in tests.rglob("test_*.py") for name in re.findall(r"def (test_\w+)", path.read_text())
    }
    named = set(re.findall(r"`(test_\w+)`", (DOCS / "security.md").read_text()))
    assert len(named) > 40
    assert named - there == set()
