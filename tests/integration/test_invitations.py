"""Who may make an account: everybody, who has an invitation, or nobody; an invitation makes one account."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from moviefinder.errors import LinkVoid, NoRegistration
from moviefinder.services.accounts import attempts, invitations, registration, sessions
from moviefinder.store import models
from moviefinder.web import create_app
from tests.conftest import WRITE
from tests.roles import come

URL = "/api/v1/operator/invitations"
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture
def client(app):
    """No cookie but what a request brings itself."""
    return create_app(app).test_client(use_cookies=False)


@pytest.fixture
def operator(app):
    """The headers of who runs the install."""
    return {**WRITE, **come(app, "operator").headers}


def attempt(app):
    """A counted look."""
    return attempts.attempt(app, "invitation", account=None, address="198.51.100.1", now=NOW)


def invite(app, **lasts):
    """A new invitation's token."""
    with app.transaction() as session:
        _, token = invitations.make(session, note="Cleo", made_by=None, **lasts, now=NOW)
    return token


def allowed(app, mode, token, *, now=NOW):
    """What registration says to somebody with this token."""
    settings = app.settings.model_copy(update={"registration": mode})
    with app.reading() as session:
        return registration.allow(session, settings, token, attempt(app), now=now)


def test_an_open_install_asks_nobody_for_an_invitation(app):
    """A token that somebody brings along is not even looked at."""
    assert allowed(app, "open", None) is None
    assert allowed(app, "open", "nonsense") is None


def test_a_closed_install_lets_no_invitation_count(app):
    """Accounts are made at the command line alone."""
    token = invite(app)
    for given in (None, token):
        with pytest.raises(NoRegistration):
            allowed(app, "closed", given)


def test_an_invitation_makes_one_account(app):
    """Checked as often as one likes, it is used up by the account that is made with it, and by no other."""
    token = invite(app)
    number = allowed(app, "invited", token)
    assert allowed(app, "invited", token) == number
    with app.transaction() as session:
        first, second = sessions.make_user(session, now=NOW), sessions.make_user(session, now=NOW)
        invitations.take(session, number, first.id, now=NOW)
        with pytest.raises(LinkVoid):
            invitations.take(session, number, second.id, now=NOW)
    with pytest.raises(LinkVoid):
        allowed(app, "invited", token)


def test_without_an_invitation_nobody_makes_an_account_where_one_is_needed(app):
    """Nor with one that never was."""
    with pytest.raises(NoRegistration):
        allowed(app, "invited", None)
    with pytest.raises(LinkVoid):
        allowed(app, "invited", "nonsense")


def test_an_invitation_that_is_too_old_is_void(app):
    """But who asked for the account in time may confirm it later."""
    token = invite(app, lasts=timedelta(days=1))
    number = allowed(app, "invited", token, now=NOW + timedelta(hours=23))
    with pytest.raises(LinkVoid):
        allowed(app, "invited", token, now=NOW + timedelta(days=1))
    with app.transaction() as session:
        user = sessions.make_user(session, now=NOW)
        invitations.take(session, number, user.id, now=NOW + timedelta(days=1, hours=20))


def test_one_that_is_taken_back_makes_no_account(app):
    """Also when somebody had begun to sign up with it."""
    number = allowed(app, "invited", invite(app))
    with app.transaction() as session:
        user = sessions.make_user(session, now=NOW)
        invitations.take_back(session, number)
        with pytest.raises(LinkVoid):
            invitations.take(session, number, user.id, now=NOW)


def test_the_link_is_told_once_and_only_its_hash_is_kept(app, client, operator):
    """It carries the token in the fragment, at the configured address whatever the Host header says."""
    made = client.post(URL, json={"note": "Cleo", "days": 3}, headers=operator).json
    before, _, token = made["link"].partition("#invitation=")
    assert before == f"{app.settings.address}/sign-up"
    listed = client.get(URL, headers=operator)
    assert token not in listed.text
    assert listed.json["items"] == [made["invitation"]]
    with app.reading() as session:
        row = session.scalars(select(models.Invitation)).one()
    assert (row.expires_at - row.created_at) == timedelta(days=3)
    assert token.encode() not in row.token_hash
    assert client.delete(f"{URL}/{row.id}", headers=operator).status_code == 204
    assert client.delete(f"{URL}/{row.id}", headers=operator).status_code == 404


def test_only_the_operator_invites(app, client, operator):
    """Not anybody with an account, nor a guest."""
    for role in ("fresh account", "guest", "write token"):
        person = {**WRITE, **come(app, role).headers}
        for method, url in (("GET", URL), ("POST", URL), ("DELETE", f"{URL}/1")):
            assert client.open(url, method=method, json=None, headers=person).status_code == 403


def test_used_and_old_ones_are_forgotten_after_a_month(app):
    """Until then the operator sees what became of them."""
    invite(app, lasts=timedelta(days=1))
    for days, left in ((30, 1), (32, 0)):
        with app.transaction() as session:
            invitations.forget_old(session, now=NOW + timedelta(days=days))
            assert len(invitations.listed(session)) == left


def test_a_household_may_take_no_guests(app):
    """Where the setting says so a first write makes none, and says what to do."""
    settings = app.settings.model_copy(update={"guests": False})
    client = create_app(replace(app, settings=settings)).test_client()
    answer = client.patch("/api/v1/library/imdb:tt0000003", json={"verdict": "liked"}, headers=WRITE)
    assert (answer.status_code, answer.json["type"]) == (401, "/problems/sign-in-needed")
    with app.reading() as session:
        assert session.scalars(select(models.User)).all() == []
