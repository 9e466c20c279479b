"""Signing in with Facebook, and what it asks to delete: real HTTP, in the shape of its documentation."""

import base64
import hashlib
import hmac
import json
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import func, select, update

from moviefinder.config import Settings
from moviefinder.services.accounts.providers.known import Providers
from moviefinder.store import models
from moviefinder.store.hosts import HostLedger
from moviefinder.web import create_app
from tests import facebook, oidc
from tests.providers import Browser, callback, problem_in


@pytest.fixture
def stand_in():
    """Facebook."""
    with facebook.running() as found:
        found.redirects_to(callback("facebook"))
        yield found


@pytest.fixture
def home():
    """Another provider beside it."""
    with oidc.running() as found:
        found.redirects_to(callback("home"))
        yield found


@pytest.fixture
def settings(tmp_path, stand_in, home):
    """Settings with both."""
    return Settings(
        data=tmp_path / "data",
        providers={"facebook": stand_in.settings(), "home": home.settings()},
        sign_ins_per_5min=1000,
        resets_per_5min=1000,
        registrations_per_30min=1000,
    )


@pytest.fixture
def flask(app):
    """The web application; it knows forty films."""
    made = create_app(app)
    made.extensions["moviefinder.providers"] = Providers(app.settings, HostLedger(app.engine), finish_s=20)
    return made


@pytest.fixture
def person(flask, stand_in, home):
    """Somebody without a cookie."""
    return Browser(flask.test_client(), {"facebook": stand_in, "home": home})


def ask_to_delete(person, signed_request):
    """What Facebook does then; gives the answer."""
    return person.client.post("/auth/facebook/deletion", data={"signed_request": signed_request})


def identities(app):
    """(provider, subject, e-mail) of all."""
    with app.reading() as session:
        found = select(models.Identity.provider, models.Identity.subject, models.Identity.email)
        return {tuple(row) for row in session.execute(found)}


def test_somebody_signs_in_with_facebook_and_comes_back(person, flask, stand_in, app):
    """Three calls: the dialog, the token, who it is, with the proof that it is this app that asks."""
    assert person.go("facebook") == "/"
    first = person.who()
    assert (first["guest"], first["name"]) == (False, "Ben")
    again = Browser(flask.test_client(), person.stand_ins)
    again.go("facebook")
    assert again.who()["id"] == first["id"]
    assert stand_in.complaints == []
    assert stand_in.journal[:3] == ["/v26.0/dialog/oauth", "/v26.0/oauth/access_token", "/v26.0/me"]
    assert identities(app) == {("facebook", "10220000000000001", "ben@example.org")}


def test_no_email_address_is_needed(person, stand_in, app):
    """Some sign up there by telephone."""
    stand_in.person = {"id": "7", "name": "  Ben\u0007\u202e  K. "}
    assert person.go("facebook") == "/"
    assert identities(app) == {("facebook", "7", None)}
    assert person.who()["name"] == "Ben K."


def test_the_version_is_a_setting(stand_in, app):
    """Each lives for two years."""
    stand_in.version = "v31.0"
    settings = Settings(data=app.settings.data, providers={"facebook": stand_in.settings()})
    flask = create_app(app)
    flask.extensions["moviefinder.providers"] = Providers(settings, HostLedger(app.engine))
    assert Browser(flask.test_client(), {"facebook": stand_in}).go("facebook") == "/"
    assert set(stand_in.journal) == {"/v31.0/dialog/oauth", "/v31.0/oauth/access_token", "/v31.0/me"}


@pytest.mark.parametrize(
    ("fault", "word"),
    [
        ("no-id", "provider-nonsense"),
        ("nonsense", "provider-nonsense"),
        ("error-500", "provider-silent"),
        ("hang", "provider-silent"),
    ],
)
def test_what_facebook_gets_wrong_is_said_on_the_page(flask, person, stand_in, app, fault, word):
    """Within the time, and nobody is made of it."""
    if fault == "hang":
        flask.extensions["moviefinder.providers"] = Providers(
            app.settings, HostLedger(app.engine), finish_s=1
        )
    back = stand_in.visit(person.begin("facebook").json["location"])
    stand_in.faults = {fault}
    assert problem_in(person.back(back.partition("#")[0])) == word
    assert identities(app) == set()


def test_a_wrong_secret_is_the_operators_to_mend(stand_in, app):
    """The page says that Facebook refused."""
    settings = Settings(
        data=app.settings.data, providers={"facebook": stand_in.settings(client_secret="another")}
    )
    flask = create_app(app)
    flask.extensions["moviefinder.providers"] = Providers(settings, HostLedger(app.engine))
    assert (
        problem_in(Browser(flask.test_client(), {"facebook": stand_in}).go("facebook")) == "provider-refused"
    )


def test_no_secret_and_no_token_reaches_the_browser(person):
    """The dialog's address holds what everybody may know."""
    location = person.begin("facebook").json["location"]
    assert set(parse_qs(urlsplit(location).query)) == {
        "response_type",
        "client_id",
        "redirect_uri",
        "scope",
        "state",
    }


def test_whoever_proves_anew_is_asked_by_facebook(person):
    """Not just sent back."""
    person.go("facebook")
    location = person.begin("facebook", "again").json["location"]
    assert parse_qs(urlsplit(location).query)["auth_type"] == ["reauthenticate"]


# What Facebook asks to delete


