"""Who may do what: every route with every method, asked by everybody who may come, on three kinds of install."""

import pytest
from sqlalchemy import update

from moviefinder.app import make_app
from moviefinder.config import Settings
from moviefinder.store import models
from moviefinder.store.schema import prepare
from moviefinder.web import create_app
from moviefinder.web.security import Access
from tests.conftest import WRITE, install
from tests.factories import make_catalogue, make_film
from tests.roles import ROLES, come
from tests.routes import routes

INSTALLS = {
    "local, nobody runs it yet": {},
    "local": {},
    "elsewhere": {"base_url": "https://films.example"},
}
GATES = {"session-ended", "sign-in-needed", "sign-in-again", "not-allowed", "cross-site"}
"""Problems by which a rule refuses; any other answer is the view's own."""

TOKENS = {"read token": "not-allowed", "write token": "not-allowed"}
ENDED = {"ended cookie": "session-ended"}
REFUSED = {
    Access.PUBLIC: {},
    Access.SYSTEM: {},
    Access.REPORT: {},
    Access.CALLBACK: {},
    Access.VISITOR: TOKENS,
    Access.ENDING: TOKENS,
    Access.RETURNING: TOKENS,
    Access.READER: ENDED,
    Access.WRITER: ENDED,
    Access.OWNER: {**ENDED, **TOKENS, "nobody": "sign-in-needed"},
    Access.FRESH: {
        **ENDED,
        **TOKENS,
        "nobody": "sign-in-needed",
        "account": "sign-in-again",
        "another account": "sign-in-again",
    },
    Access.HOUSEHOLD: {**ENDED, **TOKENS},
    Access.OPERATOR: {**ENDED, **TOKENS},
}
"""Who is refused by which problem, wherever the install is; `expected` has what depends on that."""


@pytest.fixture(params=INSTALLS)
def kind(request):
    """Each kind of install in turn."""
    return request.param


@pytest.fixture
def settings(kind, tmp_path):
    """SQLite is enough here; nobody is called outside."""
    return Settings(data=tmp_path / "data", offline=True, **INSTALLS[kind])


@pytest.fixture
def app(settings, kind):
    """An install that knows some films, and somebody who runs it where that is so."""
    settings.data.mkdir()
    app = make_app(settings, shipped_model=settings.data / "none.npz")
    prepare(app.engine)
    install(app, make_catalogue([make_film(number) for number in range(1, 9)]))
    if kind != "local, nobody runs it yet":
        come(app, "operator")
    yield app
    app.close()


@pytest.fixture
def ask(app):
    """Ask as somebody: `ask(person, "GET", "/api/v1/session")`."""
    client = create_app(app).test_client(use_cookies=False)

    def ask(person, method, address, body=None, **headers):
        given = {**WRITE, **person.headers, **headers}
        return client.open(address, method=method, json=body, headers=given, base_url=app.settings.address)

    ask.flask = client.application
    return ask


def expected(route, role, kind):
    """The problem by which a rule refuses somebody; None where it lets them in."""
    refused = dict(REFUSED[route.access])
    if route.access in (Access.READER, Access.WRITER) and route.is_write:
        refused["read token"] = "not-allowed"
    if (route.access is Access.HOUSEHOLD and kind == "elsewhere") or (
        route.access is Access.OPERATOR and kind != "local, nobody runs it yet"
    ):
        refused = dict.fromkeys(set(ROLES) - {"operator"}, "not-allowed") | refused
    return refused.get(role)


def refusal(response):
    """The problem by which a rule refused; None where it did not."""
    if response.mimetype != "application/problem+json":
        return None
    problem = response.json["type"].removeprefix("/problems/")
    return problem if problem in GATES else None


def test_every_route_is_for_whom_it_says_and_for_nobody_else(app, ask, kind, capsys):
    """Exactly: who may is let in as far as the view, who may not is told why."""
    asked = 0
    for route in routes(ask.flask):
        for role in ROLES:
            person = come(app, role)
            with ask(person, route.method, route.address(), route.least_body()) as response:
                asked += 1
                assert refusal(response) == expected(route, role, kind), (
                    str(route),
                    role,
                    response.text[:300],
                )
                assert response.status_code < 500 or route.endpoint == "pages.page", (str(route), role)
                is_understood = response.status_code != 422 or "validation" not in response.text
                assert is_understood, f"tests/routes.py must fill in {route}: {response.text[:300]}"
            if kind == "local, nobody runs it yet":  # so shall it stay
                with app.transaction(lasting=False) as session:
                    session.execute(update(models.User).values(is_operator=False))
    with capsys.disabled():
        print(f"\n{kind}: {asked} questions, every one answered as declared", flush=True)  # noqa: T201
