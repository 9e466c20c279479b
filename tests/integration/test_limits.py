"""How often something may be tried: by account and by address, for all processes alike, and never against who is in."""

import time
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy import select, update

from moviefinder.app import make_app
from moviefinder.config import Settings
from moviefinder.services.accounts import attempts, mailing, passwords
from moviefinder.store import models
from moviefinder.store.schema import prepare
from moviefinder.web import create_app
from tests.conftest import WRITE
from tests.roles import PASSWORD, come

ADDRESS = "https://films.example"
WRONG = "not this one, surely"


@pytest.fixture
def settings(tmp_path):
    """Where strangers come, with the limits that everybody gets."""
    return Settings(data=tmp_path / "data", base_url=ADDRESS)


@pytest.fixture(scope="module")
def secret():
    """The hash of everybody's password."""
    return passwords.hash_password(PASSWORD)


@pytest.fixture(autouse=True)
def in_one_window():
    """Windows begin on the hour and the five minutes; a test that stood on the edge of two would see two counts."""
    now = datetime.now(UTC)
    if now.minute % 5 == 4 and now.second > 40:  # wait for the next
        time.sleep(61 - now.second)


@pytest.fixture
def ask(app):
    """POST as a program of the page would: `ask("/session", body, at="198.51.100.1")`."""
    client = create_app(app).test_client(use_cookies=False)

    def ask(path, body, *, at="198.51.100.1", headers=None, method="POST"):
        return client.open(
            f"/api/v1{path}",
            method=method,
            json=body,
            headers=WRITE | (headers or {}),
            base_url=ADDRESS,
            environ_overrides={"REMOTE_ADDR": at},
        )

    return ask


def until_refused(tries):
    """How many of them were answered before the first 429, which says when to come back."""
    for count, response in enumerate(tries):
        if response.status_code == 429:
            assert response.json["type"] == "/problems/too-many"
            assert int(response.headers["Retry-After"]) >= 1
            return count, int(response.headers["Retry-After"])
    raise AssertionError("never refused")


def sign_in(email, password=WRONG):
    """What is sent to sign in."""
    return {"email": email, "password": password}


def test_one_account_is_tried_ten_times_in_five_minutes(app, ask, secret):
    """From ever other addresses; also one that is not there."""
    for email in (come(app, "account", secret=secret).email, "nobody@films.example"):
        tries = (ask("/session", sign_in(email), at=f"198.51.100.{n}") for n in range(1, 30))
        count, wait_s = until_refused(tries)
        assert count == 10
        assert wait_s <= 300


def test_one_address_tries_ten_times_in_five_minutes(ask):
    """Ever other accounts; the next address may."""
    assert until_refused(ask("/session", sign_in(f"n{n}@films.example")) for n in range(30))[0] == 10
    assert ask("/session", sign_in("n99@films.example"), at="198.51.100.2").status_code == 403


def test_ipv6_is_counted_by_what_a_household_has(ask):
    """A /64; the next one is another household."""
    tries = (ask("/session", sign_in(f"n{n}@films.example"), at=f"2001:db8:0:1::{n:x}") for n in range(1, 30))
    assert until_refused(tries)[0] == 10
    assert ask("/session", sign_in("n@films.example"), at="2001:db8:0:2::1").status_code == 403


def test_a_forwarded_address_that_nobody_configured_changes_nothing(ask):
    """Whichever header it stands in."""
    tries = (
        ask(
            "/session",
            sign_in(f"n{n}@films.example"),
            headers={
                "X-Forwarded-For": f"203.0.113.{n}",
                "X-Real-IP": f"203.0.113.{n}",
                "Forwarded": f"for=203.0.113.{n}",
                "X-Client-IP": f"203.0.113.{n}",
            },
        )
        for n in range(30)
    )
    assert until_refused(tries)[0] == 10


def test_links_name_the_address_that_is_set_whatever_a_request_says(app, ask, secret):
    """In a mail that a stranger asked for they would lead its reader, and the token, to the stranger's server."""
    email = come(app, "account", secret=secret).email
    spoofed = {
        "Origin": ADDRESS,
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Proto": "http",
        "X-Forwarded-Prefix": "/evil",
        "X-Original-URL": "//evil.example/",
        "Forwarded": "host=evil.example;proto=http",
        "Referer": "https://evil.example/",
    }
    assert ask("/account/links", {"purpose": "reset", "email": email}, headers=spoofed).status_code == 202
    with app.reading() as session:
        mail_id = session.scalars(select(models.Mail.id)).one()
        job = session.scalars(select(models.Job).where(models.Job.kind == "send_mail")).one()
    claim = SimpleNamespace(id=job.id, payload={"mail_id": mail_id})
    mailing.send_mail(app, claim)
    text = b"".join(path.read_bytes() for path in (app.settings.data / "mail").glob("*.eml"))
    assert f"{ADDRESS}/link/reset#".encode() in text.replace(b"=\n", b"").replace(b"=3D", b"=")
    assert b"evil" not in text
    refused = ask("/account/links", {"purpose": "reset", "email": email}, headers={"Host": "evil.example"})
    assert refused.status_code == 421


