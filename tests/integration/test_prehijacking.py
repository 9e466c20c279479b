"""The five ways to take an account before its owner comes, each tried and each in vain.

After Sudhodanan and Paverd, "Pre-hijacked accounts: an empirical study of security failures in user account creation on
the web", USENIX Security 2022. In each the attacker knows the victim's e-mail address and comes first. In the end the
victim has an account with a film in it, and nothing that the attacker holds opens it.
"""

import pytest
from sqlalchemy import func, select

from moviefinder.config import Settings
from moviefinder.store import models
from tests import oidc
from tests.people import Browser, token_of
from tests.providers import Browser as Traveller
from tests.providers import callback, problem_in

VICTIM = "victim@films.example"
ATTACKER = "attacker@evil.example"
HERS, HIS = "her own quiet harbour", "his own loud motorway"
FILM = 7


@pytest.fixture(scope="module")
def two_providers():
    """One that asks for proof of an e-mail address, and one that takes anybody's word."""
    with oidc.running() as careful, oidc.running() as careless:
        yield {"careful": careful, "careless": careless}


@pytest.fixture
def stand_ins(two_providers):
    """The same; the victim is known to the first, the attacker to the second, under the victim's address."""
    for name, each in two_providers.items():
        each.reset()
        each.redirects_to(callback(name))
    claimed = {"email": VICTIM, "email_verified": True}
    two_providers["careful"].person = {"sub": "victim", "name": "Victim", **claimed}
    two_providers["careless"].person = {"sub": "attacker", "name": "Victim", **claimed}
    return two_providers


@pytest.fixture
def settings(tmp_path, stand_ins):
    """Settings with both."""
    return Settings(
        data=tmp_path / "data", providers={name: each.settings() for name, each in stand_ins.items()}
    )


@pytest.fixture
def victim(app):
    """Her browser."""
    return Browser(app)


@pytest.fixture
def attacker(app):
    """His."""
    return Browser(app)


def go(browser, stand_ins, name, intent="sign_in"):
    """Sign in with a provider; gives the word for what went wrong."""
    return problem_in(Traveller(browser.client, stand_ins).go(name, intent))


def sign_up(browser, email, password):
    """Ask for an account."""
    answer = browser.post("/account", email=email, password=password)
    assert (answer.status_code, answer.json) == (202, {"sent": True})


def is_hers_alone(victim, attacker, app):
    """Say something as the victim, and see that no way of the attacker's leads there."""
    hers = victim.who()
    assert hers is not None
    assert not hers["guest"]
    victim.say(FILM, verdict="liked")
    his = attacker.who()
    assert his is None or his["id"] != hers["id"]
    assert attacker.liked() == []
    assert attacker.post("/session", email=VICTIM, password=HIS).status_code == 403
    assert attacker.post("/session", email=ATTACKER, password=HIS).status_code == 403
    assert attacker.post("/session/again", password=HIS).status_code in (401, 403)
    with app.reading() as session:
        owners = select(func.count()).select_from(models.Session).where(models.Session.user_id == hers["id"])
        assert session.scalar(owners) == 1


def test_classic_and_federated_are_not_merged(victim, attacker, stand_ins, app):
    """He signs up with her address and a password of his; she comes by a provider that knows the same address."""
    sign_up(attacker, VICTIM, HIS)
    sent = token_of(app, "confirm")  # lies in her mailbox
    assert go(victim, stand_ins, "careful") is None
    is_hers_alone(victim, attacker, app)
    # And when she opens his link, surprised, in her browser: it asks for a password that only he knows.
    answer = victim.post("/account/links/use", token=sent)
    assert (answer.status_code, answer.json["needs"]) == (403, "password")
    assert victim.post("/account/links/use", token=sent, password=HERS).status_code == 403
    is_hers_alone(victim, attacker, app)


