"""`moviefinder user`: accounts made, listed, helped back in and erased at the command line."""

import json
from datetime import UTC, datetime

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from moviefinder.cli import moviefinder
from moviefinder.config import Settings
from moviefinder.errors import IdentityTaken, Invalid, NotFound
from moviefinder.services import household
from moviefinder.services.accounts import emails, passwords, sessions
from moviefinder.services.accounts.secrets import hash_of
from moviefinder.store import models
from moviefinder.web import create_app
from tests import marked
from tests.conftest import WRITE
from tests.roles import come

PASSWORD = "four dull stones in a brook"
EMAIL = "Anna@Films.Example"


@pytest.fixture
def settings(tmp_path):
    """SQLite is enough here."""
    return Settings(data=tmp_path / "data")


@pytest.fixture
def run(app):
    """Run `moviefinder user`: `run("list")`; gives the result."""

    def run(*arguments, given=""):
        command = ["user", *arguments, "--data", str(app.settings.data)]
        return CliRunner().invoke(moviefinder, command, input=given, catch_exceptions=True)

    return run


@pytest.fixture
def client(app):
    """A browser."""
    return create_app(app).test_client()


def one(app, table):
    """The one row of a table."""
    with app.reading() as session:
        return session.scalars(select(table)).one()


def test_an_account_is_made_with_a_password_that_is_typed(app, run):
    """The password is kept as a hash alone, and neither printed nor taken from the command's words."""
    result = run("add", EMAIL, "--name", "Anna", given=f"{PASSWORD}\n")
    assert result.exit_code == 0, result.output
    assert PASSWORD not in result.output
    identity, user = one(app, models.Identity), one(app, models.User)
    assert (identity.subject, identity.email) == ("anna@films.example", "Anna@films.example")
    assert passwords.verify(identity.secret, PASSWORD)
    assert user.display_name == "Anna"
    assert user.is_operator  # the first account of a local install


def test_somebody_signs_in_to_an_account_that_was_made_for_them(run, client):
    """With the password that was typed for them."""
    run("add", EMAIL, given=f"{PASSWORD}\n")
    body = {"email": "anna@films.example", "password": PASSWORD}
    answer = client.post("/api/v1/session", json=body, headers=WRITE)
    assert answer.status_code == 200, answer.text
    assert answer.json["user"]["guest"] is False


@pytest.mark.parametrize("given", ["short", "password123", "moviefinder2026", ""])
def test_a_weak_password_makes_no_account_here_either(app, run, given):
    """The rules of the page hold for the operator too."""
    result = run("add", EMAIL, given=f"{given}\n")
    assert result.exit_code != 0
    with app.reading() as session:
        assert session.scalars(select(models.User)).all() == []


def test_by_a_link_its_owner_chooses_the_password(app, run, client):
    """The link is all that is printed on standard output; before it is used nobody can sign in."""
    result = run("add", EMAIL, "--link")
    link = result.stdout.strip()
    assert link.startswith(f"{app.settings.address}/link/reset#")
    token = link.partition("#")[2]
    assert one(app, models.MailLink).token_hash == hash_of(token)
    body = {"email": EMAIL, "password": PASSWORD}
    assert client.post("/api/v1/session", json=body, headers=WRITE).status_code == 403
    used = client.post(
        "/api/v1/account/links/use", json={"token": token, "password": PASSWORD}, headers=WRITE
    )
    assert used.status_code < 300, used.text
    assert create_app(app).test_client().post("/api/v1/session", json=body, headers=WRITE).status_code == 200


def test_an_address_has_one_account_and_may_come_to_run_the_install(app, run):
    """A second one is refused; `--operator` takes the first."""
    run("add", "first@films.example", given=f"{PASSWORD}\n")
    run("add", EMAIL, given=f"{PASSWORD}\n")
    again = run("add", EMAIL.lower(), given=f"{PASSWORD}\n")
    assert isinstance(again.exception, IdentityTaken)
    assert "number 2" in run("add", EMAIL, "--operator").stdout
    with app.reading() as session:
        assert session.get(models.User, 2).is_operator


def test_the_list_names_accounts_and_nothing_they_said(run):
    """For people and for programs."""
    run("add", EMAIL, "--name", "Anna", given=f"{PASSWORD}\n")
    line = run("list").stdout
    assert "Anna@films.example" in line
    assert "operator" in line
    (account,) = json.loads(run("list", "--json").stdout)
    assert account.keys() == {
        *("id", "name", "emails", "ways", "is_operator", "created_at", "last_seen_at", "sessions")
    }


def test_who_lost_password_and_passkey_is_helped_by_a_link(app, run, client):
    """The link is for that account alone; once it is used the password is enough again."""
    run("add", EMAIL, given=f"{PASSWORD}\n")
    with app.transaction() as session:
        session.get(models.User, 1).asks_passkey = True
    token = run("recover", EMAIL).stdout.strip().partition("#")[2]
    body = {"token": token, "password": "five dull stones in a brook"}
    assert client.post("/api/v1/account/links/use", json=body, headers=WRITE).status_code < 300
    with app.reading() as session:
        assert not session.get(models.User, 1).asks_passkey


def test_an_account_without_an_address_is_given_one(app):
    """Somebody whose only passkey is lost, or whose provider is gone."""
    now = datetime.now(UTC)
    with app.transaction() as session:
        user_id = sessions.make_user(session, now=now).id
        with pytest.raises(Invalid, match="--email"):
            household.password_link(session, app.settings, user_id, now=now)
        email = emails.read(EMAIL)
        link = household.password_link(session, app.settings, user_id, email=email, now=now)
    assert "/link/reset#" in link
    assert one(app, models.Identity).subject == email.folded


def test_a_guest_is_nobody_whom_the_command_could_name(app, run):
    """Made an account by hand, a guest's sessions would go on as a guest's, for which everything is fresh."""
    guest = come(app, "guest")
    for command in (
        ("recover", str(guest.user_id), "--email", EMAIL),
        ("remove", str(guest.user_id), "--yes"),
    ):
        assert isinstance(run(*command).exception, NotFound)
    with app.reading() as session:
        assert session.scalars(select(models.Identity)).all() == []
        assert session.get(models.User, guest.user_id) is not None


def test_somebody_is_erased_by_address_or_number(app, run):
    """After a question, unless --yes is given; with all that is theirs."""
    marked.settle(app, now=datetime.now(UTC))
    assert run("remove", marked.FOLDED, given="n\n").exit_code != 0
    assert marked.found_in_tables(app).keys() > {"users", "identities"}
    assert run("remove", str(marked.NUMBER), "--yes").exit_code == 0
    assert marked.found_in_tables(app).keys() <= {"mails"}  # the notice
    assert isinstance(run("remove", marked.FOLDED, "--yes").exception, NotFound)


def test_an_invitation_is_printed_as_a_link(app, run):
    """On standard output the link alone, so that a program can hand it on."""
    result = run("invite", "--note", "Cleo", "--days", "3")
    assert result.stdout.strip().startswith(f"{app.settings.address}/sign-up#invitation=")
    assert "registration" in result.stderr  # which is open, so that nobody is asked for one
    assert one(app, models.Invitation).note == "Cleo"