def test_behind_a_proxy_only_what_the_proxy_wrote_counts(tmp_path):
    """The last entry; what a visitor wrote before it is not looked at."""
    settings = Settings(data=tmp_path / "other", base_url=ADDRESS, proxies=1)
    settings.data.mkdir()
    app = make_app(settings)
    prepare(app.engine)
    client = create_app(app).test_client(use_cookies=False)

    def ask(email, forwarded):
        return client.post(
            "/api/v1/session",
            json=sign_in(email),
            headers=WRITE | {"X-Forwarded-For": forwarded},
            base_url=ADDRESS,
            environ_overrides={"REMOTE_ADDR": "10.0.0.1"},
        )

    tries = (ask(f"n{n}@films.example", f"203.0.113.{n}, 198.51.100.7") for n in range(30))
    assert until_refused(tries)[0] == 10
    assert ask("n@films.example", "198.51.100.7, 198.51.100.8").status_code == 403
    app.close()


def test_everybody_together_has_a_limit_too(tmp_path):
    """By setting; a thousand unless told."""
    settings = Settings(data=tmp_path / "other", base_url=ADDRESS, sign_ins_per_5min_all=12)
    settings.data.mkdir()
    app = make_app(settings)
    prepare(app.engine)
    client = create_app(app).test_client(use_cookies=False)
    tries = (
        client.post(
            "/api/v1/session",
            json=sign_in(f"n{n}@films.example"),
            headers=WRITE,
            base_url=ADDRESS,
            environ_overrides={"REMOTE_ADDR": f"198.51.100.{n}"},
        )
        for n in range(1, 60)
    )
    assert until_refused(tries)[0] == 12
    assert Settings().sign_ins_per_5min_all == 1000
    app.close()


def test_mails_with_a_link_are_bounded(app, ask, secret):
    """Five a day for an account, whether it is there or not; twenty-five in five minutes from an address."""
    for email in (come(app, "account", secret=secret).email, "nobody@films.example"):
        body = {"purpose": "reset", "email": email}
        tries = (ask("/account/links", body, at=f"198.51.100.{n}") for n in range(1, 60))
        count, wait_s = until_refused(tries)
        assert count == 5
        assert 300 < wait_s <= 24 * 3600
    tries = (
        ask("/account/links", {"purpose": "reset", "email": f"n{n}@films.example"}, at="198.51.100.77")
        for n in range(60)
    )
    assert until_refused(tries)[0] == 25


def test_accounts_are_asked_for_five_times_in_half_an_hour(ask):
    """From one address."""
    tries = (ask("/account", sign_in(f"n{n}@films.example", PASSWORD)) for n in range(30))
    count, wait_s = until_refused(tries)
    assert count == 5
    assert wait_s <= 1800


def test_who_knows_the_password_is_not_counted_out_of_their_account(app, ask, secret):
    """A right one is given back to the account, and never to the address."""
    email = come(app, "account", secret=secret).email
    for n in range(1, 20):
        assert ask("/session", sign_in(email, PASSWORD), at=f"198.51.100.{n}").status_code == 200
    other = come(app, "account", secret=secret).email
    tries = (ask("/session", sign_in(other, PASSWORD), at="198.51.100.50") for _ in range(30))
    assert until_refused(tries)[0] == 10


def test_a_flood_of_tries_ends_no_session_and_a_hundred_failures_ask_for_the_mailbox(app, ask, secret):
    """Nobody can lock somebody out who is in; after that the right password alone opens no more."""
    owner = come(app, "account", secret=secret)
    with app.transaction(lasting=False) as session:
        session.execute(
            update(models.Identity)
            .where(models.Identity.user_id == owner.user_id)
            .values(failed_count=attempts.MOST_FAILURES - 1)
        )
    for n in range(1, 6):
        assert ask("/session", sign_in(owner.email), at=f"198.51.100.{n}").status_code == 403
    assert ask("/session", None, method="GET", headers=owner.headers).json["user"]["id"] == owner.user_id
    assert ask("/library", None, method="GET", headers=owner.headers).status_code == 200
    closed = ask("/session", sign_in(owner.email, PASSWORD), at="198.51.100.9")
    assert (closed.status_code, closed.json["type"]) == (403, "/problems/wrong-secret")
    with app.reading() as session:
        mails = session.scalars(
            select(models.Mail.template).where(models.Mail.user_id == owner.user_id)
        ).all()
        links = session.scalars(select(models.MailLink.purpose)).all()
    assert mails == ["sign_in_locked"]  # one, however often it is tried
    assert links == ["unlock"]
    again = ask("/session/again", {"password": PASSWORD}, headers=owner.headers, at="198.51.100.10")
    assert again.status_code == 200  # who is in proves it as before


def test_settings_raise_the_limits(tmp_path):
    """For clubs behind one address."""
    settings = Settings(data=tmp_path / "other", base_url=ADDRESS, sign_ins_per_5min=14)
    settings.data.mkdir()
    app = make_app(settings)
    prepare(app.engine)
    now = datetime.now(UTC)
    for n in range(14):
        attempts.attempt(app, "sign_in", account=f"n{n}@films.example", address="198.51.100.1", now=now)
    with pytest.raises(Exception, match="At most 14 in 5 min"):
        attempts.attempt(app, "sign_in", account="n@films.example", address="198.51.100.1", now=now)
    later = now + timedelta(minutes=5)
    attempts.attempt(app, "sign_in", account="n@films.example", address="198.51.100.1", now=later)
    app.close()