def test_whoever_has_no_other_way_in_is_erased(person, stand_in, app):
    """All of it, and a page that anybody with the code can read says when."""
    person.like(3)
    person.go("facebook")
    assert person.liked() == 1
    answer = ask_to_delete(person, stand_in.signed_request())
    assert answer.status_code == 200
    assert set(answer.json) == {"url", "confirmation_code"}
    assert answer.json["url"] == (
        f"http://127.0.0.1:8000/auth/facebook/deletion/{answer.json['confirmation_code']}"
    )
    with app.reading() as session:
        for table in (models.User, models.Identity, models.Session, models.UserFilm, models.Change):
            assert session.scalar(select(func.count()).select_from(table)) == 0, table
    assert person.client.get("/api/v1/session").status_code == 401
    page = person.client.get(urlsplit(answer.json["url"]).path)
    assert (page.status_code, page.mimetype, page.headers["Cache-Control"]) == (200, "text/html", "no-store")
    assert answer.json["confirmation_code"] in page.text
    assert "deleted" in page.text
    german = person.client.get(
        urlsplit(answer.json["url"]).path, headers={"Accept-Language": "de-AT,de;q=0.9"}
    )
    assert 'lang="de"' in german.text


def test_whoever_has_another_way_in_keeps_the_account(person, stand_in, app):
    """Facebook's goes, with all sessions; the films stay."""
    person.like(3)
    person.go("home")
    person.go("facebook", "link")
    who = person.who()["id"]
    assert ask_to_delete(person, stand_in.signed_request()).status_code == 200
    assert {row[0] for row in identities(app)} == {"home"}
    assert person.client.get("/api/v1/session").status_code == 401
    person.client.delete_cookie("moviefinder")
    person.go("home")
    assert (person.who()["id"], person.liked()) == (who, 1)


def test_the_same_request_again_does_nothing_again(person, stand_in, app):
    """Facebook may send it twice; whoever saw it once gains nothing when the person has come back."""
    person.go("facebook")
    signed_request = stand_in.signed_request()
    first = ask_to_delete(person, signed_request)
    person.client.delete_cookie("moviefinder")
    person.go("facebook")
    second = ask_to_delete(person, signed_request)
    assert second.json == first.json
    assert len(identities(app)) == 1
    assert person.who() is not None


def test_somebody_unknown_is_answered_alike(person, stand_in):
    """There is nothing to delete, and the page says that nothing is there."""
    answer = ask_to_delete(person, stand_in.signed_request("999"))
    assert person.client.get(urlsplit(answer.json["url"]).path).status_code == 200
    assert person.client.get("/auth/facebook/deletion/" + "0" * 32).status_code == 404


def _signed(stand_in, payload, secret=None):
    body = base64.urlsafe_b64encode(payload).rstrip(b"=").decode()
    signature = hmac.new((secret or stand_in.app_secret).encode(), body.encode(), hashlib.sha256).digest()
    return f"{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}.{body}"


@pytest.mark.parametrize(
    "forge",
    [
        lambda _: "",
        lambda _: ".",
        lambda _: "a.b.c",
        lambda _: "x" * 6000,
        lambda it: it.signed_request().replace(".", ".A"),
        lambda it: "A" * 43 + "." + it.signed_request().partition(".")[2],
        lambda it: "." + it.signed_request().partition(".")[2],
        lambda it: it.signed_request(algorithm="none"),
        lambda it: it.signed_request(algorithm="HMAC-MD5"),
        lambda it: it.signed_request(algorithm=None),
        lambda it: it.signed_request(issued_at=None),
        lambda it: it.signed_request(issued_at="now"),
        lambda it: it.signed_request(issued_at=True),
        lambda it: it.signed_request(issued_at=int(time.time()) - 86_500),
        lambda it: it.signed_request(issued_at=int(time.time()) + 400),
        lambda it: it.signed_request("1' OR '1'='1"),
        lambda it: _signed(it, b"[]"),
        lambda it: _signed(it, b"null"),
        lambda it: _signed(it, b"{"),
        lambda it: _signed(it, b"[" * 3000),
        lambda it: _signed(it, b"\xff\xfe"),
        lambda it: _signed(it, json.dumps({"user_id": "1"}).encode(), secret="guessed"),
    ],
)
def test_nobody_else_can_have_anybody_deleted(person, stand_in, app, forge):
    """A signature that is not Facebook's, another algorithm, another time, another shape."""
    person.go("facebook")
    assert ask_to_delete(person, forge(stand_in)).status_code == 403
    assert len(identities(app)) == 1


def test_a_request_without_its_field_says_so(person):
    """And one that no Facebook is set up for has no address."""
    assert person.client.post("/auth/facebook/deletion", data={"other": "1"}).status_code == 422


def test_an_install_without_facebook_has_no_such_call(app, stand_in):
    """Nothing is verified with an empty secret."""
    without = replace(app, settings=app.settings.model_copy(update={"providers": {}}))
    bare = create_app(without)
    assert ask_to_delete(Browser(bare.test_client(), {}), stand_in.signed_request()).status_code == 404


def test_a_sign_in_begun_eleven_minutes_ago_is_over(person, stand_in, app):
    """As with every provider."""
    back = stand_in.visit(person.begin("facebook").json["location"]).partition("#")[0]
    with app.transaction() as session:
        session.execute(update(models.Flow).values(expires_at=datetime.now(UTC) - timedelta(minutes=1)))
    assert problem_in(person.back(back)) == "link-void"