def test_no_session_from_before_goes_on(victim, attacker, app):
    """He keeps the session in which he asked for an account with her address; she then gets hers."""
    attacker.say(1, saved=True)
    sign_up(attacker, VICTIM, HIS)
    assert attacker.who()["guest"]
    victim.post("/account/links", purpose="reset", email=VICTIM)  # she is not known here: nothing is sent
    with app.reading() as session:
        assert "reset" not in set(session.scalars(select(models.Mail.template)))
    sign_up(victim, VICTIM, HERS)
    assert victim.post("/account/links/use", token=token_of(app, "confirm")).status_code == 200
    is_hers_alone(victim, attacker, app)


def test_a_session_in_a_stolen_account_ends_with_the_reset(victim, attacker, app):
    """He knew her password and is signed in; she chooses another by the mail."""
    victim.with_account(VICTIM, HIS)
    assert attacker.post("/session", email=VICTIM, password=HIS).status_code == 200
    victim.post("/account/links", purpose="reset", email=VICTIM)
    assert victim.post("/account/links/use", token=token_of(app, "reset"), password=HERS).status_code == 200
    assert attacker.get("/session").status_code == 401
    attacker.client.delete_cookie("moviefinder")
    if victim.who() is None or victim.who()["guest"]:
        victim.post("/session", email=VICTIM, password=HERS)
    is_hers_alone(victim, attacker, app)


def test_no_trojan_identifier_is_slipped_under(victim, attacker, stand_ins, app):
    """He asks for an account with her address and links a provider of his to it before she comes."""
    attacker.say(1, saved=True)
    sign_up(attacker, VICTIM, HIS)
    sent = token_of(app, "confirm")
    assert go(attacker, stand_ins, "careless", "link") is None  # his guest is an account now, of his own
    assert victim.post("/account/links/use", token=sent, password=HIS).status_code == 409  # and his link void
    sign_up(victim, VICTIM, HERS)
    assert victim.post("/account/links/use", token=token_of(app, "confirm")).status_code == 200
    is_hers_alone(victim, attacker, app)
    attacker.client.delete_cookie("moviefinder")
    assert go(attacker, stand_ins, "careless") is None
    is_hers_alone(victim, attacker, app)


def test_an_e_mail_change_that_was_begun_ends_with_the_reset(victim, attacker, app):
    """He was in her account and had it moved to his address, without using the link yet; she takes it back first."""
    victim.with_account(VICTIM, HIS)
    assert attacker.post("/session", email=VICTIM, password=HIS).status_code == 200
    assert attacker.put("/account/email", email=ATTACKER).status_code == 202
    his_link = token_of(app, "email")
    victim.post("/account/links", purpose="reset", email=VICTIM)
    assert victim.post("/account/links/use", token=token_of(app, "reset"), password=HERS).status_code == 200
    attacker.client.delete_cookie("moviefinder")
    assert attacker.post("/account/links/use", token=his_link, password=HIS).status_code == 409
    assert attacker.post("/account/links/use", token=his_link, password=HERS).status_code == 409
    if victim.who() is None or victim.who()["guest"]:
        victim.post("/session", email=VICTIM, password=HERS)
    is_hers_alone(victim, attacker, app)


def test_a_provider_that_verifies_nothing_vouches_for_nobody(victim, attacker, stand_ins, app):
    """He comes by a provider that took his word for her address; she signs up by mail, and by a careful provider."""
    assert go(attacker, stand_ins, "careless") is None
    sign_up(victim, VICTIM, HERS)
    assert victim.post("/account/links/use", token=token_of(app, "confirm")).status_code == 200
    is_hers_alone(victim, attacker, app)
    assert go(victim, stand_ins, "careful", "link") is None
    is_hers_alone(victim, attacker, app)
    victim.delete("/session")
    assert go(victim, stand_ins, "careful") is None
    assert len(victim.liked()) == 1
    # Nor does her mailbox, which he named, do anything to his account or his to hers.
    attacker.client.delete_cookie("moviefinder")
    assert go(attacker, stand_ins, "careless") is None
    attacker.post("/account/links", purpose="reset", email=VICTIM)
    is_hers_alone(victim, attacker, app)
