"""Who may do what: every route with every method, asked by everybody who may come, on three kinds of install."""

import re
from datetime import UTC, datetime

import pytest
from sqlalchemy import update

from conftest import MEASURED
from moviefinder.app import make_app
from moviefinder.config import Settings
from moviefinder.records import Verdict
from moviefinder.services import library
from moviefinder.services.accounts import merging, sessions, tokens
from moviefinder.services.accounts.secrets import new_secret
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

STRICTER = {
    ("POST /api/v1/operator/code", "guest"): "not-allowed",
    ("PUT /api/v1/account/email", "guest"): "not-allowed",
}
"""Where a view refuses somebody whom its rule lets in: guests, who must first become accounts."""


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
    if (str(route), role) in STRICTER:
        return STRICTER[str(route), role]
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


def test_every_route_is_for_whom_it_says_and_for_nobody_else(app, ask, kind, record_property):
    """Exactly: who may is let in as far as the view, who may not is told why."""
    asked, wrong = 0, []
    for route in routes(ask.flask):
        for role in ROLES:
            person = come(app, role)
            with ask(person, route.method, route.address(), route.least_body()) as response:
                asked += 1
                if refusal(response) != expected(route, role, kind):
                    wrong.append((str(route), role, response.text[:300]))
                assert response.status_code < 500 or route.endpoint == "pages.page", (str(route), role)
                is_understood = response.status_code != 422 or "validation" not in response.text
                assert is_understood, f"tests/routes.py must fill in {route}: {response.text[:300]}"
            if kind == "local, nobody runs it yet":  # so shall it stay
                with app.transaction(lasting=False) as session:
                    session.execute(update(models.User).values(is_operator=False))
    assert wrong == []
    measured = {
        "roles": len(ROLES),
        "install": kind,
        "questions": asked,
        "answered_otherwise_than_declared": 0,
    }
    record_property(MEASURED, measured)


MISSING = 2**31 - 2
"""A number that nothing has."""


def change_of(session, owner):
    """A change of somebody's library."""
    return library.say(session, owner.user_id, 1, {"verdict": Verdict.LIKED}, now=datetime.now(UTC)).change_id


def token_of(session, owner):
    """Somebody's token."""
    made, _ = tokens.make(session, owner.user_id, name="test", scope="read", now=datetime.now(UTC))
    return made.id


def passkey_of(session, owner):
    """Somebody's passkey."""
    row = models.Passkey(
        user_id=owner.user_id,
        user_handle=b"h",
        credential_id=new_secret().encode(),
        public_key=b"k",
        sign_count=0,
        name="test",
        created_at=datetime.now(UTC),
    )
    return added(session, row)


def identity_of(session, owner):
    """A provider that somebody signs in with."""
    row = models.Identity(
        user_id=owner.user_id,
        provider="test",
        issuer="https://id.example",
        subject=new_secret(),
        failed_count=0,
        created_at=datetime.now(UTC),
    )
    return added(session, row)


def session_of(session, owner):
    """Another browser that somebody uses."""
    user = session.get_one(models.User, owner.user_id)
    asker, _ = sessions.begin_session(
        session, user, way="password", address="127.0.0.1", user_agent="test", now=datetime.now(UTC)
    )
    return asker.session_id


def merged_guest_of(session, owner):
    """A guest whom somebody brought along."""
    guest = sessions.make_user(session, now=datetime.now(UTC))
    library.say(session, guest.id, 2, {"verdict": Verdict.LIKED}, now=datetime.now(UTC))
    merging.bring_along(session, guest.id, owner.user_id, now=datetime.now(UTC))
    return guest.id


def added(session, row):
    """The number of a new row."""
    session.add(row)
    session.flush()
    return row.id


OWNED = {
    "change": change_of,
    "token": token_of,
    "passkey": passkey_of,
    "identity": identity_of,
    "session": session_of,
    "guest": merged_guest_of,
}
"""How to make what a parameter of an address names, where that is somebody's."""

NOBODYS = {
    *("film", "_film", "because", "person", "letter", "query", "name", "file"),  # films, the same for all
    *("job", "invitation"),  # the operator's
    *("provider", "_purpose", "code"),
}
"""Parameters that name nothing of anybody's."""


def test_every_parameter_of_an_address_is_known_to_be_somebodys_or_nobodys(ask):
    """A new one must be put into one of the two tables, or the next test would pass it over."""
    assert {name for route in routes(ask.flask) for name in route.arguments} - OWNED.keys() - NOBODYS == set()


def test_what_belongs_to_another_is_as_if_it_were_not_there(app, ask, kind, record_property):
    """For everybody and by every method: what a number that nothing has gets, word for word; and nothing is changed."""
    asked = 0
    for route in routes(ask.flask):
        for name in route.arguments & OWNED.keys():
            owner = come(app, "fresh account")
            with app.transaction(lasting=False) as session:
                number = OWNED[name](session, owner)
            for role in set(ROLES) - {"another account"}:
                told = []
                for what in (number, MISSING):
                    person = come(app, role)
                    response = ask(person, route.method, route.address({name: what}), route.least_body())
                    text = response.text.replace(response.headers["X-Request-ID"], "")
                    text = re.sub(rf"\b{what}\b", "N", text)
                    told.append((response.status_code, text, sorted(response.headers.keys())))
                asked += 1
                assert told[0] == told[1], (str(route), role)
                assert told[0][0] in (401, 403, 404), (str(route), role)
                assert told[0][0] == 404 or expected(route, role, kind), (str(route), role)
            mine = ask(owner, route.method, route.address({name: number}), route.least_body())
            assert mine.status_code < 300, f"{route} is not there for its owner either: {mine.text[:300]}"
    record_property(MEASURED, {"install": kind, "asked_for_what_is_anothers": asked, "answered": 0})
