"""Tries are counted before anything is looked up: by account, by address and together, for all processes alike."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from moviefinder.app import make_app
from moviefinder.config import Settings
from moviefinder.errors import TooMany
from moviefinder.services.accounts import attempts, passwords
from moviefinder.services.accounts.attempts import PATHS, Attempt
from moviefinder.store.models import Identity, Limit, Mail
from tests.conftest import NOW
from tests.people import EMAIL, PASSWORD, Browser


def tries(app, number, path="sign_in", account="a@example.org", address="192.0.2.1", now=NOW):
    """So many tries; how many of them were let through."""
    done = 0
    for _ in range(number):
        try:
            attempts.attempt(app, path, account=account, address=address, now=now)
        except TooMany:
            continue
        done += 1
    return done


def counters(app):
    """What is counted, by key."""
    with app.reading() as session:
        return {row.key: row.count for row in session.scalars(select(Limit))}


def test_an_account_is_tried_ten_times_in_five_minutes_from_anywhere(app):
    """From as many addresses as one likes; then again once the five minutes are over."""
    done = sum(tries(app, 1, address=f"192.0.2.{number}") for number in range(20))
    assert done == 10
    assert tries(app, 1, address="192.0.2.99", now=NOW + timedelta(minutes=5)) == 1


def test_who_is_refused_is_told_when_to_come_again(app):
    """When the window ends."""
    tries(app, 10)
    with pytest.raises(TooMany) as refused:
        attempts.attempt(app, "sign_in", account=None, address="192.0.2.1", now=NOW + timedelta(minutes=1))
    assert refused.value.retry_after_s == 240


def test_an_address_tries_ten_accounts_in_five_minutes(app):
    """Whichever they are; another address has tries of its own."""
    assert sum(tries(app, 1, account=f"{number}@example.org") for number in range(20)) == 10
    assert tries(app, 1, account="z@example.org", address="192.0.2.2") == 1


def test_all_together_try_so_often(app, tmp_path):
    """From many addresses, at many accounts."""
    few = make_app(app.settings.model_copy(update={"sign_ins_per_5min_all": 7}))
    done = sum(
        tries(few, 1, account=f"{number}@example.org", address=f"192.0.2.{number}") for number in range(12)
    )
    few.close()
    assert done == 7


def test_what_is_refused_counts_nowhere(app):
    """One address that is over its limit does not use up the tries of an account, nor of everybody."""
    tries(app, 30)
    assert set(counters(app).values()) == {10}


def test_many_who_try_at_once_get_no_more_than_one_after_the_other(app):
    """The counter is raised before it is looked at."""
    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(lambda _: tries(app, 4), range(8)))
    assert sum(done) == 10


def test_success_gives_the_accounts_try_back_and_never_the_addresss(app):
    """Else an account of one's own would buy tries at others'."""
    for _ in range(10):
        attempt = attempts.attempt(app, "sign_in", account="a@example.org", address="192.0.2.1", now=NOW)
        with app.transaction() as session:
            attempts.succeeded(session, attempt)
    held = counters(app)
    assert sorted(count for key, count in held.items() if "account" in key) == [0]
    assert tries(app, 1, account="a@example.org") == 0
    assert tries(app, 1, account="a@example.org", address="192.0.2.2") == 1


def test_keys_hold_no_address_of_a_person_and_go_when_they_are_erased(app):
    """Only the start of a SHA-256; forgetting drops it on every path."""
    for path in ("sign_in", "send_link", "sign_up"):
        tries(app, 1, path=path, account="a@example.org")
    assert not any("example" in key for key in counters(app))
    with app.transaction() as session:
        attempts.forget(session, ["a@example.org"])
    assert not any(":account:" in key for key in counters(app))


def test_nobody_makes_an_attempt_but_by_counting():
    """A function that takes one cannot be called without."""
    with pytest.raises(TypeError):
        Attempt(path="sign_in", account_key=None, counted_at=NOW, seal=object())


def test_every_path_has_a_reason_and_bounds_or_a_reason_for_none():
    """And those that count name settings that there are."""
    for name, path in PATHS.items():
        assert path.why
        assert path.counts or "256 random bits" in path.why, name
        for bound in (path.account, path.address, path.everybody):
            assert bound is None or bound.limit_of(Settings()) >= 1


def test_the_limits_are_those_that_are_asked_for():
    """Ten sign-ins in five minutes and a thousand of all; five resets a day; five sign-ups in half an hour."""
    settings = Settings()

    def figures(bound):
        return bound.limit_of(settings), bound.window

    assert (
        figures(PATHS["sign_in"].account) == figures(PATHS["sign_in"].address) == (10, timedelta(minutes=5))
    )
    assert figures(PATHS["sign_in"].everybody) == (1000, timedelta(minutes=5))
    assert figures(PATHS["send_link"].account) == (5, timedelta(days=1))
    assert figures(PATHS["send_link"].address) == (25, timedelta(minutes=5))
    assert figures(PATHS["sign_up"].address) == (5, timedelta(minutes=30))


def test_a_hundred_failures_close_an_account_and_one_mail_says_so(app):
    """The hundred-and-first try is locked, whatever follows; tries at nobody lock nothing."""
    Browser(app).with_account()
    for number in range(103):
        now = NOW + timedelta(minutes=5 * number)
        attempt = attempts.attempt(app, "sign_in", account=EMAIL, address=f"192.0.2.{number}", now=now)
        assert attempt.is_locked == (number >= 100)
        assert not attempts.attempt(
            app, "sign_in", account="no@example.org", address="::1", now=now
        ).is_locked
    with app.reading() as session:
        mails = select(func.count()).select_from(Mail).where(Mail.template == "sign_in_locked")
        assert session.scalar(mails) == 1


def test_a_stranger_uses_up_no_tries_where_the_owner_is_signed_in(app):
    """At the network address of a session that goes on tries count for themselves; they are bounded all the same."""
    Browser(app).with_account()
    home, now = "127.0.0.1", datetime.now(UTC)
    for path in ("sign_in", "send_link"):
        assert sum(tries(app, 1, path, EMAIL, f"192.0.2.{one}", now) for one in range(20)) in (5, 10)
        assert 0 < tries(app, 20, path, EMAIL, home, now) <= 10
    with app.transaction() as session:
        attempts.forget(session, [EMAIL])
    assert not any(":account:" in key for key in counters(app) if key.startswith(("sign_in", "send_link")))


def test_a_stranger_keeps_nobody_from_signing_up(app):
    """Mails to one mailbox are counted for each network address that asks for them."""
    assert sum(tries(app, 1, "sign_up", EMAIL, "192.0.2.1") for _ in range(9)) == 5
    assert sum(tries(app, 1, "sign_up", EMAIL, "192.0.2.2") for _ in range(9)) == 5
    assert tries(app, 1, "sign_up", EMAIL, "192.0.2.3") == 1


def test_a_success_ends_the_row_of_failures(app):
    """It counts those in a row."""
    Browser(app).with_account()
    browser = Browser(app)
    for _ in range(3):
        browser.post("/session", email=EMAIL, password="another one")
    assert failures(app) == 3
    browser.post("/session", email=EMAIL, password=PASSWORD)
    assert failures(app) == 0


def failures(app):
    """How many failures in a row the one account has."""
    with app.reading() as session:
        return session.scalar(select(Identity.failed_count))


def test_a_weaker_hash_becomes_todays_at_the_next_sign_in(app, monkeypatch):
    """Without anybody noticing."""
    with monkeypatch.context() as weaker:
        weaker.setattr(passwords, "ROUNDS", 1)
        passwords._hasher.cache_clear()
        Browser(app).with_account()
    passwords._hasher.cache_clear()
    assert secret(app).startswith("$argon2id$v=19$m=19456,t=1,")
    Browser(app).post("/session", email=EMAIL, password=PASSWORD)
    assert secret(app).startswith("$argon2id$v=19$m=19456,t=2,")
    assert Browser(app).post("/session", email=EMAIL, password=PASSWORD).status_code == 200


def secret(app):
    """The hash of the one password."""
    with app.reading() as session:
        return session.scalar(select(Identity.secret))
